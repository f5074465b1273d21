import { InventoryError } from "./errors";
import { findFormProblems } from "./form-problems";
import type { Inventory, InventoryItem } from "./item";
import { isRead } from "./select";
import { findShapeProblems } from "./shape";

/**
 * Declares what a project needs to know. The compiler refuses what types can see; what is left, and inventories
 * that come from elsewhere, are checked when the program begins.
 *
 * @throws InventoryError naming every problem with its place: unknown members, names that are doubled in a stage, a
 * stage that is not there, a form that contradicts itself
 */
export function defineInventory<const Stage extends string>(declared: {
  readonly title: string;
  readonly stages: readonly Stage[];
  readonly items: readonly InventoryItem<NoInfer<Stage>>[];
  readonly generates?: Inventory["generates"];
}): Inventory<Stage> {
  const inventory: Inventory<Stage> = { generates: {}, ...declared };
  const problems = findShapeProblems(inventory);
  const deeper = problems.length > 0 ? problems : [...findItemProblems(inventory), ...findDoubles(inventory)];
  if (deeper.length > 0) throw new InventoryError(deeper);
  return inventory;
}

function findItemProblems(inventory: Inventory): string[] {
  return inventory.items.flatMap((item, index) => {
    const at = `items[${index}] (${item.name})`;
    const unknown = item.stages.filter((stage) => !inventory.stages.includes(stage));
    return [
      ...unknown.map((stage) => `${at}.stages: there is no stage "${stage}"`),
      ...findKeyProblems(item).map((problem) => `${at}.values: ${problem}`),
      ...item.values.flatMap((value, position) => {
        const place = `${at}.values[${position}]`;
        const nowhere = value.variable === undefined && value.config === undefined;
        return [
          ...(nowhere ? [`${place}: fills neither a variable nor configuration`] : []),
          ...findFormProblems(value.form, item.stages).map((problem) => `${place}.form: ${problem}`),
        ];
      }),
    ];
  });
}

/** Several values are members of JSON; so is what ESC rotates, which answers an object. */
function findKeyProblems({ values, livesIn }: InventoryItem): string[] {
  const keys = values.flatMap(({ jsonKey }) => jsonKey ?? []);
  if (livesIn === "esc" || livesIn === "stacks") {
    if (keys.length > 0) return ["what does not live in an entry has no jsonKey"];
    return values.length > 1 ? ["what does not live in an entry has one value"] : [];
  }
  if (new Set(keys).size < keys.length) return ["a jsonKey is given twice"];
  const needed = values.length > 1 || livesIn === "rotated";
  return needed && keys.length < values.length ? ["each of its values needs a jsonKey"] : [];
}

/** Names that mean two things: of items anywhere, of variables and keys within a stage. */
function findDoubles(inventory: Inventory): string[] {
  const names = doubles(inventory.items.map(({ name }) => name)).map(
    (name) => `items: two are called "${name}"`,
  );
  const filled = inventory.stages.flatMap((stage) => {
    const values = inventory.items.filter((item) => isRead(item, stage)).flatMap((item) => item.values);
    const fills = (key: "variable" | "config") => doubles(values.flatMap((value) => value[key] ?? []));
    return [...fills("variable"), ...fills("config")].map((name) => `items: in ${stage} two fill ${name}`);
  });
  return [
    ...names,
    ...filled,
    ...doubles(inventory.stages).map((stage) => `stages: "${stage}" is there twice`),
  ];
}

function doubles(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
