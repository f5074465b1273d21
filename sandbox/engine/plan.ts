import type { ResourceType } from "./cloud";
import { type Difference, describeDifference, findDifferences, type PropertyChange } from "./diff";
import { isWithin, parsePropertyPath } from "./property-path";
import type { ResourceState } from "./resource-state";
import type { SavedResource } from "./stack-state";
import { containsSecret, type PropertyMap, plain, Secret, UNKNOWN } from "./values";

/** What has to happen to a resource, and why. */
export interface Plan {
  readonly change: "create" | "same" | "update" | "replace";
  readonly diff: readonly PropertyChange[];
  /** For `replace`: the old one goes before the new one comes. */
  readonly deleteFirst: boolean;
}

/** Decides as Pulumi's engine and providers do. `replacedUrns` are the resources that this deployment replaces. */
export function plan(options: {
  readonly goal: ResourceState;
  readonly old: SavedResource | undefined;
  /** None for components and providers: those are never replaced. */
  readonly type: ResourceType | undefined;
  readonly isCleared: boolean;
  readonly replacedUrns: ReadonlySet<string>;
}): Plan {
  const { goal, old, type, isCleared, replacedUrns } = options;
  if (old === undefined) return { change: "create", diff: [], deleteFirst: false };
  const differences = findDifferences(old.inputs, goal.inputs);
  const replacing = new Set(type === undefined ? [] : replacingDifferences(type, goal, differences));
  const diff = differences.map((difference) =>
    describeDifference(difference, {
      hidden: isHidden(difference, old),
      replaces: replacing.has(difference),
    }),
  );
  const replaces =
    isCleared ||
    replacing.size > 0 ||
    (type !== undefined &&
      (old.type !== goal.type ||
        triggerChanged(old, goal) ||
        (goal.options.replaceWith ?? []).some((urn) => replacedUrns.has(urn))));
  if (replaces)
    return { change: "replace", diff, deleteFirst: type !== undefined && goesFirst(type, goal, old) };
  return { change: differences.length > 0 ? "update" : "same", diff, deleteFirst: false };
}

/** Whether a resource would be replaced if these of its inputs changed to what nobody knows yet. */
export function wouldBeReplaced(
  type: ResourceType,
  { inputs, options }: SavedResource,
  changing: readonly string[],
): boolean {
  const next: PropertyMap = { ...inputs, ...Object.fromEntries(changing.map((name) => [name, UNKNOWN])) };
  return replacingDifferences(type, { options }, findDifferences(inputs, next)).length > 0;
}

function replacingDifferences(
  type: ResourceType,
  { options }: Pick<ResourceState, "options">,
  differences: readonly Difference[],
): Difference[] {
  if (type.update === undefined) return [...differences];
  const paths = [...(type.replacement?.properties ?? []), ...(options.replaceOnChanges ?? [])].map(
    parsePropertyPath,
  );
  return differences.filter(({ path }) =>
    // Of a property that is itself added or removed, what is inside it is too.
    paths.some((prefix) => isWithin(path, prefix) || isWithin(prefix, path)),
  );
}

function triggerChanged({ options: old }: SavedResource, { options: next }: ResourceState): boolean {
  const trigger = (value: typeof old.replacementTrigger) =>
    JSON.stringify(value === undefined ? null : plain(value));
  return trigger(old.replacementTrigger) !== trigger(next.replacementTrigger);
}

function goesFirst(
  { replacement }: ResourceType,
  { options, inputs }: ResourceState,
  old: SavedResource,
): boolean {
  if (options.deleteBeforeReplace !== undefined) return options.deleteBeforeReplace;
  const first = replacement?.deleteFirst;
  if (first === undefined || first === "always") return first === "always";
  const name = inputs[first.named];
  return (
    name !== undefined && findDifferences({ name: old.inputs[first.named] ?? null }, { name }).length === 0
  );
}

/** A secret, or what the provider made a secret of: the text of an environment. */
function isHidden({ path: [property], old, new: next }: Difference, { outputs }: SavedResource): boolean {
  return (
    [old, next].some((value) => value !== undefined && containsSecret(value)) ||
    outputs[String(property)] instanceof Secret
  );
}
