import type { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import type { ResourceAlias, ResourceOptions } from "./resource-state";
import { decodeValue } from "./wire";

/** The options of a registration; what was not asked for is absent. */
export function readResourceOptions(request: RegisterResourceRequest): ResourceOptions {
  const options: ResourceOptions = {
    protect: request.getProtect() || undefined,
    retainOnDelete: request.getRetainondelete() || undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    deletedWith: request.getDeletedwith() || undefined,
    ignoreChanges: some(request.getIgnorechangesList()),
    replaceOnChanges: some(request.getReplaceonchangesList()),
    replaceWith: some(request.getReplaceWithList()),
    replacementTrigger: decodeValue(request.getReplacementTrigger()),
    additionalSecretOutputs: some(request.getAdditionalsecretoutputsList()),
    hideDiffs: some(request.getHidediffsList()),
    aliases: some([
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map(readAlias),
    ]),
    customTimeouts: readTimeouts(request),
    version: request.getVersion() || undefined,
    pluginDownloadUrl: request.getPlugindownloadurl() || undefined,
  };
  return withoutUndefined(options);
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function readAlias(alias: Alias): ResourceAlias {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  return withoutUndefined({
    name: spec.getName() || undefined,
    type: spec.getType() || undefined,
    stack: spec.getStack() || undefined,
    project: spec.getProject() || undefined,
    parent: spec.getParenturn() || undefined,
    noParent: spec.getNoparent() || undefined,
  });
}

function readTimeouts(request: RegisterResourceRequest): Record<string, string> | undefined {
  const timeouts = Object.entries(request.getCustomtimeouts()?.toObject() ?? {});
  const given = timeouts.filter(([, duration]) => duration !== "");
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
