import { type GithubContext, type GithubRepository, githubSubject } from "../../trust/index";

/** A job of a GitHub Actions workflow, as far as its token speaks of it. */
export interface GithubRun {
  readonly repository: GithubRepository;
  /** @default "push" */
  readonly event?: "push" | "pull_request" | "workflow_dispatch" | "schedule" | "release";
  /** `refs/heads/main`, `refs/tags/v1`; for a pull request `refs/pull/<number>/merge`. @default "refs/heads/main" */
  readonly ref?: string;
  /** The job's `environment:`, if it has one. */
  readonly environment?: string;
  /** File name under `.github/workflows`. @default "deploy.yml" */
  readonly workflow?: string;
  /** The reusable workflow that the job is in. @default the workflow itself */
  readonly jobWorkflowRef?: string;
  /** Branches of a pull request. */
  readonly headRef?: string;
  readonly baseRef?: string;
  /** @default "octocat" */
  readonly actor?: string;
  /** What the step asked for. @default "sts.amazonaws.com", as `configure-aws-credentials` asks */
  readonly audience?: string;
  /** Whether the repository presents its ids in the subject. @default true when it has both ids */
  readonly immutableSubject?: boolean;
}

/**
 * The claims that GitHub puts into that job's token.
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export function githubRunClaims(run: GithubRun): Record<string, string> {
  const { repository, event = "push", ref = "refs/heads/main", workflow = "deploy.yml" } = run;
  const { owner, name, ownerId = "1", repositoryId = "1" } = repository;
  const immutable =
    run.immutableSubject ?? (repository.ownerId !== undefined && repository.repositoryId !== undefined);
  const fullName = `${owner}/${name}`;
  const workflowRef = `${fullName}/.github/workflows/${workflow}@${ref}`;
  return {
    sub: githubSubject({ repository, form: immutable ? "immutable" : "legacy", context: contextOf(run) }),
    aud: run.audience ?? "sts.amazonaws.com",
    ref,
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    ref_protected: "false",
    sha: "0".repeat(40),
    repository: fullName,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: "private",
    ...(run.environment !== undefined && { environment: run.environment }),
    event_name: event,
    head_ref: run.headRef ?? "",
    base_ref: run.baseRef ?? "",
    actor: run.actor ?? "octocat",
    actor_id: "583231",
    workflow,
    workflow_ref: workflowRef,
    workflow_sha: "0".repeat(40),
    job_workflow_ref: run.jobWorkflowRef ?? workflowRef,
    job_workflow_sha: "0".repeat(40),
    run_id: "1",
    run_number: "1",
    run_attempt: "1",
    runner_environment: "github-hosted",
  };
}

/** GitHub's order: the first that applies is in the subject. */
function contextOf({ environment, event, ref = "refs/heads/main" }: GithubRun): GithubContext {
  if (environment !== undefined) return { kind: "environment", name: environment };
  if (event === "pull_request") return { kind: "pull_request" };
  const [, type, shortName = ""] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? [];
  if (type === undefined) throw new TypeError(`${ref} is neither a branch nor a tag`);
  return { kind: type === "tags" ? "tag" : "branch", name: shortName };
}
