import type { Claims } from "../claims";
import { matchesTokens, patternTokens } from "../evaluate/patterns";
import { evaluatePulumiLogin } from "../evaluate/pulumi-login";
import { explainTrust, type TrustExplanation } from "../explain/explain";
import type { TrustProvider, TrustRole } from "../lint/input";
import { type ClaimCondition, issuerOf, readTrustStatements } from "../lint/statements";
import { type PulumiLoginPolicy, pulumiLoginAudience } from "../policies/pulumi-login";
import { GITHUB_ISSUER } from "../providers";
import { type GithubRepository, type GithubSubjectForm, githubSubject } from "../subjects/github";
import { type ParsedGithubSubject, parseSubject } from "../subjects/parse";
import { type ExpandArgs, expandJobs, type JobRun } from "./expand";
import { resolveText } from "./expressions";
import type { AwsLogin, Login, PulumiLogin } from "./model";

/** A GitHub environment, where a program declares it. */
export interface DeploymentEnvironment {
  readonly name: string;
  /** Patterns of the branches whose jobs may run in it; undefined: every branch's. */
  readonly branches: readonly string[] | undefined;
  readonly reviewed: boolean;
}

export interface PredictArgs extends Omit<ExpandArgs, "repository"> {
  /** The account's roles; those that take no token of GitHub's are left out. */
  readonly roles: readonly TrustRole[];
  readonly providers?: readonly TrustProvider[];
  readonly repository: GithubRepository;
  /** The forms of subject that the repository may present: both while it moves. */
  readonly forms: readonly GithubSubjectForm[];
  /** The repository's environments, where they are known. */
  readonly environments?: readonly DeploymentEnvironment[];
  /** The policies of the Pulumi organization's issuer for GitHub, where they are known. */
  readonly pulumiPolicies?: readonly PulumiLoginPolicy[];
}

/** Codes of what `trust workflow` finds. Stable: tools may rely on them. */
export type WorkflowFindingCode =
  | "role-refused"
  | "role-unknown"
  | "no-id-token"
  | "pulumi-refused"
  | "branch-not-allowed"
  | "environment-unknown";

/** Something that would fail when the job runs, where it is written, and what mends it. */
export interface WorkflowFinding {
  readonly code: WorkflowFindingCode;
  readonly file: string;
  readonly line: number;
  readonly job: string;
  readonly message: string;
  readonly fix: string;
}

/** What becomes of one thing that a job asks for. */
export interface PredictedLogin {
  readonly kind: Login["kind"];
  readonly file: string;
  readonly line: number;
  /** A role's name; `team NAME`, `user NAME` or `the organization` of Pulumi; as written where it is not known. */
  readonly asksFor: string;
  readonly verdict: "allowed" | "refused" | "unknown";
  readonly because: string;
}

/** Who one job is, and which roles that opens. Plain data without any token. */
export interface PredictedJob {
  readonly file: string;
  readonly line: number;
  readonly job: string;
  readonly event: string;
  readonly ref: string;
  readonly environment: string | undefined;
  /** One for each form. Empty where the environment's name cannot be told. */
  readonly subjects: readonly string[];
  /** `OWNER/REPO/.github/workflows/FILE@REF` */
  readonly jobWorkflowRef: string;
  readonly idToken: boolean;
  readonly logins: readonly PredictedLogin[];
  /** Every role that takes tokens of GitHub's, and whether it takes this job's. */
  readonly roles: readonly { readonly name: string; readonly allowed: boolean; readonly because: string }[];
  readonly notes: readonly string[];
}

/** Everything that was predicted, job by job, and what of it would fail. */
export interface WorkflowPrediction {
  readonly jobs: readonly PredictedJob[];
  readonly findings: readonly WorkflowFinding[];
}

/**
 * Says for every job of the workflows what GitHub puts into its token, which roles that opens, and what of it would be
 * refused. Nothing is asked of anybody.
 *
 * @throws TrustError for a policy that cannot be judged, see `TrustErrorCode`
 */
export function predictWorkflows(args: PredictArgs): WorkflowPrediction {
  const { owner, name } = args.repository;
  const runs = expandJobs({ ...args, repository: `${owner}/${name}` });
  const jobs: PredictedJob[] = [];
  const findings = new Map<string, WorkflowFinding>();
  for (const run of runs) {
    const judged = new Judged(args, run);
    jobs.push(judged.job());
    for (const finding of judged.findings) {
      findings.set([finding.file, finding.line, finding.job, finding.message].join("\n"), finding);
    }
  }
  return { jobs, findings: [...findings.values()] };
}

/** The claims that decide anything and that the workflow tells, one set for each form of subject. */
export function predictedClaims(
  { repository, forms }: Pick<PredictArgs, "repository" | "forms">,
  run: JobRun,
): Claims[] {
  const { owner, name, ownerId, repositoryId } = repository;
  return forms.map((form) => ({
    iss: GITHUB_ISSUER,
    sub: githubSubject({ repository, form, context: run.context }),
    ref: run.ref,
    repository: `${owner}/${name}`,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    environment: run.environment,
    event_name: run.trigger.event,
    job_workflow_ref: jobWorkflowRef(repository, run),
  }));
}

function jobWorkflowRef({ owner, name }: GithubRepository, { writtenIn }: JobRun): string {
  return writtenIn.startsWith(".github/") ? `${owner}/${name}/${writtenIn}` : writtenIn;
}

/** `configure-aws-credentials` asks for this one unless told otherwise. */
const AWS_AUDIENCE = "sts.amazonaws.com";

class Judged {
  readonly findings: WorkflowFinding[] = [];
  readonly #args: PredictArgs;
  readonly #run: JobRun;
  readonly #claims: readonly Claims[];

  constructor(args: PredictArgs, run: JobRun) {
    this.#args = args;
    this.#run = run;
    // What a workflow of another repository does with environment: is not known.
    this.#claims = run.environmentIsKnown && !run.unread ? predictedClaims(args, run) : [];
  }

  job(): PredictedJob {
    const { workflow, name, trigger, ref, environment, idToken, environmentIsKnown, unread, job } = this.#run;
    this.#checkEnvironment();
    const logins = this.#run.logins.map((login) => {
      if (!idToken) this.#noIdToken(login);
      return login.kind === "aws" ? this.#askAws(login) : this.#askPulumi(login);
    });
    return {
      file: workflow.file,
      line: (this.#run.caller ?? job).line,
      job: name,
      event: trigger.event,
      ref,
      environment,
      subjects: this.#claims.map(({ sub }) => String(sub)),
      jobWorkflowRef: jobWorkflowRef(this.#args.repository, this.#run),
      idToken,
      logins,
      roles:
        this.#claims.length === 0
          ? []
          : this.#args.roles.filter(takesGithub).map((role) => {
              const { allowed, because } = this.#judge(role, AWS_AUDIENCE);
              return { name: role.name, allowed, because };
            }),
      notes: [
        ...(environmentIsKnown
          ? []
          : [`environment ${job.environment?.text} cannot be told: nothing is judged`]),
        ...(unread ? [`${job.calls?.text} is not read: what its jobs ask for cannot be seen`] : []),
      ],
    };
  }

  /** All forms have to get in, for the repository may present either. */
  #judge(role: TrustRole, audience: string) {
    const explanations = this.#claims.map((claims) =>
      explainTrust({
        role,
        providers: this.#args.providers ?? [],
        claims: { ...claims, aud: audience },
        signature: "valid",
      }),
    );
    const refused = explanations.find(({ allowed }) => !allowed);
    return {
      allowed: refused === undefined,
      because: refused?.cause?.text ?? `${explanations[0]?.key?.replace(/^.*:/, "") ?? "nothing"} matches`,
      refused,
    };
  }

  #askAws(login: AwsLogin): PredictedLogin {
    const wanted = resolveText(login.role.text, this.#run.scope);
    const said = { kind: "aws", file: this.#run.file, line: login.line } as const;
    const unknown = (asksFor: string, because: string): PredictedLogin => ({
      ...said,
      asksFor,
      verdict: "unknown",
      because,
    });
    if (this.#claims.length === 0)
      return unknown(wanted ?? login.role.text, "the job's subject cannot be told");
    if (wanted === undefined) {
      const inEnvironment =
        this.#run.environment === undefined ? "" : ` for environment ${this.#run.environment}`;
      const message = `asks for the role ${login.role.text}, which has no value here${inEnvironment}`;
      const fix =
        "set the variable (GithubDeploy: environments sets AWS_ROLE_ARN), or name it here: --var NAME=VALUE";
      this.#found("role-unknown", login.role.line, message, fix);
      return unknown(login.role.text, "it has no value here");
    }
    const role =
      this.#args.roles.find(({ arn }) => arn === wanted) ??
      this.#args.roles.find(({ name }) => name === wanted.replace(/^arn:.*\//, ""));
    if (role === undefined) {
      const names = this.#args.roles.filter(takesGithub).map(({ name }) => name);
      const fix = `ask for one of ${names.join(", ") || "those of the program"}, or judge by the files that have it: --trust FILE`;
      this.#found("role-unknown", login.role.line, `asks for ${wanted}, which is not among the roles`, fix);
      return unknown(wanted, "it is not among the roles");
    }
    const { allowed, because, refused } = this.#judge(role, login.audience ?? AWS_AUDIENCE);
    if (refused !== undefined) this.#roleRefused(login, role, refused);
    return { ...said, asksFor: role.name, verdict: allowed ? "allowed" : "refused", because };
  }

  #roleRefused(login: AwsLogin, role: TrustRole, { cause, actual, expected }: TrustExplanation): void {
    const wantsEnvironment = trustedContexts(role).some((context) => context?.kind === "environment");
    const line = this.#lineOf(cause?.code, login.line, wantsEnvironment);
    const message = `${role.name} would refuse this job: ${cause?.text ?? "no condition matches"}`;
    const fix =
      this.#fixFor(role, cause?.code, { actual, expected }) ?? cause?.fix ?? "see escapement trust explain";
    this.#found("role-refused", line, message, fix);
  }

  #askPulumi(login: PulumiLogin): PredictedLogin {
    const { pulumiPolicies } = this.#args;
    const said = { kind: "pulumi", file: this.#run.file, line: login.line } as const;
    const organization = resolveText(login.organization, this.#run.scope);
    // A variable that is not set is empty, and no scope means the organization's token.
    const scope =
      resolveText(login.scope, this.#run.scope) ??
      (/^\$\{\{\s*vars\.[\w-]+\s*\}\}$/.test(login.scope) ? "" : undefined);
    const [, kind, name] = /^(team|user):(.+)$/.exec(scope ?? "") ?? [];
    const asksFor = `Pulumi's token of ${kind === undefined ? "the organization" : `${kind} ${name}`}`;
    if (
      pulumiPolicies === undefined ||
      organization === undefined ||
      scope === undefined ||
      this.#claims.length === 0
    ) {
      return {
        ...said,
        asksFor,
        verdict: "unknown",
        because: "the issuer's policies, or what is asked for, are not known",
      };
    }
    const audience = pulumiLoginAudience(organization);
    const decisions = this.#claims.map((claims) =>
      evaluatePulumiLogin({
        policies: pulumiPolicies,
        claims: { ...claims, aud: audience },
        team: kind === "team" ? name : undefined,
        user: kind === "user" ? name : undefined,
        administrator: scope === "admin",
      }),
    );
    const refused = decisions.find(({ allowed }) => !allowed);
    const because = (refused ?? decisions[0])?.because ?? "";
    if (refused !== undefined) {
      const code =
        refused.failed?.claim === "sub"
          ? "job-context"
          : refused.failed?.claim === "job_workflow_ref"
            ? "other-workflow"
            : undefined;
      const fix = "run the job where the policy wants it, or add a policy for it (PulumiLogin: policies)";
      this.#found(
        "pulumi-refused",
        this.#lineOf(code, login.line),
        `${asksFor} would not be given: ${because}`,
        fix,
      );
    }
    return { ...said, asksFor, verdict: refused === undefined ? "allowed" : "refused", because };
  }

  #noIdToken(login: Login): void {
    const nested = this.#run.caller === undefined ? "" : ", in the job that calls it as well";
    const message = "asks GitHub for a token, which its permissions do not allow";
    this.#found(
      "no-id-token",
      login.line,
      message,
      `write permissions: { id-token: write } in the job${nested}`,
    );
  }

  #checkEnvironment(): void {
    const { environments } = this.#args;
    const { environment, ref, job, trigger } = this.#run;
    if (environment === undefined || environments === undefined) return;
    const known = environments.find(({ name }) => name.toLowerCase() === environment.toLowerCase());
    if (known === undefined) {
      const message = `environment ${environment} is not declared: GitHub makes it on first use, without reviewers and for every branch`;
      const names = environments.map(({ name }) => name).join(", ");
      const fix = `use one of ${names || "the declared ones"}, or declare it (GithubDeploy: environments)`;
      this.#found("environment-unknown", job.environment?.line ?? job.line, message, fix);
      return;
    }
    const branch = ref.replace(/^refs\/heads\//, "");
    if (known.branches?.some((pattern) => matchesTokens(patternTokens(pattern), branch)) ?? true) return;
    const message = `environment ${environment} takes jobs of ${known.branches?.join(", ")}, not of ${branch}: GitHub would not start it`;
    const fix = `run it on ${known.branches?.join(" or ")}, or add the branch (GithubDeploy: environments, branches)`;
    this.#foundIn(this.#run.workflow.file, "branch-not-allowed", trigger.line, message, fix);
  }

  /** What in the files makes the difference. */
  #lineOf(
    code: string | undefined,
    loginLine: number,
    wantsEnvironment = true,
  ): { readonly file: string; readonly line: number } {
    const { file, job, caller, trigger, workflow, context } = this.#run;
    if (code === "other-workflow") {
      return { file: workflow.file, line: caller?.calls?.line ?? trigger.line };
    }
    if (code === "job-context") {
      if (job.environment !== undefined) return { file, line: job.environment.line };
      return wantsEnvironment || context.kind === "pull_request"
        ? { file, line: job.line }
        : { file: workflow.file, line: trigger.line };
    }
    return { file, line: loginLine };
  }

  #fixFor(
    role: TrustRole,
    code: string | undefined,
    { actual, expected }: Pick<TrustExplanation, "actual" | "expected">,
  ): string | undefined {
    const { environment, caller, workflow } = this.#run;
    switch (code) {
      case "job-context": {
        const trusted = trustedContexts(role);
        const environments = trusted.flatMap((one) => (one?.kind === "environment" ? [one.name] : []));
        if (environments.length > 0) return `write environment: ${environments.join(" or ")} in the job`;
        const others = trusted.flatMap((one) =>
          one === undefined
            ? []
            : [one.kind === "pull_request" ? "pull requests" : `${one.kind} ${one.name}`],
        );
        const instead = `the role trusts ${others.join(", ") || "no job"}`;
        return environment === undefined
          ? `run the job there (${instead}), or trust where it runs`
          : `take environment: ${environment} out of the job (${instead}), or trust it (githubSubjects: environment)`;
      }
      case "subject-form":
        return "give GithubDeploy repositoryId and repositoryOwnerId: it then trusts both forms (gh api repos/OWNER/NAME --jq '.id, .owner.id')";
      case "other-workflow":
        return `${caller === undefined ? `run ${workflow.path} where it is trusted` : "call the trusted file"}: ${expected.join(" or ")}; or trust ${actual.join("")} (GithubDeploy: jobWorkflowRefs)`;
      default:
        return undefined;
    }
  }

  #found(
    code: WorkflowFindingCode,
    at: number | { readonly file: string; readonly line: number },
    message: string,
    fix: string,
  ): void {
    const { file, line } = typeof at === "number" ? { file: this.#run.file, line: at } : at;
    this.#foundIn(file, code, line, message, fix);
  }

  #foundIn(file: string, code: WorkflowFindingCode, line: number, message: string, fix: string): void {
    this.findings.push({ code, file, line, job: this.#run.name, message, fix });
  }
}

function githubSubjectConditions(role: TrustRole): ClaimCondition[] {
  return readTrustStatements(role.trustPolicy).flatMap(({ conditions }) =>
    conditions.filter(({ claim, prefix }) => claim === "sub" && issuerOf(prefix) === "github"),
  );
}

function takesGithub(role: TrustRole): boolean {
  return githubSubjectConditions(role).length > 0;
}

/** What the role's subjects say, those that are none of GitHub's usual form aside. */
export function trustedSubjects(role: TrustRole): ParsedGithubSubject[] {
  return githubSubjectConditions(role).flatMap(({ values }) =>
    values.flatMap((value): ParsedGithubSubject[] => {
      try {
        const parsed = parseSubject(value);
        return parsed.issuer === "github" ? [parsed] : [];
      } catch {
        return [];
      }
    }),
  );
}

function trustedContexts(role: TrustRole) {
  const contexts = trustedSubjects(role).map(({ context }) => context);
  return contexts.filter(
    (one, index) => contexts.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === index,
  );
}
