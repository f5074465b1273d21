import type * as Github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { type ArgumentIssue, refuse } from "./args";

/** One GitHub environment: who may deploy through it, and what its jobs are told. */
export interface GithubEnvironmentArgs {
  /** As in `environment:` of a job. */
  name: string;
  /** Branches, by name or pattern, whose jobs may run in it. @default every branch */
  branches?: string[];
  /** Ids of up to six teams and users of whom one must approve each job: `gh api orgs/ORG/teams/TEAM --jq .id`. */
  reviewerTeams?: number[];
  /** `gh api users/LOGIN --jq .id` */
  reviewerUsers?: number[];
  /** Whoever started a job may approve it. @default false where there are reviewers */
  selfReview?: boolean;
  /** Administrators of the repository may pass over the reviewers. @default false where there are reviewers */
  adminsCanBypass?: boolean;
  /** Minutes to wait before a job begins: up to 43200. @default none */
  waitMinutes?: number;
  /** Variables of its jobs, as `vars.NAME`. Everybody who reads the repository's logs may read them: no secret. */
  variables?: Record<string, pulumi.Input<string>>;
}

export interface GithubEnvironmentsArgs {
  /** The GitHub repository, as `owner/name`. */
  repository: string;
  /** Each with its rules and variables. Others of the repository stay as they are. */
  environments: GithubEnvironmentArgs[];
  /** Variables of all jobs of the repository, as `vars.NAME`. */
  variables?: Record<string, pulumi.Input<string>>;
}

/**
 * The environments of a GitHub repository, with their rules and variables, through GitHub's provider. No secret is
 * stored: jobs prove who they are by OIDC.
 *
 * Rules that are not given stay as GitHub's provider has them, for plans differ: on a private repository environments
 * need Pro, Team or Enterprise, and reviewers and waiting need Enterprise. The provider takes its token from GITHUB_TOKEN: for the stack
 * that people run. `@pulumi/github` is loaded when this component is constructed, so no other stack loads it.
 *
 * @throws ResourceError listing every argument that cannot be used.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
 */
export class GithubEnvironments extends pulumi.ComponentResource {
  /** Names of the environments. */
  readonly names: pulumi.Output<string[]>;

  constructor(name: string, args: GithubEnvironmentsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:GithubEnvironments", name, {}, opts);
    refuse(checkArgs(args), this);
    const github = loadProvider();
    const [owner, repository = ""] = args.repository.split("/");
    // Explicit: by default it would look for the repository among those of the token's owner.
    const provider = new github.Provider(`${name}-provider`, { owner }, { parent: this });
    const options = { parent: this, provider };

    const names: pulumi.Output<string>[] = [];
    for (const environment of args.environments) {
      const label = `${name}-${environment.name}`;
      const made = new github.RepositoryEnvironment(
        label,
        { repository, environment: environment.name, ...rulesOf(environment) },
        options,
      );
      names.push(made.environment);
      for (const branch of environment.branches ?? []) {
        new github.RepositoryEnvironmentDeploymentPolicy(
          `${label}-branch-${branch}`,
          { repository, environment: made.environment, branchPattern: branch },
          options,
        );
      }
      for (const [variableName, value] of Object.entries(environment.variables ?? {})) {
        new github.ActionsEnvironmentVariable(
          `${label}-${variableName}`,
          { repository, environment: made.environment, variableName, value },
          options,
        );
      }
    }
    for (const [variableName, value] of Object.entries(args.variables ?? {})) {
      new github.ActionsVariable(`${name}-${variableName}`, { repository, variableName, value }, options);
    }
    this.names = pulumi.output(names);
    this.registerOutputs({ names: this.names });
  }
}

/** Only here and not above: an import would load the provider's 400 modules in every stack. */
function loadProvider(): typeof Github {
  return require("@pulumi/github") as typeof Github;
}

function rulesOf({ branches, reviewerTeams, reviewerUsers, ...rest }: GithubEnvironmentArgs) {
  const reviewed = hasReviewers({ reviewerTeams, reviewerUsers });
  const { selfReview, adminsCanBypass, waitMinutes } = rest;
  return {
    ...(reviewed && { reviewers: [{ teams: reviewerTeams ?? [], users: reviewerUsers ?? [] }] }),
    ...((reviewed || selfReview !== undefined) && { preventSelfReview: !(selfReview ?? false) }),
    ...((reviewed || adminsCanBypass !== undefined) && { canAdminsBypass: adminsCanBypass ?? false }),
    ...(waitMinutes !== undefined && { waitTimer: waitMinutes }),
    // GitHub takes one of the two: protected branches, or those of the policies that follow.
    ...(branches !== undefined && {
      deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
    }),
  };
}

function hasReviewers({
  reviewerTeams = [],
  reviewerUsers = [],
}: Pick<GithubEnvironmentArgs, "reviewerTeams" | "reviewerUsers">): boolean {
  return reviewerTeams.length + reviewerUsers.length > 0;
}

function checkArgs({ repository, environments, variables }: GithubEnvironmentsArgs): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  if (!/^[A-Za-z0-9_-]+\/[\w.-]+$/.test(repository)) {
    issues.push({ path: "repository", reason: `"${repository}" must be owner/name` });
  }
  issues.push(...checkVariables("variables", variables));
  return [...issues, ...checkEnvironments(environments)];
}

export function checkEnvironments(environments: readonly GithubEnvironmentArgs[]): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  environments.forEach((environment, index) => {
    const path = `environments[${index}]`;
    const { name, branches, reviewerTeams = [], reviewerUsers = [], waitMinutes: minutes } = environment;
    // No colon: in a subject it would be written %3A, which people forget in policies.
    if (!/^[\w. -]{1,255}$/.test(name)) {
      issues.push({
        path: `${path}.name`,
        reason: `"${name}" must be 1 to 255 of letters, digits, spaces and _ . -`,
      });
    }
    if (environments.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) !== index) {
      issues.push({
        path: `${path}.name`,
        reason: `"${name}" is listed twice: GitHub ignores case in these names`,
      });
    }
    if (branches?.length === 0) {
      issues.push({
        path: `${path}.branches`,
        reason: "must name a branch, or be left out: no job could run",
      });
    }
    if (reviewerTeams.length + reviewerUsers.length > 6) {
      issues.push({
        path: `${path}.reviewerTeams`,
        reason: "with reviewerUsers there are more than GitHub's six",
      });
    }
    for (const id of [...reviewerTeams, ...reviewerUsers]) {
      if (!(Number.isInteger(id) && id > 0)) {
        issues.push({
          path: `${path}.reviewerUsers`,
          reason: `${id} must be an id, as GitHub's API gives it`,
        });
      }
    }
    if (minutes !== undefined && !(Number.isInteger(minutes) && minutes >= 0 && minutes <= 43_200)) {
      issues.push({
        path: `${path}.waitMinutes`,
        reason: `${minutes} must be a whole number from 0 to 43200`,
      });
    }
    issues.push(...checkVariables(`${path}.variables`, environment.variables));
  });
  return issues;
}

/** @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function checkVariables(path: string, variables: GithubEnvironmentsArgs["variables"] = {}): ArgumentIssue[] {
  return Object.keys(variables).flatMap((name) =>
    /^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/.test(name)
      ? []
      : [{ path: `${path}.${name}`, reason: "must be of A-Z, 0-9 and _, and not begin with GITHUB_" }],
  );
}
