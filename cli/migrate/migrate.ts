import { type Found, type Target, TargetError } from "./item";
import type { PlannedItem, PlanRow } from "./plan";

/** What came of it. Safe to print. */
export interface Migration {
  /** The rows as they were carried out; those that were written are `same` when the target is read again. */
  readonly rows: readonly PlanRow[];
  /** Names whose value was written now, and names whose value was there. */
  readonly written: readonly string[];
  /** Names whose value was read back at its new place and is the one of the old. */
  readonly verified: readonly string[];
  /** What went wrong, one a line. */
  readonly problems: readonly string[];
}

/**
 * Carries a plan out, one container after another, and reads each value back. There is no journal: what has been moved
 * is asked of the target, so a run that was killed anywhere is simply run again, and finds what it did.
 */
export async function carryOut(
  planned: readonly PlannedItem[],
  target: Target,
  onProgress: (line: string) => void = () => {},
): Promise<Migration> {
  const movable = planned.filter(isMovable);
  const written: string[] = [];
  const verified: string[] = [];
  const problems: string[] = [];
  for (const container of new Set(movable.map(({ place }) => place.container))) {
    const items = movable.filter(({ place }) => place.container === container);
    const due = items.filter(({ row }) => row.action !== "same");
    try {
      if (due.length > 0) {
        await target.write(container, new Map(due.map(({ place, item }) => [place.slot, item])));
        written.push(...due.map(({ row }) => row.name));
        onProgress(`wrote ${container}: ${due.map(({ row }) => row.name).join(", ")}`);
      }
      const now = await target.read(container);
      for (const { row, place, item } of items) {
        if (!("problem" in now) && now.standing(place.slot, item) === "same") {
          verified.push(row.name);
        } else {
          problems.push(`${row.name}: what is read at ${row.to} is not what was written: run it again`);
        }
      }
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      problems.push(`${container}: ${error.message}`);
    }
  }
  return { rows: planned.map(({ row }) => row), written, verified, problems };
}

type Movable = PlannedItem & { readonly item: Found; readonly place: NonNullable<PlannedItem["place"]> };

function isMovable(planned: PlannedItem): planned is Movable {
  return planned.item !== undefined && planned.place !== undefined;
}
