import { RULES, type RuleId, type Severity } from "./rules";

/** A place in a text, lines and columns from 1. The end is behind the last character. */
export interface Region {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** One thing that is wrong, where, and how to mend it. Plain data; it never repeats a value. */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** `project/name` of the environment, or the stack file's path. */
  readonly on: string;
  /** The file's path, as it was given. Absent for what a program would write. */
  readonly file?: string;
  /** Absent where there is none: YAML that does not parse. */
  readonly region?: Region;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Set when a comment in the file accepts it. */
  readonly accepted?: { readonly reason: string };
}

export interface Found {
  readonly on: string;
  readonly file?: string;
  readonly region?: Region;
  readonly message: string;
  /** Where it is another than the rule usually has. */
  readonly severity?: Severity;
}

export function newFinding(rule: RuleId, { severity, ...found }: Found): Finding {
  const { why, fix } = RULES[rule];
  return { rule, severity: severity ?? RULES[rule].severity, ...found, why, fix };
}
