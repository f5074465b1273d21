import type { Claims } from "../claims";
import type { PulumiLoginPolicy, PulumiTokenHolder } from "../policies/pulumi-login";
import { matchesTokens, patternTokens } from "./patterns";

export interface PulumiLoginArgs extends PulumiTokenHolder {
  /** Of the issuer that the Pulumi organization has registered. */
  readonly policies: readonly PulumiLoginPolicy[];
  /** The payload of the token that is exchanged; its signature, issuer and times have been checked. */
  readonly claims: Claims;
  /** Whether an administrator's token is asked for. @default false */
  readonly administrator?: boolean;
}

/** Whether Pulumi gives the access token that is asked for. Plain data without any token. */
export interface PulumiLoginDecision {
  readonly allowed: boolean;
  /** The first rule that failed in the policy that came closest. Absent when no policy is about such a token. */
  readonly failed?: {
    readonly claim: string;
    readonly expected: string;
    readonly actual: string | undefined;
  };
  readonly because: string;
}

/**
 * Decides a token exchange as Pulumi's pages describe it: a policy counts when it is about the kind of token that is
 * asked for and every rule of it matches; one that denies wins, and without one that allows nothing is given.
 *
 * @see https://www.pulumi.com/docs/administration/guides/oidc-issuers/
 */
export function evaluatePulumiLogin({
  policies,
  claims,
  team,
  user,
  administrator = false,
}: PulumiLoginArgs): PulumiLoginDecision {
  const whose =
    team !== undefined ? `team ${team}` : user !== undefined ? `user ${user}` : "the organization";
  const about = policies.filter(
    (policy) =>
      (team !== undefined
        ? policy.tokenType === "team" && policy.teamName === team
        : user !== undefined
          ? policy.tokenType === "personal" && policy.userLogin === user
          : policy.tokenType === "organization") &&
      (!administrator || policy.authorizedPermissions?.includes("admin")),
  );
  const judged = about.map((policy) => ({ policy, failed: failedRules(policy, claims) }));
  const matching = judged.filter(({ failed }) => failed.length === 0).map(({ policy }) => policy);
  if (matching.some(({ decision }) => decision === "deny"))
    return { allowed: false, because: `a policy denies a token of ${whose} to this job` };
  if (matching.length > 0) return { allowed: true, because: `a policy gives this job a token of ${whose}` };
  const [closest] = judged
    .filter(({ policy }) => policy.decision === "allow")
    .sort((a, b) => a.failed.length - b.failed.length);
  const failed = closest?.failed[0];
  if (failed === undefined) return { allowed: false, because: `no policy gives a token of ${whose}` };
  const { claim, expected, actual } = failed;
  return {
    allowed: false,
    failed,
    because: `the policy for ${whose} wants ${claim} ${expected}, the token has ${actual ?? "none"}`,
  };
}

function failedRules({ rules }: PulumiLoginPolicy, claims: Claims) {
  return Object.entries(rules).flatMap(([claim, expected]) => {
    const value = claims[claim];
    const actual = value === undefined ? undefined : String([value].flat()[0]);
    const matches = actual !== undefined && matchesTokens(patternTokens(expected), actual);
    return matches ? [] : [{ claim, expected, actual }];
  });
}
