import { TrustError } from "../errors";

/**
 * Whose access token Pulumi gives for a token of the issuer: a team's, a user's, or, where neither is named, the
 * organization's own, which may do what every member may.
 */
export interface PulumiTokenHolder {
  readonly team?: string;
  readonly user?: string;
}

/** One policy of an OIDC issuer that a Pulumi organization has registered, in the provider's spelling. */
export interface PulumiLoginPolicy {
  readonly decision: "allow" | "deny";
  readonly tokenType: "team" | "personal" | "organization";
  readonly teamName?: string;
  readonly userLogin?: string;
  readonly authorizedPermissions?: readonly ("standard" | "admin")[];
  /** Claims of the issuer's token and what they must be. Pulumi takes `*` and `?` in them for wildcards. */
  readonly rules: Readonly<Record<string, string>>;
}

export interface PulumiLoginPoliciesArgs extends PulumiTokenHolder {
  /** The Pulumi organization. */
  readonly organization: string;
  /** From `githubSubjects`. Each is exact. */
  readonly subjects: readonly string[];
  /** Claims that must be equal too. */
  readonly repositoryId?: string;
  readonly jobWorkflowRefs?: readonly string[];
}

/** The `aud` of the tokens that a workflow hands to Pulumi. @see https://github.com/pulumi/auth-actions */
export function pulumiLoginAudience(organization: string): string {
  return `urn:pulumi:org:${organization}`;
}

/**
 * The policies by which Pulumi takes exactly these jobs for one purpose: one for each subject and workflow file, for a
 * rule has one value.
 *
 * @see https://www.pulumi.com/docs/administration/guides/oidc-issuers/github/
 * @throws TrustError `ERR_TRUST_SUBJECT` for a value that would be a pattern
 */
export function pulumiLoginPolicies(args: PulumiLoginPoliciesArgs): PulumiLoginPolicy[] {
  const { organization, subjects, repositoryId, jobWorkflowRefs = [undefined], team, user } = args;
  const holder =
    team !== undefined
      ? ({ tokenType: "team", teamName: team } as const)
      : user !== undefined
        ? ({ tokenType: "personal", userLogin: user } as const)
        : ({ tokenType: "organization", authorizedPermissions: ["standard"] } as const);
  return subjects.flatMap((sub) =>
    jobWorkflowRefs.map((ref) => ({
      decision: "allow" as const,
      ...holder,
      rules: {
        aud: exact("aud", pulumiLoginAudience(organization)),
        sub: exact("sub", sub),
        ...(repositoryId !== undefined && { repository_id: exact("repository_id", repositoryId) }),
        ...(ref !== undefined && { job_workflow_ref: exact("job_workflow_ref", ref) }),
      },
    })),
  );
}

/** In Pulumi's rules, unlike under IAM's `StringEquals`, a `*` is a wildcard. */
function exact(claim: string, value: string): string {
  if (value.trim() !== value || value === "" || /[*?[\]{}\\\p{Cc}]/u.test(value)) {
    throw new TrustError(
      "ERR_TRUST_SUBJECT",
      `Pulumi login, ${claim}`,
      "expected an exact value: no *, ? or brackets",
    );
  }
  return value;
}
