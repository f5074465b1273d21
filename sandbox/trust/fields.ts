import { isMap } from "../../esc/is-map";

/** The members of something out of a file, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Without members where it is no map. */
export function asFields(value: unknown): Fields {
  return isMap(value) ? value : {};
}
