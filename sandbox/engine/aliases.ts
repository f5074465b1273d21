import type { ResourceAlias, ResourceState } from "./resource-state";
import { createUrn, nameOf } from "./urn";

/**
 * The URNs under which the stack may have had a resource: its own, its aliases', and those that follow from an earlier
 * identity of its parent.
 *
 * @param renamed URNs of this deployment's resources that the stack had under another URN, to that one
 */
export function knownUrns(
  resource: ResourceState,
  options: {
    readonly stack: string;
    readonly project: string;
    readonly renamed: ReadonlyMap<string, string>;
  },
): string[] {
  const { urn, parent, type, name } = resource;
  const { stack, project, renamed } = options;
  const aliased = (resource.options.aliases ?? []).map((alias) => aliasUrn(alias, resource, options));
  const oldParent = parent === undefined ? undefined : renamed.get(parent);
  if (parent === undefined || oldParent === undefined) return [urn, ...aliased];
  // A child that is named after its parent was named after what the parent was called.
  const own = nameOf(parent);
  const oldName = name.startsWith(own) ? nameOf(oldParent) + name.slice(own.length) : name;
  return [urn, ...aliased, createUrn({ stack, project, parent: oldParent, type, name: oldName })];
}

function aliasUrn(
  alias: ResourceAlias,
  resource: ResourceState,
  defaults: { readonly stack: string; readonly project: string },
): string {
  if ("urn" in alias) return alias.urn;
  return createUrn({
    stack: alias.stack ?? defaults.stack,
    project: alias.project ?? defaults.project,
    parent: alias.noParent ? undefined : (alias.parent ?? resource.parent),
    type: alias.type ?? resource.type,
    name: alias.name ?? resource.name,
  });
}
