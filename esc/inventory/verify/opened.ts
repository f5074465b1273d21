import { isMap } from "../../is-map";
import type { ReadValue } from "../select";

/** A value of an environment that was opened, as ESC's REST API has it. Plain: never print one. */
export interface EscValue {
  readonly value?: unknown;
  readonly secret?: boolean;
  readonly unknown?: boolean;
}

/** What an environment that was opened shows: `properties` of REST. */
export type EscProperties = { readonly [name: string]: EscValue };

/** The value at a path; undefined where there is none. */
export function valueAt(properties: EscProperties, ...path: readonly string[]): EscValue | undefined {
  let members: unknown = properties;
  let found: EscValue | undefined;
  for (const step of path) {
    if (!isMap(members) || !Object.hasOwn(members, step)) return undefined;
    found = members[step] as EscValue;
    members = found?.value;
  }
  return found;
}

/** What a value is without ESC's notes on it. */
export function plainValue({ value }: EscValue): unknown {
  if (Array.isArray(value)) return value.map((item: EscValue) => plainValue(item));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item as EscValue)]));
}

/** Whether a value is secret, all of it. */
export function isSecret(value: EscValue): boolean {
  if (value.secret === true) return true;
  const members: unknown[] =
    isMap(value.value) || Array.isArray(value.value) ? Object.values(value.value) : [];
  return members.length > 0 && members.every((member) => isSecret(member as EscValue));
}

/** A place in which a line shows, with what it is called there. */
export interface Shown {
  readonly name: string;
  readonly value: EscValue | undefined;
  /** Whether only text, numbers and booleans get through: ESC leaves any other variable out without a word. */
  readonly onlyScalars: boolean;
}

/** Where an environment shows a line: as a variable, as configuration, or both. */
export function whereShown(properties: EscProperties, { value: { variable, config } }: ReadValue): Shown[] {
  return [
    ...(variable === undefined
      ? []
      : [
          {
            name: variable,
            value: valueAt(properties, "environmentVariables", variable),
            onlyScalars: true,
          },
        ]),
    ...(config === undefined
      ? []
      : [
          {
            name: `pulumiConfig.${config}`,
            value: valueAt(properties, "pulumiConfig", config),
            onlyScalars: false,
          },
        ]),
  ];
}

/** The text of every secret that it shows as a variable or as configuration, once each. Plain: never print one. */
export function secretTexts(properties: EscProperties): readonly string[] {
  const texts = new Set<string>();
  const collect = (value: EscValue, within: boolean): void => {
    const secret = within || value.secret === true;
    if (isMap(value.value) || Array.isArray(value.value)) {
      for (const member of Object.values(value.value)) collect(member as EscValue, secret);
    } else if (secret && value.value !== undefined && value.value !== null) texts.add(String(value.value));
  };
  for (const block of ["environmentVariables", "pulumiConfig", "files"]) {
    const found = valueAt(properties, block);
    if (found !== undefined) collect(found, false);
  }
  return [...texts];
}
