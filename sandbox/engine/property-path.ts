import { isMap, type PropertyMap, type PropertyValue } from "./values";

/** `tags.team`, `rules[0].name` and `labels["a.b"]`, as Pulumi writes property paths. */
export type PropertyPath = readonly (string | number)[];

/** @throws TypeError for what is no path */
export function parsePropertyPath(text: string): PropertyPath {
  const steps: (string | number)[] = [];
  const step = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;
  while (step.lastIndex < text.length) {
    const [, name, index, quoted] = step.exec(text) ?? [];
    const found = name ?? quoted?.replaceAll('\\"', '"') ?? (index === undefined ? undefined : Number(index));
    if (found === undefined) throw new TypeError(`"${text}" is not a property path`);
    steps.push(found);
  }
  return steps;
}

export function formatPropertyPath(path: PropertyPath): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

/** Whether `path` is `prefix` or lies inside it; `*` in a prefix stands for any one step. */
export function isWithin(path: PropertyPath, prefix: PropertyPath): boolean {
  return prefix.every((step, index) => step === "*" || path[index] === step);
}

/**
 * The new inputs, with what the paths name as it was in the old ones: how Pulumi does `ignoreChanges`. `*` stands for
 * every property of its level.
 */
export function keepOld(inputs: PropertyMap, old: PropertyMap, paths: readonly PropertyPath[]): PropertyMap {
  return paths.reduce((kept, path) => keep(kept, old, path) as PropertyMap, inputs);
}

function keep(
  value: PropertyValue | undefined,
  old: PropertyValue | undefined,
  [step, ...rest]: PropertyPath,
): PropertyValue | undefined {
  if (step === undefined) return old;
  if (typeof step === "number") {
    if (!Array.isArray(value) || !Array.isArray(old)) return value;
    const item = keep(value[step], old[step], rest);
    return item === undefined ? value : value.map((other, index) => (index === step ? item : other));
  }
  if (!isMap(value) || !isMap(old)) return value;
  const names = step === "*" ? [...new Set([...Object.keys(value), ...Object.keys(old)])] : [step];
  const kept: PropertyMap = { ...value };
  for (const name of names) {
    const inner = keep(value[name], old[name], rest);
    if (inner === undefined) delete kept[name];
    else kept[name] = inner;
  }
  return kept;
}
