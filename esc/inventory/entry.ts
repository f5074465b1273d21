import type { InventoryItem, InventoryValue } from "./item";

/** What an item's entry holds, made of its values: text, or JSON with a member for each. */
export function entryText(item: InventoryItem, textOf: (value: InventoryValue) => string): string {
  if (!isJson(item)) return item.values.map(textOf).join("");
  return JSON.stringify(Object.fromEntries(item.values.map((value) => [value.jsonKey, textOf(value)])));
}

/** Whether an item is stored as JSON, which has to be decoded: what has members is. */
export function isJson({ values }: InventoryItem): boolean {
  return values.some(({ jsonKey }) => jsonKey !== undefined);
}
