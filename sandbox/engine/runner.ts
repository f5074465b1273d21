import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "./cloud";
import { EngineError } from "./errors";
import { runnerCache } from "./runner-cache";
import type { StackSettings } from "./stack-settings";

/** What a program finds in its environment besides what we set: enough to run Node, and no credential. */
const inheritedVariables = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/** How long the output of a program that has ended may take to arrive, in milliseconds. */
const drainMs = 500;

const preload = path.join(__dirname, "preload.cjs");
const { shortLived } = require("../short-lived.cjs") as { readonly shortLived: readonly string[] };

// The SDK sets the last while it loads, and V8 refuses kept code that was compiled under other options.
const v8Options = [...shortLived, "--allow-natives-syntax"];

/** Whatever ends this process in order, ends the programs too. */
const running = new Set<ChildProcess>();
const killAll = () => running.forEach(killGroup);

export interface RunnerOptions {
  readonly operation: Operation;
  readonly organization: string;
  readonly settings: StackSettings;
  /** Where the monitor and the engine listen. */
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  onLine(stream: "stdout" | "stderr", line: string): void;
}

export interface Runner {
  readonly pid: number | undefined;
  /** How it ended; every process of its group is gone then, and its output has been read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGKILL to the whole process group: a program in an endless loop listens to nothing else. */
  kill(): void;
}

/** How a program is run: it registers its resources at `address`. */
export type StartRunner = (options: RunnerOptions) => Runner;

/**
 * Starts Pulumi's own Node runner (`@pulumi/pulumi/cmd/run`, the one installed beside the program) on the program,
 * as Pulumi's language host does, with the monitor's address. Only type checking is left out (`tsc` does it).
 *
 * @throws EngineError ERR_ENGINE_SDK_MISSING
 */
export function startRunner(options: RunnerOptions): Runner {
  const { settings, onLine } = options;
  const runner = findRunner(settings);
  const child = spawn(process.execPath, [...v8Options, runner, ...runnerArguments(options)], {
    cwd: settings.programDirectory,
    env: { ...runnerEnvironment(options), ...runnerCache(runner) },
    // A group of its own, so that what the program starts can be ended with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => killGroup(child);
  if (running.size === 0) process.on("exit", killAll);
  running.add(child);
  const read = [readLines(child, "stdout", onLine), readLines(child, "stderr", onLine)];
  const ended = new Promise<Awaited<Runner["ended"]>>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      kill();
      void drain(child, read).then(() => resolve({ code, signal }));
    });
  }).finally(() => {
    running.delete(child);
    if (running.size === 0) process.off("exit", killAll);
  });
  return { pid: child.pid, ended, kill };
}

function findRunner({ programDirectory }: StackSettings): string {
  try {
    return createRequire(path.join(programDirectory, "index.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch (cause) {
    const message = "@pulumi/pulumi is not installed beside the program: run `npm ci` in its folder";
    throw new EngineError("ERR_ENGINE_SDK_MISSING", message, { cause });
  }
}

function runnerArguments({ operation, organization, settings, address }: RunnerOptions): string[] {
  return [
    `--monitor=${address}`,
    `--engine=${address}`,
    `--organization=${organization}`,
    `--project=${settings.project}`,
    `--stack=${settings.stack}`,
    `--root-directory=${settings.directory}`,
    `--pwd=${settings.programDirectory}`,
    ...(operation === "preview" ? ["--dry-run"] : []),
    settings.main,
  ];
}

function runnerEnvironment({ settings, environment }: RunnerOptions): NodeJS.ProcessEnv {
  const { config, secretConfig } = settings;
  const opened = Object.entries(secretConfig).map(([key, secret]) => [key, secret.reveal()]);
  return {
    ...Object.fromEntries(inheritedVariables.map((name) => [name, process.env[name]])),
    ...environment,
    NODE_OPTIONS: `--require ${JSON.stringify(preload)}`,
    // Whose end the preload watches for.
    ESCAPEMENT_ENGINE_PID: String(process.pid),
    PULUMI_NODEJS_TYPESCRIPT: String(settings.typescript),
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    PULUMI_CONFIG: JSON.stringify({ ...config, ...Object.fromEntries(opened) }),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(Object.keys(secretConfig)),
  };
}

async function readLines(
  child: ChildProcess,
  stream: "stdout" | "stderr",
  onLine: RunnerOptions["onLine"],
): Promise<void> {
  const input = child[stream];
  if (input === null) return;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    onLine(stream, line);
}

/** Waits for the rest of the output, but not for a process that left the group and holds the pipe open. */
async function drain(child: ChildProcess, read: readonly Promise<void>[]): Promise<void> {
  const waiting = new AbortController();
  const enough = delay(drainMs, undefined, { signal: waiting.signal }).catch(() => {});
  await Promise.race([Promise.allSettled(read), enough]);
  waiting.abort();
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
