import type { Finding } from "./finding";
import type { TrustInput } from "./input";
import { lintProgram } from "./program-rules";
import type { RuleId } from "./rules";
import { lintRoleTrust } from "./trust-rules";

/** A finding that the team has accepted, and why. */
export interface Suppression {
  readonly rule: RuleId;
  /** The finding's `on`, exactly: a role, an environment, a function, a provider's URL. */
  readonly on: string;
  readonly reason: string;
}

/**
 * Looks for trust that is too wide, that never matches, or that somebody can take away: rules T01 to T25.
 *
 * @param input everything that says who can reach what; see `TrustInput`
 * @param suppressions findings that stay in the result, marked with the reason
 * @returns in the order of rules, then of the input. No finding repeats a token or a value.
 */
export function lintTrust(input: TrustInput, suppressions: readonly Suppression[] = []): Finding[] {
  const findings = [...input.roles.flatMap((role) => lintRoleTrust(role, input)), ...lintProgram(input)];
  return findings
    .map((finding) => {
      const accepted = suppressions.find(({ rule, on }) => rule === finding.rule && on === finding.on);
      return accepted === undefined ? finding : { ...finding, suppressed: { reason: accepted.reason } };
    })
    .sort((a, b) => a.rule.localeCompare(b.rule));
}

/** The suppressions that no finding needed. */
export function unusedSuppressions(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
): Suppression[] {
  return suppressions.filter(
    ({ rule, on }) => !findings.some((finding) => finding.rule === rule && finding.on === on),
  );
}
