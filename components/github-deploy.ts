import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { GITHUB_ISSUER, type GithubContext, githubTrustPolicy } from "../trust/index";
import { type ArgumentIssue, refuse } from "./args";
import { deployPolicy, previewPolicy } from "./deploy-permissions";
import { checkEnvironments, type GithubEnvironmentArgs, GithubEnvironments } from "./github-environments";
import { checkRepository, type GithubRepositoryArgs, subjectsOf } from "./github-repository";
import { checkNameParts, checkPhysicalName } from "./names";
import { OidcProvider, type OidcProviderMode } from "./oidc-provider";
import {
  checkJobWorkflowRefs,
  type OidcIssuerMode,
  PulumiLogin,
  type PulumiLoginPolicyArgs,
} from "./pulumi-login";
import { checkRoleArgs, createRole, type RoleArgs } from "./role";
import { stageBoundaryArn } from "./stage-boundary";
import { checkResourceTypes, stageResources } from "./stage-resources";

/** What `PulumiLogin` takes besides the repository. */
export interface GithubPulumiLoginArgs {
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

export interface GithubDeployArgs extends RoleArgs, GithubRepositoryArgs {
  /** First part of what the stages' resources are called, after the prefix. */
  project: string;
  /** Each gets a deploy role, which a job gets only in the GitHub environment of the same name. */
  stages: string[];
  /**
   * The GitHub environment whose jobs get the preview role, instead of pull requests: where it has reviewers, a real
   * preview runs a pull request's code only after one of them has seen it. @default pull requests themselves
   */
  previewEnvironment?: string;
  /**
   * The workflow files whose jobs get the deploy roles, each exact:
   * `OWNER/REPO/.github/workflows/deploy.yml@refs/heads/main`. For jobs in a reusable workflow that is the file they are
   * written in. @default any file
   */
  jobWorkflowRefs?: string[];
  /**
   * GitHub's side, through its provider: environments with their rules. Those of a stage and of previews get the
   * variable AWS_ROLE_ARN, the role of their jobs; those that `pulumiLogin` names PULUMI_TOKEN_TYPE and
   * PULUMI_TOKEN_SCOPE, the token of theirs. @default nothing is changed at GitHub
   */
  environments?: GithubEnvironmentArgs[];
  /** Variables of all jobs of the repository; with `environments` only. */
  variables?: Record<string, pulumi.Input<string>>;
  /** Pulumi's side: which jobs get which access token. @default none */
  pulumiLogin?: GithubPulumiLoginArgs;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The `aud` that the workflows ask for. @default "sts.amazonaws.com"; China takes "sts.amazonaws.com.cn" */
  audience?: string;
  /**
   * The deploy roles may make HTTP APIs (`AdapterFrontDoor.HttpApi`). IAM knows those by ids, not names: the permission
   * is for all HTTP APIs and custom domains of the account. @default false
   */
  httpApis?: boolean;
  /**
   * AWS resources that the stages register besides those of the components, by Pulumi type: `aws:iam/rolePolicyAttachment:RolePolicyAttachment`.
   * Each needs a row in the table of actions (`RESOURCE_ACTIONS`). @default none
   */
  resourceTypes?: string[];
  /**
   * ARN of the policy that every role of the stages must have as its boundary: a deploy role makes and changes no role
   * without it. Give your own where the company has one. @default the `StageBoundary` of each stage, by its name
   */
  stageBoundaryArn?: pulumi.Input<string>;
  /** How the account's IAM OIDC provider for GitHub is come by. @default OidcProviderMode.Adopt */
  oidcProvider?: OidcProviderMode;
}

/**
 * The roles that a repository's GitHub Actions jobs take, with no stored credential: one for previews of pull
 * requests, which can look up what a preview looks up and nothing else, and one for each stage, which can
 * provision what carries the stage's names.
 *
 * A deploy role trusts exactly the subject of jobs in the GitHub environment that is called as the stage, so
 * who may deploy is decided by that environment's rules: see `environments`. No role can read a secret value: every such call is
 * denied outright. A deploy role can still change the functions and roles of its stage, and those can read the
 * stage's values: give reviewers to the environment where that matters. It can widen no role beyond the stage's boundary,
 * which every role of the stage has to have: `permissionsBoundary: stageBoundaryArn(…)` of its components. `rolePath` is
 * the path of these roles and of the stages' own.
 *
 * A deploy role's permissions follow from the resources that a stage registers, by the table `RESOURCE_ACTIONS` of
 * `escapement/trust`; creating networks (`AdapterNetwork`) is not among them.
 *
 * Belongs to the stack that people run: a role that deploys must not be able to widen itself.
 *
 * @throws ResourceError listing every argument that cannot be used; and see `OidcProvider`.
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export class GithubDeploy extends pulumi.ComponentResource {
  /** The role for workflows on pull requests. */
  readonly previewRoleArn: pulumi.Output<string>;
  /** Stage to the ARN of its deploy role. */
  readonly deployRoleArns: pulumi.Output<Record<string, string>>;
  /** The account's IAM OIDC provider for GitHub. */
  readonly providerArn: pulumi.Output<string>;
  /** The policies of Pulumi's OIDC issuer for GitHub, as JSON; an empty list without `pulumiLogin`. */
  readonly pulumiLoginPolicies: pulumi.Output<string>;

  constructor(name: string, args: GithubDeployArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:GithubDeploy", name, {}, opts);
    refuse(checkArgs(args), this);
    const audience = args.audience ?? "sts.amazonaws.com";
    const provider = new OidcProvider(
      `${name}-oidc`,
      { issuer: GITHUB_ISSUER, audience, mode: args.oidcProvider, tags: args.tags },
      { parent: this },
    );
    const account = pulumi
      .all([
        aws.getPartitionOutput({}, { parent: this }).partition,
        aws.getCallerIdentityOutput({}, { parent: this }).accountId,
      ])
      .apply(([partition, accountId]) => ({ partition, accountId }));
    const trustIn = (context: GithubContext, jobWorkflowRefs?: string[]) => {
      const subjects = subjectsOf(args, context);
      const { repositoryId } = args;
      return provider.arn.apply((providerArn) =>
        githubTrustPolicy({ providerArn, audience, subjects, repositoryId, jobWorkflowRefs }),
      );
    };
    const { previewEnvironment } = args;

    const preview = createRole(
      `${name}-preview`,
      {
        roleName: previewRoleName(args),
        description: `Previews pull requests of ${args.repository}`,
        trust: trustIn(
          previewEnvironment === undefined
            ? { kind: "pull_request" }
            : { kind: "environment", name: previewEnvironment },
        ),
        permissions: account.apply((account) => {
          const { project, namePrefix } = args;
          return previewPolicy({ ...account, namePrefix, project });
        }),
      },
      args,
      this,
    );
    const deployRoleArns: Record<string, pulumi.Output<string>> = {};
    for (const stage of args.stages) {
      const { project, namePrefix, rolePath = "/", httpApis } = args;
      const types = stageResources({ httpApis, more: args.resourceTypes });
      const scope = { namePrefix, project, stage, rolePath };
      const boundary = args.stageBoundaryArn ?? stageBoundaryArn(scope, { parent: this });
      const { role } = createRole(
        `${name}-deploy-${stage}`,
        {
          roleName: deployRoleName(args, stage),
          description: `Deploys ${stage} from ${args.repository}`,
          trust: trustIn({ kind: "environment", name: stage }, args.jobWorkflowRefs),
          permissions: pulumi
            .all([account, boundary])
            .apply(([account, boundaryArn]) => deployPolicy({ ...account, ...scope, boundaryArn }, types)),
        },
        args,
        this,
      );
      deployRoleArns[stage] = role.arn;
    }
    this.previewRoleArn = preview.role.arn;
    this.deployRoleArns = pulumi.output(deployRoleArns);
    this.providerArn = provider.arn;
    if (args.environments !== undefined) {
      const roles: Record<string, pulumi.Output<string>> = { ...deployRoleArns };
      if (previewEnvironment !== undefined) roles[previewEnvironment] = preview.role.arn;
      createEnvironments(name, args, roles, this);
    }
    this.pulumiLoginPolicies = createLogin(name, args, this);
    this.registerOutputs({
      previewRoleArn: this.previewRoleArn,
      deployRoleArns: this.deployRoleArns,
      providerArn: this.providerArn,
      pulumiLoginPolicies: this.pulumiLoginPolicies,
    });
  }
}

/** The roles' ARNs are no secrets: who may take them is decided by their trust. */
function createEnvironments(
  name: string,
  { repository, environments = [], variables, pulumiLogin }: GithubDeployArgs,
  roleArns: Readonly<Record<string, pulumi.Output<string>>>,
  parent: pulumi.Resource,
): void {
  const told = environments.map((environment) => {
    const roleArn = roleArns[environment.name];
    const token = pulumiLogin?.policies.find((policy) => policy.environment === environment.name);
    const own = {
      ...(roleArn !== undefined && { AWS_ROLE_ARN: roleArn }),
      ...(token && tokenVariables(token)),
    };
    return { ...environment, variables: { ...own, ...environment.variables } };
  });
  new GithubEnvironments(`${name}-environments`, { repository, environments: told, variables }, { parent });
}

/** As `pulumi/auth-actions` takes them. The organization's token has no scope, and a variable of GitHub's is not empty. */
function tokenVariables({ team, user }: PulumiLoginPolicyArgs): Record<string, string> {
  const type = team !== undefined ? "team" : user !== undefined ? "personal" : "organization";
  const scope = team !== undefined ? `team:${team}` : user !== undefined ? `user:${user}` : undefined;
  return {
    PULUMI_TOKEN_TYPE: `urn:pulumi:token-type:access_token:${type}`,
    ...(scope !== undefined && { PULUMI_TOKEN_SCOPE: scope }),
  };
}

function createLogin(name: string, args: GithubDeployArgs, parent: pulumi.Resource): pulumi.Output<string> {
  if (args.pulumiLogin === undefined) return pulumi.output("[]");
  const { repository, repositoryId, repositoryOwnerId, immutableOnly, pulumiLogin } = args;
  const login = { repository, repositoryId, repositoryOwnerId, immutableOnly, ...pulumiLogin };
  return new PulumiLogin(`${name}-pulumi-login`, login, { parent }).policies;
}

/** Unlike the stages' own roles these do not begin with a stage's names, so no deploy role can change them. */
const previewRoleName = ({ namePrefix = "", project }: GithubDeployArgs) => `${namePrefix}${project}-preview`;
const deployRoleName = ({ namePrefix = "", project }: GithubDeployArgs, stage: string) =>
  `${namePrefix}${project}-deploy-${stage}`;

function checkArgs(args: GithubDeployArgs): ArgumentIssue[] {
  const { stages, previewEnvironment, environments } = args;
  const issues = [
    ...checkNameParts({ ...args, stage: "any" }),
    ...checkPhysicalName("role", previewRoleName(args), 64),
    ...checkRoleArgs(args),
    ...checkStages(args),
    ...checkResourceTypes(args.resourceTypes),
    ...checkRepository(args),
    ...checkJobWorkflowRefs("jobWorkflowRefs", args.jobWorkflowRefs),
    ...checkEnvironments(environments ?? []),
  ];
  if (stages.length === 0) issues.push({ path: "stages", reason: "must name at least one stage" });
  if (previewEnvironment !== undefined && stages.includes(previewEnvironment)) {
    const reason = `"${previewEnvironment}" is a stage: its jobs could deploy`;
    issues.push({ path: "previewEnvironment", reason });
  }
  const preview =
    args.pulumiLogin?.policies.findIndex(({ environment }) => environment === previewEnvironment) ?? -1;
  if (previewEnvironment !== undefined && preview >= 0 && !isReviewed(args, previewEnvironment)) {
    const reason =
      "is for previews of pull requests, whose code is anybody's, in an environment without reviewers: name a team that may open no environment";
    issues.push({ path: `pulumiLogin.policies[${preview}]`, reason });
  }
  if (environments === undefined && args.variables !== undefined) {
    issues.push({ path: "variables", reason: "are of use only together with environments" });
  }
  return issues;
}

/** Whether somebody sees a pull request's code before it gets the token, or the token can do nothing that matters. */
function isReviewed({ environments, pulumiLogin }: GithubDeployArgs, name: string): boolean {
  const { team } = pulumiLogin?.policies.find(({ environment }) => environment === name) ?? {};
  const rules = environments?.find((environment) => environment.name === name);
  const { reviewerTeams = [], reviewerUsers = [] } = rules ?? {};
  // Rules that are set elsewhere are not known here.
  return team !== undefined || environments === undefined || reviewerTeams.length + reviewerUsers.length > 0;
}

function checkStages(args: GithubDeployArgs): ArgumentIssue[] {
  return args.stages.flatMap((stage, index) => {
    const path = `stages[${index}]`;
    const [malformed] = checkNameParts({ project: "any", stage });
    const issues = malformed === undefined ? [] : [{ path, reason: malformed.reason }];
    issues.push(...checkPhysicalName("role", deployRoleName(args, stage), 64));
    if (args.stages.indexOf(stage) !== index) issues.push({ path, reason: `"${stage}" is listed twice` });
    // `<project>-<stage>-*` is what the stage's deploy role may change.
    if (/^(deploy|boundary)(-|$)/.test(stage)) {
      issues.push({ path, reason: "its names would be those of the deploy roles and their boundaries" });
    }
    const inner = args.stages.find((other) => other.startsWith(`${stage}-`));
    if (inner !== undefined) {
      issues.push({ path, reason: `"${stage}" would have power over "${inner}", whose names begin alike` });
    }
    return issues;
  });
}
