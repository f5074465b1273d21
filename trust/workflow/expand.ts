import type { GithubContext } from "../subjects/github";
import { isExcluded, resolveText, type Scope } from "./expressions";
import type { Job, Login, Trigger, Workflow } from "./model";

/** A variable that `vars.NAME` reads, of the repository or of one environment. */
export interface WorkflowVariable {
  readonly environment?: string;
  readonly name: string;
  readonly value: string;
}

/** One job as one event runs it: all that its token speaks of, and what it asks for with it. */
export interface JobRun {
  /** The workflow that the event starts. */
  readonly workflow: Workflow;
  /** The job's id; in a reusable workflow `caller / job`. With the values of its matrix, where it has one. */
  readonly name: string;
  readonly trigger: Trigger;
  /** `refs/heads/main`, `refs/tags/v1`, `refs/pull/1/merge` */
  readonly ref: string;
  readonly context: GithubContext;
  /** Undefined when the environment's name cannot be told: then nothing else can. */
  readonly environment: string | undefined;
  readonly environmentIsKnown: boolean;
  /** The file that the job is written in: `.github/workflows/x.yml@REF`, or of another repository `OWNER/REPO/…@REF`. */
  readonly writtenIn: string;
  /** Whether the job may ask GitHub for a token. */
  readonly idToken: boolean;
  readonly logins: readonly Login[];
  readonly scope: Scope;
  /** Where it is written: the workflow's file, or the reusable one's. */
  readonly file: string;
  readonly job: Job;
  /** The job that calls the reusable workflow, in `workflow`. */
  readonly caller: Job | undefined;
  /** The reusable workflow is in another repository: what it asks for cannot be seen. */
  readonly unread: boolean;
}

export interface ExpandArgs {
  readonly workflows: readonly Workflow[];
  readonly variables?: readonly WorkflowVariable[];
  /** `owner/name` */
  readonly repository?: string;
  /** @default "main" */
  readonly defaultBranch?: string;
}

/** Every job of the workflows, once for each event, branch, choice and matrix value that makes a difference. */
export function expandJobs(args: ExpandArgs): JobRun[] {
  return args.workflows.flatMap((workflow) =>
    workflow.triggers.flatMap((trigger) =>
      refsOf(trigger, args.defaultBranch ?? "main").flatMap((ref) => {
        const github = {
          event_name: trigger.event,
          ref,
          ref_name: ref.replace(/^refs\/(?:heads|tags|pull)\//, ""),
          repository: args.repository,
        };
        const started: Started = { args, workflow, trigger, ref, github };
        const chosen = trigger.event === "workflow_dispatch" ? workflow.inputs : {};
        return variants(chosen).flatMap((inputs) =>
          workflow.jobs.flatMap((job) =>
            runsOf(started, { workflow, job, inputs, prefix: [], idToken: false }),
          ),
        );
      }),
    ),
  );
}

interface Started {
  readonly args: ExpandArgs;
  readonly workflow: Workflow;
  readonly trigger: Trigger;
  readonly ref: string;
  readonly github: Readonly<Record<string, string | undefined>>;
}

interface Place {
  /** Where the job is written. */
  readonly workflow: Workflow;
  readonly job: Job;
  readonly inputs: Readonly<Record<string, string>>;
  /** The jobs that call, outermost first. */
  readonly prefix: readonly string[];
  /** What the caller has; a reusable workflow cannot have more. */
  readonly idToken: boolean;
  readonly caller?: Job;
}

function runsOf(started: Started, place: Place): JobRun[] {
  const { workflow, job, prefix } = place;
  const { event_name = "", ref = "", ref_name = "" } = started.github;
  if (isExcluded(job.condition, { event_name, ref, ref_name })) return [];
  const own = job.idToken ?? workflow.idToken;
  const idToken = prefix.length === 0 ? (own ?? false) : place.idToken && (own ?? true);
  return variants(job.matrix).flatMap((matrix) => {
    const scope: Scope = {
      github: started.github,
      inputs: place.inputs,
      matrix,
      env: { ...workflow.env, ...job.env },
    };
    const values = Object.values(matrix);
    const label = values.length === 0 ? job.id : `${job.id} (${values.join(", ")})`;
    if (job.calls === undefined) return [runOf(started, place, { scope, label, idToken })];
    const called = calledBy(started, place, job.calls.text);
    if (called === undefined) return [runOf(started, place, { scope, label, idToken })];
    // Four levels are GitHub's limit; a workflow that calls itself would have none.
    if (prefix.length >= 10) return [];
    const inputs = Object.fromEntries(
      Object.entries(job.calls.inputs).flatMap(([name, text]) => {
        const value = resolveText(text, scope);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const defaults = Object.fromEntries(
      Object.entries(called.inputs).flatMap(([name, [value]]) =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    return called.jobs.flatMap((inner) =>
      runsOf(started, {
        workflow: called,
        job: inner,
        inputs: { ...defaults, ...inputs },
        prefix: [...prefix, label],
        idToken,
        caller: place.caller ?? job,
      }),
    );
  });
}

function calledBy({ args }: Started, { workflow }: Place, uses: string): Workflow | undefined {
  if (!uses.startsWith("./")) return undefined;
  const path = uses.slice(2);
  const folder = workflow.file.slice(0, workflow.file.length - workflow.path.length);
  return (
    args.workflows.find((one) => one.path === path && one.file === `${folder}${path}`) ??
    args.workflows.find((one) => one.path === path)
  );
}

function runOf(
  { args, workflow, trigger, ref }: Started,
  { workflow: written, job, prefix, caller }: Place,
  { scope, label, idToken }: { readonly scope: Scope; readonly label: string; readonly idToken: boolean },
): JobRun {
  const text = job.environment?.text;
  const environment =
    text === undefined ? undefined : resolveText(text, { ...scope, vars: varsIn(args, undefined) });
  const environmentIsKnown = text === undefined || environment !== undefined;
  const remote = job.calls?.text.startsWith("./") === false ? job.calls.text : undefined;
  return {
    workflow,
    name: [...prefix, label].join(" / "),
    trigger,
    ref,
    context: contextOf({ environment: environment || undefined, event: trigger.event, ref }),
    environment: environment || undefined,
    environmentIsKnown,
    writtenIn: remote === undefined ? `${written.path}@${ref}` : remoteRef(remote),
    idToken,
    logins: job.logins,
    scope: { ...scope, vars: varsIn(args, environment || undefined) },
    file: written.file,
    job,
    caller,
    unread: job.calls !== undefined,
  };
}

function varsIn({ variables = [] }: ExpandArgs, environment: string | undefined): Record<string, string> {
  const of = (wanted: string | undefined) =>
    variables.filter((one) => one.environment === wanted).map(({ name, value }) => [name, value]);
  return Object.fromEntries([...of(undefined), ...(environment === undefined ? [] : of(environment))]);
}

/** What the jobs of one trigger run for, once for each ref that it names. */
export function contextsOf(
  trigger: Pick<Trigger, "event" | "branches" | "tags">,
  environment: string | undefined,
  defaultBranch = "main",
): GithubContext[] {
  return refsOf(trigger, defaultBranch).map((ref) => contextOf({ environment, event: trigger.event, ref }));
}

interface ContextArgs {
  readonly environment: string | undefined;
  readonly event: string;
  readonly ref: string;
}

/** GitHub's order: the first that applies is in the subject. */
function contextOf({ environment, event, ref }: ContextArgs): GithubContext {
  if (environment !== undefined) return { kind: "environment", name: environment };
  if (isPullRequest(event)) return { kind: "pull_request" };
  const name = ref.replace(/^refs\/(?:heads|tags)\//, "");
  return { kind: ref.startsWith("refs/tags/") ? "tag" : "branch", name };
}

/** That `pull_request_target` presents the same is not told by GitHub's pages: the ref is the base branch's. */
function isPullRequest(event: string): boolean {
  return event === "pull_request" || event === "pull_request_target";
}

/** The refs that an event runs on. A filter that is a pattern stands for itself. */
function refsOf(
  { event, branches, tags }: Pick<Trigger, "event" | "branches" | "tags">,
  defaultBranch: string,
): string[] {
  if (event === "pull_request") return ["refs/pull/1/merge"];
  if (event === "release") return ["refs/tags/v1"];
  const named = [
    ...branches.filter((name) => !name.startsWith("!")).map((name) => `refs/heads/${name}`),
    ...tags.filter((name) => !name.startsWith("!")).map((name) => `refs/tags/${name}`),
  ];
  return event === "push" && named.length > 0 ? named : [`refs/heads/${defaultBranch}`];
}

/** `o/r/.github/workflows/x.yml@main`, as the claim spells it; what a short name is, only GitHub knows for sure. */
function remoteRef(uses: string): string {
  const [file = "", ref = ""] = uses.split("@");
  if (ref.startsWith("refs/") || /^[0-9a-f]{40}$/.test(ref)) return uses;
  return `${file}@refs/${/^v?\d/.test(ref) ? "tags" : "heads"}/${ref}`;
}

/** Every combination of the listed values. More than a hundred are not told apart. */
function variants(lists: Readonly<Record<string, readonly string[]>>): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(lists)) {
    if (values.length === 0 || all.length * values.length > 100) continue;
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}
