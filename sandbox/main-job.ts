import { formatDiagnostic } from "../esc/check";
import { type Diagnostic, EvaluatorError } from "../esc/evaluator";
import type { LaptopCloud } from "./cloud";
import type {
  Deployment,
  DeploymentEvent,
  DeploymentFailure,
  Operation,
  ResourceState,
} from "./engine/index";
import { type ExportedVariable, exportedVariables } from "./exported-variables";
import { type EnvironmentId, EscServiceError } from "./pulumi/index";

export interface MainJobOptions {
  readonly cloud: LaptopCloud;
  /** Where the program's `Pulumi.yaml` is. */
  readonly directory: string;
  /** Folders of programs that stand for a team's own stacks, whose outputs the stages read. */
  readonly teamPrograms: readonly string[];
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
}

/**
 * The main job: previews and brings up every stack of the program, then checks and opens every environment that
 * came of it. Stacks go side by side; those whose environments import `base` wait for it to be up.
 *
 * @throws EngineError for a project or stack file that cannot be used.
 */
export async function runMainJob(options: MainJobOptions): Promise<MainJobReport> {
  const { cloud, directory } = options;
  const base = bringUp(options, { directory, stack: "base" });
  const stacks = await Promise.all([
    base,
    ...["dev", "staging", "prod"].map((stack) => bringUp(options, { directory, stack, after: base })),
    ...options.teamPrograms.flatMap((folder) =>
      ["staging", "prod"].map((stack) => bringUp(options, { directory: folder, stack, preview: false })),
    ),
  ]);
  const environments: EnvironmentReport[] = [];
  for (const { id } of cloud.esc.store.list(cloud.organization)) {
    environments.push(await tryEnvironment(cloud, id));
  }
  const ok =
    stacks.every((stack) => stack.ok) &&
    environments.every(({ findings, problems }) => findings.length + problems.length === 0);
  return { ok, stacks, environments };
}

interface BringUp {
  readonly directory: string;
  readonly stack: string;
  /** @default true */
  readonly preview?: boolean;
  /** The stack that has to be up before this one. */
  readonly after?: Promise<StackReport>;
}

async function bringUp(
  options: MainJobOptions,
  { directory, stack, preview = true, after }: BringUp,
): Promise<StackReport> {
  const run = async (operation: Operation) => {
    const deployment = await options.cloud.deploy({
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
  const previewed = preview ? await run("preview") : undefined;
  if (previewed?.ok === false) return stackReport(previewed, { previewMs: previewed.durationMs });
  const first = await after;
  if (first?.ok === false && previewed !== undefined) {
    const message = `not brought up: it needs ${first.stack}, which failed`;
    const failure = { code: "ERR_ENGINE_ABORTED", message } as const;
    return { ...stackReport(previewed, { previewMs: previewed.durationMs }), ok: false, failure };
  }
  const up = await run("up");
  return stackReport(up, { previewMs: previewed?.durationMs, upMs: up.durationMs });
}

function stackReport(deployment: Deployment, times: Pick<StackReport, "previewMs" | "upMs">): StackReport {
  const { project, stack, ok, failure, diagnostics, resources } = deployment;
  const warnings = diagnostics.filter(({ severity }) => severity === "warning").map(({ message }) => message);
  return { stack: `${project}/${stack}`, ok, failure, warnings, resources, ...times };
}

/** Checks an environment as it is stored, then opens it. */
async function tryEnvironment(cloud: LaptopCloud, id: EnvironmentId): Promise<EnvironmentReport> {
  const { esc } = cloud;
  const name = `${id.project}/${id.name}`;
  const lines = (diagnostics: readonly Diagnostic[]) =>
    diagnostics.map((each) => formatDiagnostic(name, each));
  const report = {
    id: `${id.organization}/${name}`,
    revision: esc.store.read(id).number,
    findings: lines((await esc.check(id)).diagnostics),
  };
  try {
    const session = await esc.open(id);
    return { ...report, problems: [], exports: exportedVariables(esc.readSession(id, session.id)) };
  } catch (error) {
    if (error instanceof EscServiceError && error.diagnostics.length > 0) {
      return { ...report, problems: lines(error.diagnostics), exports: [] };
    }
    if (error instanceof EscServiceError || error instanceof EvaluatorError) {
      return { ...report, problems: [`${name}: ${error.message}`], exports: [] };
    }
    throw error;
  }
}
