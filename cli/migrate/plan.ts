import type { Container, Found, Place, Source, Target } from "./item";

/** What is known of a name from elsewhere, such as an inventory. */
export type Known =
  /** Where it goes, in the target's words, and what its value has to look like. */
  | { readonly place: string; readonly problem?: (value: string) => string | undefined }
  /** It does not go there, and why. */
  | { readonly stays: string };

export interface PlanOptions {
  /** `--map`: the place by the name. Wins over everything. */
  readonly map: ReadonlyMap<string, string>;
  /** `--skip` */
  readonly skip: ReadonlySet<string>;
  /** `--overwrite`: another value that is there may be replaced. */
  readonly overwrite: boolean;
  readonly known: (name: string) => Known | undefined;
}

/** What is to be done with one name. Safe to print. */
export interface PlanRow {
  readonly name: string;
  readonly from: string;
  /** Absent when it goes nowhere. */
  readonly to?: string;
  /**
   * `set`: there is none yet; `replace`: there is another, and it may be overwritten; `same`: it is there already;
   * `skip`: it stays; `refuse`: `why` says what to do first.
   */
  readonly action: "set" | "replace" | "same" | "skip" | "refuse";
  readonly why?: string;
}

/** A row with what it takes to carry it out. */
export interface PlannedItem {
  readonly row: PlanRow;
  readonly item?: Found;
  readonly place?: Place;
}

/** Reads each container once and decides for each value; writes nothing. */
export async function planMigration(
  source: Source,
  target: Target,
  options: PlanOptions,
): Promise<readonly PlannedItem[]> {
  const containers = new Map<string, Promise<Container | { readonly problem: string }>>();
  const read = (name: string) => {
    const container = containers.get(name) ?? target.read(name);
    containers.set(name, container);
    return container;
  };
  const planned: PlannedItem[] = [];
  for (const item of source.found) planned.push(await planItem(item, target, options, read));
  const left = source.left.map(({ name, from, why }): PlannedItem => {
    return { row: { name, from, action: "skip", why } };
  });
  return [...refuseDoubles(planned, target), ...left];
}

async function planItem(
  item: Found,
  target: Target,
  { map, skip, overwrite, known }: PlanOptions,
  read: (container: string) => ReturnType<Target["read"]>,
): Promise<PlannedItem> {
  const { name, from } = item;
  const row = (action: PlanRow["action"], rest: Partial<PlanRow> = {}): PlannedItem => ({
    row: { name, from, action, ...rest },
  });
  if (skip.has(name)) return row("skip", { why: "as --skip says" });
  const mapped = map.get(name);
  const knowledge = mapped === undefined ? known(name) : undefined;
  if (knowledge !== undefined && "stays" in knowledge) return row("skip", { why: knowledge.stays });
  const wanted = mapped ?? knowledge?.place;
  const place = wanted === undefined ? target.place(name) : target.parse(wanted);
  if (place === undefined) {
    return row("refuse", { why: `nobody says where it goes: add --map ${name}=… or --skip ${name}` });
  }
  const to = target.format(place);
  const malformed = knowledge?.problem?.(item.value.reveal());
  if (malformed !== undefined) return row("refuse", { to, why: malformed });
  const container = await read(place.container);
  if ("problem" in container) return row("refuse", { to, why: container.problem });
  const standing = container.standing(place.slot, item);
  if (standing === "different" && !overwrite) {
    return row("refuse", {
      to,
      why: "another value is there: keep it with --skip, or replace it with --overwrite",
    });
  }
  const action = standing === "same" ? "same" : standing === "empty" ? "set" : "replace";
  return { ...row(action, { to }), item, place };
}

/** Two values for one place, or one for the whole and one for a part of it, would undo each other. */
function refuseDoubles(planned: readonly PlannedItem[], target: Target): readonly PlannedItem[] {
  return planned.map((each) => {
    const { place, row } = each;
    if (place === undefined) return each;
    const rival = planned.find(
      (other) =>
        other !== each &&
        other.place?.container === place.container &&
        (other.place.slot === place.slot || other.place.slot === "" || place.slot === ""),
    );
    if (rival === undefined) return each;
    const why = `${rival.row.name} goes to ${rival.place && target.format(rival.place)} as well: map one of them elsewhere`;
    return { row: { ...row, action: "refuse", why } };
  });
}
