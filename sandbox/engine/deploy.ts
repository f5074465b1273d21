import { setTimeout as delay } from "node:timers/promises";
import type { Cloud, Operation } from "./cloud";
import type { Deployment, DeploymentEvent } from "./deployment";
import { DeploymentRecord } from "./record";
import { removeLeftovers } from "./remove-resource";
import { Activity } from "./rpc";
import { type Runner, type StartRunner, startRunner } from "./runner";
import { startServer } from "./server";
import type { StackSettings } from "./stack-settings";
import type { StackState } from "./stack-state";

/** How long a program may go on without a word once the deployment has failed, in milliseconds. */
const graceMs = 1000;
/** How much of what the program printed to stderr is kept to explain a silent death, in lines. */
const keptLines = 50;

/** How long a provider that is at work may go on once the program has ended, in milliseconds. */
const settleMs = 10_000;

export interface DeployOptions {
  readonly operation: Operation;
  readonly organization: string;
  /** From `readStackSettings`. */
  readonly settings: StackSettings;
  readonly cloud: Cloud;
  /** What the stack has, as an earlier deployment told it. Default: nothing. */
  readonly state?: StackState;
  /** Told what the stack has, after each step; not in previews. It is what the cloud has, whatever happens next. */
  readonly onState?: (state: StackState) => void;
  onEvent?(event: DeploymentEvent): void;
  /** Ends the deployment at once, with ERR_ENGINE_ABORTED. Ctrl-C should lead here. */
  readonly signal?: AbortSignal;
  /** Default: 60,000. */
  readonly timeoutMs?: number;
  /** Variables for the program. It inherits none of ours but what Node needs (`PATH`, `HOME`, …). */
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs the program. Default: Pulumi's own runner, in a process of its own. */
  readonly startRunner?: StartRunner | undefined;
}

/**
 * Runs a program, unmodified, with Pulumi's own runner against `cloud`, and changes what the stack has into what the
 * program asks for. A destroy runs no program. Deployments of several stacks may run at once.
 *
 * What goes wrong in the program or the cloud does not throw: it is the deployment's `failure`. When this returns, no
 * process and no file of the run is left.
 *
 * @throws EngineError ERR_ENGINE_SDK_MISSING
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { signal, timeoutMs = 60_000, environment = {} } = options;
  const record = new DeploymentRecord(options);
  if (signal?.aborted) {
    record.fail("ERR_ENGINE_ABORTED", "interrupted before it began");
    return record.toDeployment();
  }
  if (options.operation === "destroy") await destroy(record, signal);
  else await runProgram(record, { ...options, timeoutMs, environment });
  return record.toDeployment();
}

async function destroy(record: DeploymentRecord, signal: AbortSignal | undefined): Promise<void> {
  await removeUntil(record, signal);
  record.finish();
}

/** A deletion that has begun is brought to its end; after Ctrl-C none begins. */
async function removeUntil(record: DeploymentRecord, signal: AbortSignal | undefined): Promise<void> {
  const abort = () => record.fail("ERR_ENGINE_ABORTED", "interrupted");
  signal?.addEventListener("abort", abort, { once: true });
  await removeLeftovers(record).finally(() => signal?.removeEventListener("abort", abort));
}

async function runProgram(
  record: DeploymentRecord,
  options: DeployOptions & Required<Pick<DeployOptions, "timeoutMs" | "environment">>,
): Promise<void> {
  const { timeoutMs, environment, signal } = options;
  noteEnvironments(record);
  const activity = new Activity();
  const server = await startServer(record, activity);
  const stderr: string[] = [];
  try {
    const start = options.startRunner ?? startRunner;
    const runner = start({
      ...options,
      environment,
      address: server.address,
      onLine(stream, line) {
        if (stream === "stderr" && stderr.length < keptLines) stderr.push(line);
        record.printed(stream, line);
      },
    });
    const stopWatching = watch({ runner, record, activity, timeoutMs, signal });
    const { code, signal: killedBy } = await runner.ended.finally(stopWatching);
    if (code !== 0 || !record.finished) record.failUnexplained(explainEnd(code, killedBy, stderr));
    // Nothing is deleted for a program that did not say all it wants.
    if (record.failure === undefined) await removeUntil(record, signal);
    record.finish();
  } finally {
    record.cancel.abort();
    await Promise.race([activity.settled(), delay(settleMs, undefined, { ref: false })]);
    server.close();
  }
}

function noteEnvironments(record: DeploymentRecord): void {
  const { environments, stack } = record.options.settings;
  if (environments.length === 0) return;
  const names = environments.join(", ");
  record.diagnose(
    "info",
    `Pulumi.${stack}.yaml imports ${names}: give what it needs of them as --config key=value`,
  );
}

/** Ends the runner when its time is up, when the caller says so, and when it has failed and gone quiet. */
function watch(options: {
  readonly runner: Runner;
  readonly record: DeploymentRecord;
  readonly activity: Activity;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}): () => void {
  const { runner, record, activity, timeoutMs, signal } = options;
  let grace: NodeJS.Timeout | undefined;
  const overrun = setTimeout(() => {
    record.fail("ERR_ENGINE_TIMEOUT", `the program did not end within ${timeoutMs / 1000} s and was killed`);
    runner.kill();
  }, timeoutMs);
  const abort = () => {
    record.fail("ERR_ENGINE_ABORTED", "interrupted");
    runner.kill();
  };
  signal?.addEventListener("abort", abort, { once: true });
  activity.onBusy = () => clearTimeout(grace);
  activity.onIdle = () => {
    clearTimeout(grace);
    if (record.failure !== undefined) grace = setTimeout(() => runner.kill(), graceMs);
  };
  return () => {
    clearTimeout(overrun);
    clearTimeout(grace);
    signal?.removeEventListener("abort", abort);
    activity.onIdle = () => {};
  };
}

/** Why a program ended that reported no error itself: the first error it printed, or how it ended. */
function explainEnd(code: number | null, killedBy: NodeJS.Signals | null, stderr: readonly string[]): string {
  const start = stderr.findIndex((line) => /error|failed/i.test(line));
  if (start !== -1) return stderr.slice(start).join("\n");
  if (killedBy !== null) return `the program was ended by ${killedBy}`;
  return `the program ended with exit code ${code} before it was done: does it call process.exit()?`;
}
