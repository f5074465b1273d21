import type { Form } from "./forms";
import type { Inventory, InventoryItem, InventoryValue } from "./item";

/** The items of one stage, all of them or those that live in one place. */
export function selectItems(
  { items }: Inventory,
  stage: string,
  livesIn?: InventoryItem["livesIn"],
): readonly InventoryItem[] {
  return items.filter(
    (item) => item.stages.includes(stage) && (livesIn === undefined || item.livesIn === livesIn),
  );
}

/** Whether a stage's environment reads an item: it is in the stage, and not retired. */
export function isRead(item: InventoryItem, stage: string): boolean {
  return item.stages.includes(stage) && !isRetired(item);
}

export function isRetired(item: InventoryItem): boolean {
  return item.kind === "secret" && item.retired === true;
}

/** A value with the item that it belongs to. */
export interface ReadValue {
  readonly item: InventoryItem;
  readonly value: InventoryValue;
  readonly form: Form;
}

/** Everything that a stage's environment shows, in the order of the inventory. */
export function readValues({ items }: Inventory, stage: string): readonly ReadValue[] {
  return items
    .filter((item) => isRead(item, stage))
    .flatMap((item) => item.values.map((value) => ({ item, value, form: formOf(value, stage) })));
}

/** A value's form in a stage that its item is in. */
export function formOf({ form }: InventoryValue, stage: string): Form {
  if (typeof form === "string" || !("byStage" in form)) return form as Form;
  const own = form.byStage[stage];
  if (own === undefined) throw new TypeError(`there is no form for the stage "${stage}"`);
  return own;
}
