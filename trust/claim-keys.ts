/** The claims that STS offers as condition keys for any OIDC issuer. */
export const COMMON_CLAIM_KEYS = ["aud", "sub", "amr"] as const;

/** One claim of GitHub's tokens, and whether a trust policy can match it. */
export interface GithubClaimKey {
  readonly claim: string;
  /**
   * `yes`: AWS's list has it. `disputed`: some readings of that list have it and others do not, so it is to be
   * tried on AWS first; this evaluator offers it. `no`: GitHub sends it, and AWS offers
   * no key, so a condition on it never matches.
   */
  readonly offered: "yes" | "disputed" | "no";
}

/**
 * The further claims of GitHub's issuers. AWS offers those marked `yes` since January 2026.
 *
 * @see https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export const GITHUB_CLAIM_KEYS: readonly GithubClaimKey[] = [
  ...each("yes", [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
  ]),
  // A reading of AWS's page of September 2026 has it; the tables of February do not.
  ...each("disputed", ["repository_owner_id"]),
  ...each("no", [
    "base_ref",
    "check_run_id",
    "enterprise",
    "event_name",
    "head_ref",
    "job_workflow_sha",
    "ref_protected",
    "ref_type",
    "repository_owner",
    "repository_visibility",
    "run_attempt",
    "run_id",
    "run_number",
    "runner_environment",
    "sha",
    "workflow_ref",
    "workflow_sha",
  ]),
];

function each(offered: GithubClaimKey["offered"], claims: readonly string[]): GithubClaimKey[] {
  return claims.map((claim) => ({ claim, offered }));
}
