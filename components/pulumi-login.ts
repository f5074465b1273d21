import * as pulumi from "@pulumi/pulumi";
import * as pulumiservice from "@pulumi/pulumiservice";
import { GITHUB_ISSUER, type PulumiLoginPolicy, pulumiLoginPolicies } from "../trust/index";
import { type ArgumentIssue, refuse } from "./args";
import { checkRepository, type GithubRepositoryArgs, subjectsOf } from "./github-repository";

/** How a Pulumi organization comes by its OIDC issuer for GitHub, of which it has one for all of its projects. */
export const OidcIssuerMode = {
  /** This stack owns the issuer and all of its policies: those that somebody else has added go at the next `up`. */
  Create: "create",
  /** Somebody else owns it. Nothing is changed; what its policies must say is printed, and is the output `policies`. */
  Skip: "skip",
} as const;
export type OidcIssuerMode = (typeof OidcIssuerMode)[keyof typeof OidcIssuerMode];

/** Which jobs get which access token of Pulumi's: one purpose. */
export interface PulumiLoginPolicyArgs {
  /** The GitHub environment that the jobs run in. Without it: the jobs of pull requests, which then need `team`. */
  environment?: string;
  /**
   * The team whose token they get (Pulumi Enterprise and up): it may do what the team may. Without `team` and `user` they
   * get a token of the organization, which may do what every member may.
   */
  team?: string;
  /** The user whose token they get: for the edition Individual, which has no others. */
  user?: string;
  /** As in `GithubDeployArgs`: the files that these jobs are written in. @default any */
  jobWorkflowRefs?: string[];
}

export interface PulumiLoginArgs extends GithubRepositoryArgs {
  /** The Pulumi organization. */
  organization: string;
  /** @default OidcIssuerMode.Skip */
  mode?: OidcIssuerMode;
  /** What the issuer is called in the organization's settings. @default "github" */
  issuerName?: string;
  /** One for each purpose. */
  policies: PulumiLoginPolicyArgs[];
  /** The longest life of a token, in seconds: 300 to 86400. @default 3600 */
  maxTokenSeconds?: number;
}

/**
 * How the jobs of one repository get access tokens of Pulumi's, with no stored credential: an OIDC issuer with one policy
 * for each purpose, whose subjects are exact.
 *
 * A pull request's jobs run the pull request's code. They get a token only by a policy that names a team, for an
 * organization's token may do what every member may: by Pulumi's default, open every environment.
 *
 * @throws ResourceError listing every argument that cannot be used.
 * @see https://www.pulumi.com/docs/administration/guides/oidc-issuers/github/
 */
export class PulumiLogin extends pulumi.ComponentResource {
  /** The policies as JSON, for an issuer that somebody else owns. */
  readonly policies: pulumi.Output<string>;

  constructor(name: string, args: PulumiLoginArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:PulumiLogin", name, {}, opts);
    refuse(checkArgs(args), this);
    const { organization, issuerName = "github", maxTokenSeconds = 3600 } = args;
    const policies = args.policies.flatMap((purpose) => policiesOf(args, purpose));
    if (args.mode === OidcIssuerMode.Create) {
      new pulumiservice.OidcIssuer(
        `${name}-issuer`,
        {
          organization,
          name: issuerName,
          url: GITHUB_ISSUER,
          maxExpirationSeconds: maxTokenSeconds,
          policies: policies as pulumiservice.types.input.AuthPolicyDefinitionArgs[],
        },
        // Everybody's jobs log in by it.
        { parent: this, retainOnDelete: true },
      );
    } else {
      const lines = policies.map((policy) => JSON.stringify(policy)).join("\n");
      const text = `add these policies to the OIDC issuer ${GITHUB_ISSUER} of ${organization}, if they are not there:\n${lines}`;
      void pulumi.log.info(text, this);
    }
    this.policies = pulumi.jsonStringify(policies);
    this.registerOutputs({ policies: this.policies });
  }
}

function policiesOf(args: PulumiLoginArgs, purpose: PulumiLoginPolicyArgs): PulumiLoginPolicy[] {
  const { environment, team, user, jobWorkflowRefs } = purpose;
  const context =
    environment === undefined
      ? ({ kind: "pull_request" } as const)
      : ({ kind: "environment", name: environment } as const);
  return pulumiLoginPolicies({
    organization: args.organization,
    subjects: subjectsOf(args, context),
    repositoryId: args.repositoryId,
    jobWorkflowRefs,
    team,
    user,
  });
}

function checkArgs(args: PulumiLoginArgs): ArgumentIssue[] {
  const issues = checkRepository(args);
  const { organization, policies, maxTokenSeconds: seconds } = args;
  if (!/^[\w.-]+$/.test(organization)) {
    issues.push({
      path: "organization",
      reason: `"${organization}" must be the name of a Pulumi organization`,
    });
  }
  if (policies.length === 0) issues.push({ path: "policies", reason: "must name at least one purpose" });
  policies.forEach(({ environment, team, user, jobWorkflowRefs }, index) => {
    const path = `policies[${index}]`;
    if (team !== undefined && user !== undefined) {
      issues.push({ path, reason: "has both a team and a user: a token is of one" });
    }
    if (environment === undefined && team === undefined) {
      const reason =
        "is for pull requests, whose code is anybody's: give a team that may open no environment, or run previews in a GitHub environment with reviewers";
      issues.push({ path, reason });
    }
    for (const [key, value] of Object.entries({ environment, team, user })) {
      if (value !== undefined && !/^[\w. -]+$/.test(value)) {
        issues.push({ path: `${path}.${key}`, reason: `"${value}" must be a name: no wildcard` });
      }
    }
    issues.push(...checkJobWorkflowRefs(`${path}.jobWorkflowRefs`, jobWorkflowRefs));
  });
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 300 && seconds <= 86_400)) {
    issues.push({ path: "maxTokenSeconds", reason: `${seconds} must be a whole number from 300 to 86400` });
  }
  return issues;
}

/** Exact, for everyone else's branch has the same file. */
export function checkJobWorkflowRefs(path: string, refs: readonly string[] | undefined): ArgumentIssue[] {
  if (refs?.length === 0) return [{ path, reason: "must name a file, or be left out" }];
  return (refs ?? []).flatMap((ref, index) =>
    /^[\w-]+\/[\w.-]+\/\.github\/workflows\/[\w.-]+\.ya?ml@(?:refs\/(?:heads|tags)\/[\w./-]+|[0-9a-f]{40})$/.test(
      ref,
    )
      ? []
      : [
          {
            path: `${path}[${index}]`,
            reason: `"${ref}" must be OWNER/REPO/.github/workflows/FILE@refs/heads/BRANCH, or @ a tag's ref or a commit`,
          },
        ],
  );
}
