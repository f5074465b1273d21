import type { SecretItem } from "../item";
import { type EscProperties, valueAt } from "./opened";

/** When a secret was last changed, and who says so. */
export interface SecretAge {
  readonly changed: Date;
  readonly source: "rotation" | "entry" | "aws";
}

const DAY = 24 * 3600 * 1000;

/**
 * When a secret was last changed, as far as the opened environment shows it. ESC itself tells a client no such date
 * (a session has values and positions; a revision's date is that of the definition, not of what its providers read). So it is read
 * where it stands beside the value: `rotatedAt` or `createdAt` in the state of a rotation, `rotatedAt` in the JSON of an
 * entry, both ISO 8601.
 */
export function ageShown(properties: EscProperties, { name }: SecretItem): SecretAge | undefined {
  const places: readonly (readonly [SecretAge["source"], ...string[]])[] = [
    // As a rotated environment shows it (`rotated.<name>.current`), and as one does that was written by hand.
    ["rotation", "rotated", name, "current"],
    ["rotation", name, "current"],
    ["entry", "secrets", name],
  ];
  for (const [source, ...path] of places) {
    for (const member of ["rotatedAt", ...(source === "rotation" ? ["createdAt"] : [])]) {
      const changed = dateIn(valueAt(properties, ...path, member)?.value);
      if (changed !== undefined) return { changed, source };
    }
  }
  return undefined;
}

function dateIn(value: unknown): Date | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(value))
    return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** What to say of a secret's age: that it is overdue, that it cannot be told, or nothing. */
export function judgeAge(
  item: SecretItem,
  ages: readonly SecretAge[],
  now: number,
): { readonly overdue?: string; readonly unknown?: string } {
  if (item.rotateWithinDays === "never") return {};
  // Who says that it is older is believed: writing the same value again makes an entry young, and not its secret.
  const oldest = [...ages].sort((a, b) => a.changed.getTime() - b.changed.getTime())[0];
  if (oldest === undefined) {
    return { unknown: "its age cannot be told" };
  }
  const days = Math.floor((now - oldest.changed.getTime()) / DAY);
  if (days <= item.rotateWithinDays) return {};
  return { overdue: `is ${days} days old by ${SAYS[oldest.source]}, and may be ${item.rotateWithinDays}` };
}

const SAYS = {
  rotation: "the state of its rotation",
  entry: "the `rotatedAt` beside it",
  aws: "the date of its version in AWS",
} as const;
