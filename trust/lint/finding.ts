import type { Place } from "./input";
import { RULES, type RuleId, type Severity } from "./rules";

/** One thing that is wrong, where, and how to mend it. Plain data, and it holds no token. */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly place: Place;
  /** What it is about, by name: a role, an environment, a function, a provider's URL. Suppressions name it. */
  readonly on: string;
  /** Place in the policy, where it is in one. */
  readonly path?: string;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Set when the team has accepted it. */
  readonly suppressed?: { readonly reason: string };
}

export interface Found {
  readonly place: Place;
  readonly on: string;
  readonly path?: string;
  readonly message: string;
  /** Where it is milder than the rule usually is. */
  readonly severity?: Severity;
}

export function newFinding(rule: RuleId, { severity, ...found }: Found): Finding {
  const { why, fix } = RULES[rule];
  return { rule, severity: severity ?? RULES[rule].severity, ...found, why, fix };
}
