import { join } from "node:path";
import { formatDiagnostic } from "../esc/check";
import { type Diagnostic, EvaluatorError } from "../esc/evaluator";
import { type AdapterAnswer, askAdapter } from "./adapter-cases";
import type { LaptopCloud } from "./cloud";
import { askDeployRole, type DeployDenial } from "./deploy-denials";
import { deployRoleOf } from "./deploy-roles";
import { readStackSettings, type StackSettings } from "./engine";
import type {
  Deployment,
  DeploymentEvent,
  DeploymentFailure,
  Operation,
  ResourceState,
} from "./engine/index";
import { watchAccount } from "./evidence";
import { type ExportedVariable, exportedVariables } from "./exported-variables";
import { type EnvironmentId, EscServiceError } from "./pulumi";
import { putValues } from "./put-values";
import { type RotationReport, runRotationDemo } from "./rotation-demo";
import { runSourcesDemo, type SourcesReport } from "./sources-demo";
import { trustCases } from "./trust-cases";
import { decideTrust, type TrustDecision } from "./trust-decisions";

export interface MainJobOptions {
  readonly cloud: LaptopCloud;
  /**
   * Where the program's `Pulumi.yaml` is. Under `examples/` in it are `infra` and `api`, which stand for a team's own
   * stacks whose outputs the stages read, `rotation`, which deploys the rotating adapter, and `sources`, which deploys one
   * in front of other systems.
   */
  readonly directory: string;
  onProgress?(step: ProgressStep): void;
  onEvent?(stack: string, event: DeploymentEvent): void;
  readonly signal?: AbortSignal;
}

/** One finished preview or up, for a line of progress. */
export interface ProgressStep {
  /** `project/stack` */
  readonly stack: string;
  readonly operation: Operation;
  readonly ok: boolean;
  readonly durationMs: number;
}

/** What became of one stack. Safe to print. */
export interface StackReport {
  /** `project/stack` */
  readonly stack: string;
  readonly ok: boolean;
  /** Absent exactly when `ok`. */
  readonly failure?: DeploymentFailure;
  readonly warnings: readonly string[];
  readonly resources: readonly ResourceState[];
  /** The role that brought it up, as CI does it; absent where a person does. */
  readonly role?: string;
  /** Milliseconds; absent where it did not come to it. */
  readonly previewMs?: number;
  readonly upMs?: number;
}

/** What became of one environment. Safe to print: secrets show as `[secret]`. */
export interface EnvironmentReport {
  /** `organization/project/name` */
  readonly id: string;
  readonly revision: number;
  /** What the check found: `project/name:line:column: …`, one a line. */
  readonly findings: readonly string[];
  /** Why it did not open, one a line. Empty when it opened. */
  readonly problems: readonly string[];
  readonly exports: readonly ExportedVariable[];
}

export interface MainJobReport {
  readonly ok: boolean;
  readonly stacks: readonly StackReport[];
  readonly environments: readonly EnvironmentReport[];
  /** Who asked for what, who got it, and why. Empty when a stack is not up. */
  readonly trust: readonly TrustDecision[];
  /** What staging's deploy role is refused, and by which statement. Empty when a stack is not up. */
  readonly denials: readonly DeployDenial[];
  /** What staging's adapter answered to whom. Empty when a stack is not up. */
  readonly adapter: readonly AdapterAnswer[];
  /** What came of rotating a PostgreSQL credential under load. */
  readonly rotation: RotationReport;
  /** What came of reading systems that ESC has no provider for. */
  readonly sources: SourcesReport;
}

/**
 * The main job: previews and brings up every stack of the program, puts values into the entries, checks and opens
 * every environment that came of it, asks the account who may do what, rotates a database credential while
 * clients use it, and reads other systems through an adapter. Stacks go side by side, but for `base`, which comes before all that rests on it.
 *
 * @throws EngineError for a project or stack file that cannot be used.
 */
export async function runMainJob(options: MainJobOptions): Promise<MainJobReport> {
  const { cloud, directory, signal } = options;
  const settings = await readStackSettings({ directory, stack: "base" });
  const base = bringUp(options, { directory, stack: "base" });
  // Nothing waits for these, and all wait for base: one after another they do not hold it up.
  const besides = async () => {
    const sources = await runSourcesDemo({
      cloud,
      directory: join(directory, "examples", "sources"),
      signal,
    });
    const teams: StackReport[] = [];
    for (const name of ["infra", "api"])
      for (const stack of ["staging", "prod"])
        teams.push(
          await bringUp(options, { directory: join(directory, "examples", name), stack, preview: false }),
        );
    return { sources, teams };
  };
  const [rotation, { sources, teams }, ...program] = await Promise.all([
    runRotationDemo({ cloud, directory: join(directory, "examples", "rotation"), signal }),
    besides(),
    base,
    ...["dev", "staging", "prod"].map((stack) =>
      bringUp(options, { directory, stack, project: settings.project, after: base }),
    ),
  ]);
  const stacks = [...program, ...teams];
  const up = stacks.every(({ ok }) => ok);
  if (up) await putValues(cloud, settings.project);
  const environments: EnvironmentReport[] = [];
  for (const { id } of cloud.esc.store.list(cloud.organization)) {
    if (id.project === settings.project) environments.push(await tryEnvironment(cloud, id));
  }
  const trust = up ? await askTrust(cloud, settings) : [];
  const denials = up ? askDenials(cloud, settings) : [];
  const adapter = up ? await askStagingAdapter(cloud, settings) : [];
  const ok =
    up &&
    rotation.ok &&
    sources.ok &&
    environments.every(({ findings, problems }) => findings.length + problems.length === 0) &&
    [...trust, ...denials, ...adapter].every((answer) => answer.ok);
  return { ok, stacks, environments, trust, denials, adapter, rotation, sources };
}

function askDenials({ account }: LaptopCloud, { project, config }: StackSettings): DeployDenial[] {
  return askDeployRole(account, {
    project,
    stage: "staging",
    region: config["aws:region"] ?? account.region,
  });
}

function askStagingAdapter(cloud: LaptopCloud, { project }: StackSettings): Promise<AdapterAnswer[]> {
  const { organization, issuers, routes } = cloud;
  const url = String(cloud.outputs(`${project}/staging`)?.adapterUrl);
  return askAdapter({
    organization,
    project,
    stage: "staging",
    url,
    issuer: issuers.pulumi,
    fetch: routes.fetch,
  });
}

/** Asks for the program that was brought up: its project, and the repository that it lets deploy. */
async function askTrust(cloud: LaptopCloud, { project, config }: StackSettings): Promise<TrustDecision[]> {
  const github = JSON.parse(config[`${project}:github`] ?? "null") as GithubSetting | null;
  if (github === null)
    throw new TypeError(`${project}:github is not configured, so there are no roles to ask for`);
  const [owner = "", name = ""] = github.repository.split("/");
  const { repositoryId, repositoryOwnerId: ownerId } = github;
  return decideTrust({
    cases: trustCases({
      organization: cloud.organization,
      project,
      repository: { owner, name, ownerId, repositoryId },
    }),
    accountId: cloud.account.id,
    aws: cloud.awsClientOptions(config["aws:region"] ?? cloud.account.region),
    decisions: cloud.aws.decisions,
    issuers: Object.values(cloud.issuers),
  });
}

interface GithubSetting {
  readonly repository: string;
  readonly repositoryId?: string;
  readonly repositoryOwnerId?: string;
}

interface BringUp {
  readonly directory: string;
  readonly stack: string;
  /** The project whose `base` says in which role's name; none: the administrator does it. */
  readonly project?: string;
  /** @default true */
  readonly preview?: boolean;
  /** The stack that has to be up before this one. */
  readonly after?: Promise<StackReport>;
}

async function bringUp(
  options: MainJobOptions,
  { directory, stack, project, preview = true, after }: BringUp,
): Promise<StackReport> {
  const roleFor = (operation: Operation) =>
    project === undefined ? undefined : deployRoleOf(options.cloud, { project, stack, operation });
  const run = async (operation: Operation) => {
    const deployment = await options.cloud.deploy({
      as: roleFor(operation),
      directory,
      stack,
      operation,
      signal: options.signal,
      onEvent: (event) => options.onEvent?.(stack, event),
    });
    const { ok, durationMs, project } = deployment;
    options.onProgress?.({ stack: `${project}/${stack}`, operation, ok, durationMs });
    return deployment;
  };
  const first = await after;
  if (first?.ok === false) return notBroughtUp(first, stack);
  const previewed = preview ? await run("preview") : undefined;
  if (previewed?.ok === false) return stackReport(previewed, { previewMs: previewed.durationMs });
  const up = await run("up");
  const role = roleFor("up");
  return {
    ...stackReport(up, { previewMs: previewed?.durationMs, upMs: up.durationMs }),
    ...(role !== undefined && { role }),
  };
}

function notBroughtUp(first: StackReport, stack: string): StackReport {
  const message = `not brought up: it needs ${first.stack}, which failed`;
  const name = first.stack.replace(/[^/]+$/, stack);
  return {
    stack: name,
    ok: false,
    failure: { code: "ERR_ENGINE_ABORTED", message },
    warnings: [],
    resources: [],
  };
}

function stackReport(deployment: Deployment, times: Pick<StackReport, "previewMs" | "upMs">): StackReport {
  const { project, stack, ok, failure, diagnostics, resources } = deployment;
  const warnings = diagnostics.filter(({ severity }) => severity === "warning").map(({ message }) => message);
  return { stack: `${project}/${stack}`, ok, failure, warnings, resources, ...times };
}

/** Checks an environment as it is stored, then opens it. Where that fails, it says what the account saw besides. */
export async function tryEnvironment(cloud: LaptopCloud, id: EnvironmentId): Promise<EnvironmentReport> {
  const { esc } = cloud;
  const name = `${id.project}/${id.name}`;
  const lines = (diagnostics: readonly Diagnostic[]) =>
    diagnostics.map((each) => formatDiagnostic(name, each));
  const report = {
    id: `${id.organization}/${name}`,
    revision: esc.store.read(id).number,
    findings: lines((await esc.check(id)).diagnostics),
  };
  const evidence = watchAccount(cloud.aws);
  try {
    const session = await esc.open(id);
    return { ...report, problems: [], exports: exportedVariables(esc.readSession(id, session.id)) };
  } catch (error) {
    if (!(error instanceof EscServiceError) && !(error instanceof EvaluatorError)) throw error;
    const said = error.diagnostics.length > 0 ? lines(error.diagnostics) : [`${name}: ${error.message}`];
    return { ...report, problems: [...said, ...evidence()], exports: [] };
  }
}
