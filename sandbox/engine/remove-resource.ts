import type { ExistingResource, ResourceType } from "./cloud";
import { wouldBeReplaced } from "./plan";
import { describeProvider } from "./providers";
import type { DeploymentRecord } from "./record";
import { describe, type ResourceState } from "./resource-state";
import { Refusal } from "./rpc";
import type { SavedResource } from "./stack-state";
import { isProviderType } from "./urn";
import { plainMap } from "./values";

/**
 * Deletes what the program did not ask for again and what has been replaced, dependents first. Everything that is
 * protected is told, and then nothing is deleted.
 */
export async function removeLeftovers(record: DeploymentRecord): Promise<void> {
  for (const old of record.stack.unreplaced()) show(record, old, "delete", "done");
  const leftovers = record.stack.leftovers();
  const kept = leftovers.filter((old) => !old.superseded && old.options.protect);
  if (kept.length > 0) return refuseDeletion(record, kept);
  const going = new Set(leftovers.map(({ urn }) => urn));
  for (const old of leftovers) {
    if (record.failure !== undefined) return;
    await removeOne(record, old, going);
  }
}

async function removeOne(
  record: DeploymentRecord,
  old: SavedResource,
  going: ReadonlySet<string>,
): Promise<void> {
  const { retainOnDelete, deletedWith } = old.options;
  // A replacement is one change, shown where the new one came to be.
  const shown = !old.superseded;
  const change = retainOnDelete ? "retain" : "delete";
  if (shown) show(record, old, change, "started");
  try {
    await record.during(async () => {
      const isGoneAnyway = deletedWith !== undefined && going.has(deletedWith);
      if (!retainOnDelete && !isGoneAnyway) await deleteFromCloud(record, old);
      if (record.options.operation !== "preview") record.stack.forget(old);
    });
    if (shown) show(record, old, change, "done");
  } catch (error) {
    record.remove({ ...stateOf(old, change), failed: true }, "done");
    const reason = error instanceof Error ? error.message : String(error);
    record.fail("ERR_ENGINE_RESOURCE", `${describe(old)}: ${reason}`, old.urn);
  }
}

/**
 * Takes a resource out of the way of its replacement, and before it whatever depends on it and would be replaced for
 * that: as Pulumi does with `deleteBeforeReplace`.
 */
export async function clearForReplacement(record: DeploymentRecord, old: SavedResource): Promise<void> {
  const going = dependentReplacements(record, old);
  const kept = going.find(({ options }) => options.protect);
  if (kept !== undefined) {
    throw new Refusal(
      "ERR_ENGINE_PROTECTED",
      `${describe(kept)}: it is protected and would have to be replaced with ${describe(old)}`,
      kept.urn,
    );
  }
  for (const resource of [...going.reverse(), old]) {
    if (!resource.options.retainOnDelete) await deleteFromCloud(record, resource);
    record.stack.clear(resource);
  }
}

/** In the order of the state: each after what it depends on. */
function dependentReplacements(record: DeploymentRecord, old: SavedResource): SavedResource[] {
  const found = new Set<SavedResource>();
  const visit = (resource: SavedResource) => {
    for (const dependent of record.stack.dependentsOf(resource)) {
      const type = record.options.cloud.resources[dependent.type];
      const changing = Object.entries(dependent.propertyDependencies)
        .filter(([, urns]) => urns.includes(resource.urn))
        .map(([property]) => property);
      if (found.has(dependent) || type === undefined || !wouldBeReplaced(type, dependent, changing)) continue;
      found.add(dependent);
      visit(dependent);
    }
  };
  visit(old);
  return record.stack.current().filter((resource) => found.has(resource));
}

async function deleteFromCloud(record: DeploymentRecord, old: SavedResource): Promise<void> {
  const { urn, type, name, id, custom } = old;
  // Nobody made components and providers.
  if (!custom || isProviderType(type)) return;
  const maker: ResourceType | undefined = Object.hasOwn(record.options.cloud.resources, type)
    ? record.options.cloud.resources[type]
    : undefined;
  if (maker?.delete === undefined) throw new Error("this cloud cannot delete one");
  if (record.options.operation === "preview" || id === undefined) return;
  const provider = providerOf(record, old);
  await maker.delete({
    ...record.context(),
    provider: provider && describeProvider(provider),
    urn,
    type,
    name,
    ...existingOf(old, id),
  });
}

/** The provider that made the resource: a destroy runs no program that would ask for it. */
function providerOf(record: DeploymentRecord, { provider }: SavedResource): SavedResource | undefined {
  return record.stack.current().find(({ urn }) => urn === provider);
}

export function existingOf({ inputs, outputs }: SavedResource, id: string): ExistingResource {
  return { id, inputs: plainMap(inputs), outputs: plainMap(outputs) };
}

function refuseDeletion(record: DeploymentRecord, kept: readonly SavedResource[]): void {
  for (const old of kept) record.remove({ ...stateOf(old, "delete"), failed: true }, "done");
  const [first] = kept;
  const which =
    kept.length === 1 && first ? `${describe(first)} is` : `${kept.length} resources that would go are`;
  record.fail(
    "ERR_ENGINE_PROTECTED",
    `${which} protected, so nothing is deleted: remove protect in the program and run up first`,
    first?.urn,
  );
}

function show(
  record: DeploymentRecord,
  old: SavedResource,
  change: "delete" | "retain",
  phase: "started" | "done",
) {
  record.remove(stateOf(old, change), phase);
}

function stateOf({ superseded, ...old }: SavedResource, change: "delete" | "retain"): ResourceState {
  return { ...old, change };
}
