import { GITHUB_ISSUER, PULUMI_ISSUER } from "../trust";
import { escLoginClaims, type GithubRun, githubRunClaims, type TokenFlaws } from "./issuers";

/** Who proves who they are, and how: the token that is presented. */
export interface Presented extends TokenFlaws {
  /** The issuer that signs. */
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** One question to the account, and the answer that is right. */
export interface TrustCase {
  /** Who wants what, for people. */
  readonly title: string;
  readonly presented: Presented;
  /** Name of the role asked for. */
  readonly role: string;
  readonly durationSeconds?: number;
  /** Secrets Manager entry to read with the session; without it, the session itself is the question. */
  readonly reads?: string;
  readonly expected: "allowed" | "refused";
  /** What has to have decided. */
  readonly because: RegExp;
}

export interface TrustCasesOptions {
  readonly organization: string;
  readonly project: string;
  /** The repository that the base stack is configured for. */
  readonly repository: { owner: string; name: string; ownerId?: string; repositoryId?: string };
}

/**
 * What the design says about who gets what, as questions with their answers. Each refusal stands beside an allowed
 * neighbour that differs in one thing, so that nothing is refused for another reason than the one named.
 */
export function trustCases({ organization, project, repository }: TrustCasesOptions): TrustCase[] {
  const fullName = `${repository.owner}/${repository.name}`;
  const deployFile = `${fullName}/.github/workflows/deploy-stage.yml@refs/heads/main`;
  const github = (run: Partial<GithubRun>, rest: Partial<Presented> = {}): Presented => ({
    issuer: GITHUB_ISSUER,
    // A pull request's jobs are written in what the pull request makes of the files.
    claims: githubRunClaims({
      repository,
      ...(run.event !== "pull_request" && { jobWorkflowRef: deployFile }),
      ...run,
    }),
    ...rest,
  });
  const esc = (environment: string, rest: Partial<Presented> & { of?: string } = {}): Presented => ({
    issuer: PULUMI_ISSUER,
    claims: escLoginClaims({
      organization: rest.of ?? organization,
      environment,
      subjectAttributes: ["currentEnvironment.name"],
    }),
    ...rest,
  });
  const pullRequest = { event: "pull_request", ref: "refs/pull/7/merge", headRef: "fix" } as const;
  const approved = { ...pullRequest, environment: "preview" } as const;
  const [previewRole, deployStaging, deployProd] = ["preview", "deploy-staging", "deploy-prod"].map(
    (name) => `${project}-${name}`,
  ) as [string, string, string];
  const [loginStaging, loginProd] = ["staging", "prod"].map((stage) => `${project}-${stage}-esc-login`) as [
    string,
    string,
  ];
  const staging = `${project}/staging`;
  const entry = (stage: string, name: string) => `${project}/${stage}/${name}`;
  const inStaging = { environment: "staging" } as const;

  return [
    // GitHub
    {
      title: "main, in environment staging: staging's deploy role",
      presented: github(inStaging),
      role: deployStaging,
      expected: "allowed",
      because: /:job_workflow_ref/,
    },
    {
      title: "main, in environment prod: prod's deploy role",
      presented: github({ environment: "prod" }),
      role: deployProd,
      expected: "allowed",
      because: /:job_workflow_ref/,
    },
    {
      title: "a pull request, in environment preview: the preview role",
      presented: github(approved),
      role: previewRole,
      expected: "allowed",
      because: /:sub/,
    },
    {
      title: "a pull request: the preview role",
      presented: github(pullRequest),
      role: previewRole,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "environment staging, by a file of another name",
      presented: github({
        ...inStaging,
        jobWorkflowRef: deployFile.replace("deploy-stage", "other"),
      }),
      role: deployStaging,
      expected: "refused",
      because: /:job_workflow_ref/,
    },
    {
      title: "environment staging, by what another branch makes of the file",
      presented: github({
        ...inStaging,
        ref: "refs/heads/fix",
        jobWorkflowRef: deployFile.replace("main", "fix"),
      }),
      role: deployStaging,
      expected: "refused",
      because: /:job_workflow_ref/,
    },
    {
      title: "a pull request: staging's deploy role",
      presented: github(pullRequest),
      role: deployStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "environment staging: prod's deploy role",
      presented: github(inStaging),
      role: deployProd,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "main without an environment: staging's deploy role",
      presented: github({}),
      role: deployStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "a tag: staging's deploy role",
      presented: github({ ref: "refs/tags/v1" }),
      role: deployStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "a fork's environment staging",
      presented: github({
        ...inStaging,
        repository: { ...repository, owner: "mallory", ownerId: "666", repositoryId: "667" },
      }),
      role: deployStaging,
      expected: "refused",
      because: /:sub|:repository_id/,
    },
    {
      title: "another repository of the same owner",
      presented: github({ ...inStaging, repository: { ...repository, name: "other", repositoryId: "668" } }),
      role: deployStaging,
      expected: "refused",
      because: /:sub|:repository_id/,
    },
    {
      title: "who took over the repository's old name",
      presented: github({
        ...inStaging,
        repository: { ...repository, ownerId: "666", repositoryId: "667" },
        immutableSubject: false,
      }),
      role: deployStaging,
      expected: "refused",
      because: /:repository_id/,
    },
    {
      title: "a token for another audience",
      presented: github({ ...inStaging, audience: "https://github.com/acme" }),
      role: deployStaging,
      expected: "refused",
      because: /aud/,
    },
    {
      title: "an expired token",
      presented: github(inStaging, { expiresInSeconds: -600 }),
      role: deployStaging,
      expected: "refused",
      because: /expired/,
    },
    {
      title: "a token that GitHub's key did not sign",
      presented: github(inStaging, { forged: true }),
      role: deployStaging,
      expected: "refused",
      because: /sign|key/,
    },
    {
      title: "Pulumi's token at a role for GitHub",
      presented: esc(staging),
      role: deployStaging,
      expected: "refused",
      because: /[Pp]rincipal|provider|Federated/,
    },
    {
      title: "staging's deploy role reads a secret value",
      presented: github(inStaging),
      role: deployStaging,
      reads: entry("staging", "database"),
      expected: "refused",
      because: /[Dd]en/,
    },
    {
      title: "the preview role reads a secret value",
      presented: github(approved),
      role: previewRole,
      reads: entry("staging", "database"),
      expected: "refused",
      because: /[Dd]en/,
    },
    // ESC
    {
      title: "ESC's staging: its login role",
      presented: esc(staging),
      role: loginStaging,
      durationSeconds: 3600,
      expected: "allowed",
      because: /:sub/,
    },
    {
      title: "ESC's staging at its tag live: its login role",
      presented: esc(`${staging}@live`),
      role: loginStaging,
      expected: "allowed",
      because: /:sub/,
    },
    {
      title: "ESC's staging at another revision",
      presented: esc(`${staging}@3`),
      role: loginStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "ESC's prod: prod's login role",
      presented: esc(`${project}/prod`),
      role: loginProd,
      expected: "allowed",
      because: /:sub/,
    },
    {
      title: "ESC's prod: staging's login role",
      presented: esc(`${project}/prod`),
      role: loginStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "an environment of another project, called staging",
      presented: esc("mallory/staging"),
      role: loginStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "another organization's environment of the same name",
      presented: esc(staging, { of: "mallory" }),
      role: loginStaging,
      expected: "refused",
      because: /aud/,
    },
    {
      title: "an anonymous definition, as under pulumi up",
      presented: {
        issuer: PULUMI_ISSUER,
        claims: escLoginClaims({ organization, environment: staging, rootEnvironment: "<yaml>" }),
      },
      role: loginStaging,
      expected: "refused",
      because: /:sub/,
    },
    {
      title: "an expired token of ESC's",
      presented: esc(staging, { expiresInSeconds: -600 }),
      role: loginStaging,
      expected: "refused",
      because: /expired/,
    },
    {
      title: "GitHub's token at the role for ESC",
      presented: github(inStaging),
      role: loginStaging,
      expected: "refused",
      because: /[Pp]rincipal|provider|Federated/,
    },
    {
      title: "a session of twelve hours",
      presented: esc(staging),
      role: loginStaging,
      durationSeconds: 43_200,
      expected: "refused",
      because: /MaxSessionDuration|[Dd]uration/,
    },
    {
      title: "ESC's staging reads its database",
      presented: esc(staging),
      role: loginStaging,
      reads: entry("staging", "database"),
      expected: "allowed",
      because: /GetSecretValue|[Aa]llow/,
    },
    {
      title: "ESC's staging reads prod's database",
      presented: esc(staging),
      role: loginStaging,
      reads: entry("prod", "database"),
      expected: "refused",
      because: /Resource|resource/,
    },
    {
      title: "ESC's staging reads what only the adapter may",
      presented: esc(staging),
      role: loginStaging,
      reads: entry("staging", "partner"),
      expected: "refused",
      because: /Resource|resource/,
    },
  ];
}
