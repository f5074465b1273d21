import { EscServiceError } from "./errors";

/** Minute, hour, day of the month, month, day of the week: the least and the most of each. */
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

export type Cron = readonly (ReadonlySet<number> | undefined)[];

/**
 * A schedule of five fields in UTC, as Pulumi's schedules have: numbers, lists, ranges, steps and `*`.
 *
 * @throws {ERR_ESC_SERVICE_BAD_REQUEST}
 */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) throw bad(text);
  return fields.map((field, index) => {
    if (field === "*") return undefined;
    const [least, most] = FIELDS[index] as readonly [number, number];
    const values = new Set<number>();
    for (const part of field.split(",")) {
      const [, star, from, to, step = "1"] = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
      if (star === undefined && from === undefined) throw bad(text);
      const first = star === undefined ? Number(from) : least;
      const last = star === undefined ? Number(to ?? from) : most;
      if (first < least || last > most || first > last || Number(step) < 1) throw bad(text);
      for (let value = first; value <= last; value += Number(step))
        values.add(index === 4 ? value % 7 : value);
    }
    return values;
  });
}

const MINUTE = 60_000;
/** A schedule that names the 29th of February is the longest to wait for: eight years around 2100. */
const LONGEST = 8 * 366 * 24 * 60;

/** Whether a time of the schedule lies after one moment and not after another: milliseconds since 1970. */
export function isDue(cron: Cron, after: number, until: number): boolean {
  return nextTime(cron, after, until) !== undefined;
}

/** The first time of the schedule after a moment, and not after another if one is given; undefined for none. */
export function nextTime(cron: Cron, after: number, until = Number.POSITIVE_INFINITY): number | undefined {
  const [minutes, hours] = cron;
  const first = Math.floor(after / MINUTE) + 1;
  const last = Math.min(Math.floor(until / MINUTE), first + LONGEST);
  let minute = first;
  while (minute <= last) {
    const at = new Date(minute * MINUTE);
    if (!isDay(cron, at)) minute += 24 * 60 - (minute % (24 * 60));
    else if (!isIn(hours, at.getUTCHours())) minute += 60 - (minute % 60);
    else if (!isIn(minutes, at.getUTCMinutes())) minute += 1;
    else return minute * MINUTE;
  }
  return undefined;
}

/** When both days are restricted either will do, as in every cron. */
function isDay([, , days, months, weekdays]: Cron, at: Date): boolean {
  if (!isIn(months, at.getUTCMonth() + 1)) return false;
  return days !== undefined && weekdays !== undefined
    ? days.has(at.getUTCDate()) || weekdays.has(at.getUTCDay())
    : isIn(days, at.getUTCDate()) && isIn(weekdays, at.getUTCDay());
}

function isIn(values: ReadonlySet<number> | undefined, value: number): boolean {
  return values?.has(value) ?? true;
}

function bad(text: string): EscServiceError {
  return new EscServiceError(
    "ERR_ESC_SERVICE_BAD_REQUEST",
    `the schedule ${JSON.stringify(text.slice(0, 60))} is not five fields: minute hour day month weekday, such as "0 3 1 * *"`,
  );
}
