import type { Concealed } from "./concealed";

/** A value at its old place. */
export interface Found {
  /** What programs call it: `DATABASE_URL`, `shop:dbPassword`. */
  readonly name: string;
  readonly value: Concealed;
  /** Whether it has to stay secret where it goes. */
  readonly secret: boolean;
  /** Where it is, for people: `.env.staging:3`. */
  readonly from: string;
  /** What to do with it there once it has been moved. */
  readonly remove: string;
}

/** A text by which a repository may still refer to the old place. */
export interface Trace {
  /** Matched against one line at a time. */
  readonly pattern: RegExp;
  /** What such a line does: `names .env.staging`. */
  readonly what: string;
  /** The files it means something in. @default all */
  readonly files?: RegExp;
}

/** Everything at the old place. */
export interface Source {
  readonly found: readonly Found[];
  /** What is there and does not move, with the reason. */
  readonly left: readonly { readonly name: string; readonly from: string; readonly why: string }[];
  readonly traces: readonly Trace[];
  /** The file that the values are in, if it is one: the scan does not look into it. */
  readonly file?: string;
}

/** Where a value goes. */
export interface Place {
  /** What is written in one step: a Secrets Manager entry, an environment. */
  readonly container: string;
  /** Where in it: a member of an entry's JSON, a path below `values`. Empty: the whole of it. */
  readonly slot: string;
}

/** How a place stands to the value that is to go there. */
export type Standing = "same" | "different" | "empty";

/** A container as it was read. */
export interface Container {
  standing(slot: string, item: Pick<Found, "value" | "secret">): Standing;
}

/** What can hold values. */
export interface Target {
  /** Reads the words of `--map NAME=…`, and those of an inventory. @throws Error saying what to write */
  parse(text: string): Place;
  /** Where a name goes when nobody says. */
  place(name: string): Place | undefined;
  format(place: Place): string;
  /** @returns why nothing can be written there, as a sentence with its remedy, when nothing can */
  read(container: string): Promise<Container | { readonly problem: string }>;
  /**
   * Writes values into one container in one step, and leaves alone what else is in it.
   * @throws TargetError
   */
  write(container: string, items: ReadonlyMap<string, Pick<Found, "value" | "secret">>): Promise<void>;
}

/** A target that refused, in words that carry no value. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

/** A source that cannot be read, in words that carry no value. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}
