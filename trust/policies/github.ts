import { TrustError } from "../errors";
import { parseOidcProviderArn } from "../providers";
import type { PolicyDocument } from "./document";
import { webIdentityPolicy } from "./web-identity";

export interface GithubTrustPolicyArgs {
  /** IAM OIDC provider of GitHub's issuer; of an enterprise's own one, its slug included, if that is configured. */
  readonly providerArn: string;
  /** From `githubSubjects`. Each is exact. */
  readonly subjects: readonly string[];
  /**
   * What `aws-actions/configure-aws-credentials` asks for.
   * @default "sts.amazonaws.com", in the China partition "sts.amazonaws.com.cn"
   */
  readonly audience?: string;
  /** Claims that STS can match beside the subject since January 2026. Each given one must be equal too. */
  readonly repositoryId?: string;
  readonly repositoryOwnerId?: string;
  readonly environment?: string;
  readonly ref?: string;
  /**
   * The workflow files that may ask, one of them: `OWNER/REPO/.github/workflows/FILE@refs/heads/BRANCH`. For a job in a
   * reusable workflow that is the file it is written in, not the one that calls it.
   */
  readonly jobWorkflowRefs?: readonly string[];
  /** @default "GithubDeploy" */
  readonly sid?: string;
}

/**
 * Trust in exactly these jobs of a GitHub repository.
 *
 * @throws TrustError `ERR_TRUST_PROVIDER`, `ERR_TRUST_SUBJECT`
 */
export function githubTrustPolicy(args: GithubTrustPolicyArgs): PolicyDocument {
  const { keyPrefix, partition } = parseOidcProviderArn(args.providerArn);
  if (!/^token\.actions\.|\/_services\/token$/.test(keyPrefix)) {
    throw new TrustError("ERR_TRUST_PROVIDER", "provider ARN", "expected the provider of GitHub's issuer");
  }
  const audience = args.audience ?? (partition === "aws-cn" ? "sts.amazonaws.com.cn" : "sts.amazonaws.com");
  const claims: Readonly<Record<string, readonly string[] | undefined>> = {
    aud: [audience],
    sub: args.subjects,
    repository_id: only(args.repositoryId),
    repository_owner_id: only(args.repositoryOwnerId),
    environment: only(args.environment),
    ref: only(args.ref),
    job_workflow_ref: args.jobWorkflowRefs,
  };
  const conditions: Record<string, readonly string[]> = {};
  for (const [claim, values] of Object.entries(claims)) {
    if (values !== undefined) conditions[`${keyPrefix}:${claim}`] = values;
  }
  return webIdentityPolicy({ sid: args.sid ?? "GithubDeploy", providerArn: args.providerArn, conditions });
}

function only(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}
