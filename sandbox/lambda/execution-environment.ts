import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Session } from "../aws/account";
import type { FunctionCode, FunctionConfiguration, LambdaFunction } from "../aws/functions";
import type { RouteTable } from "../routes";
import { keep, release } from "./keeper";
import { functionVariables } from "./variables";

const runtime = path.join(__dirname, "runtime.cjs");
/** Source: Lambda developer guide, "Lambda execution environment", init phase. */
const initMilliseconds = 10_000;

/** Whatever ends this process in order, ends the functions too; the keeper is for the rest. */
const running = new Set<ExecutionEnvironment>();
const killAll = () => {
  for (const environment of running) environment.kill();
};

export interface ExecutionEnvironmentOptions {
  readonly fn: LambdaFunction;
  /** Of the function's role. */
  readonly session: Session & { readonly expiresAt: Date };
  readonly endpointUrl: string;
  readonly logStream: string;
  /** Receives every line that the function prints, and what Lambda has to say about it. */
  readonly onLine: (line: string) => void;
}

/** One request to a function. */
export interface Invocation {
  readonly requestId: string;
  readonly event: object;
  /** Where the function may go now. */
  readonly routes: RouteTable;
  /** How far the function's clock is ahead of this machine's, in milliseconds. */
  readonly clockOffset: number;
}

/** What came of it: the handler's answer, or nothing but a log that says why. */
export type Outcome = { readonly answered: true; readonly result: unknown } | { readonly answered: false };

type Message =
  | { readonly kind: "ready" | "failed" | "exited" | "timed-out" }
  | { readonly kind: "answered"; readonly result: string };

/**
 * A process that runs one function, with the code and the configuration it had then, in a folder of its own. It
 * takes one request at a time.
 */
export class ExecutionEnvironment {
  readonly code: FunctionCode;
  readonly configuration: FunctionConfiguration;
  readonly expiresAt: Date;
  private readonly options: ExecutionEnvironmentOptions;
  private readonly folder: string;
  private readonly child: ChildProcess;
  private started: Promise<Message> | undefined;
  private killed = false;

  constructor(options: ExecutionEnvironmentOptions) {
    const { fn, session, onLine } = options;
    this.options = options;
    this.code = fn.code;
    this.configuration = fn.configuration;
    this.expiresAt = session.expiresAt;
    this.folder = mkdtempSync(path.join(tmpdir(), "escapement-lambda-"));
    if (running.size === 0) process.on("exit", killAll);
    running.add(this);

    const taskFolder = path.join(this.folder, "task");
    const temporaryFolder = path.join(this.folder, "tmp");
    mkdirSync(temporaryFolder);
    for (const [name, contents] of this.code.files) {
      const file = path.join(taskFolder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
    this.child = fork(runtime, {
      cwd: taskFolder,
      env: functionVariables({ ...options, taskFolder, temporaryFolder }),
      execArgv: [],
      // A group of its own: Ctrl-C is for us, and what the function starts ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    if (this.child.pid !== undefined) keep(this.child.pid, this.folder);
    this.child.on("error", ({ message }) => onLine(`sandbox: ${message}`));
    for (const input of [this.child.stdout, this.child.stderr]) {
      if (input) createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
    }
  }

  /** Whether it can take another request. */
  get isUsable(): boolean {
    return !this.killed && !this.hasExited;
  }

  /** Hands one request over. */
  async invoke({ requestId, event, routes, clockOffset }: Invocation): Promise<Outcome> {
    this.started ??= this.exchange({ kind: "start", routes, clockOffset }, initMilliseconds);
    const start = await this.started;
    if (start.kind !== "ready") {
      // Lambda loads the code anew for the next request. What this one said of its end is read to the last line.
      this.kill();
      await this.closed();
      return this.fail(requestId, start, initMilliseconds);
    }

    const milliseconds = this.configuration.timeoutSeconds * 1000;
    const message = await this.exchange(
      {
        kind: "invoke",
        event,
        routes,
        clockOffset,
        context: this.contextOf(requestId),
        deadline: Date.now() + clockOffset + milliseconds,
      },
      milliseconds,
    );
    await readOutput();
    if (message.kind !== "answered") return this.fail(requestId, message, milliseconds);
    return { answered: true, result: JSON.parse(message.result) };
  }

  /** Ends the process, whatever it is doing, and removes the folder. */
  async stop(): Promise<void> {
    this.kill();
    await this.closed();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Waits until the process is gone and everything that it wrote has been read. */
  private async closed(): Promise<void> {
    if (this.child.pid !== undefined && !this.hasExited) await once(this.child, "exit");
    const closed = this.isClosed ? undefined : once(this.child, "close");
    // A process that left the group may hold the pipes open.
    await Promise.race([closed, wait(500, undefined, { ref: false })]);
    await readOutput();
  }

  /** The part of `stop` that takes no time. */
  kill(): void {
    this.killed = true;
    running.delete(this);
    if (running.size === 0) process.off("exit", killAll);
    const { pid } = this.child;
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // Nobody is left in the group.
    }
    rmSync(this.folder, { recursive: true, force: true });
    if (pid !== undefined) release(pid);
  }

  private get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private get isClosed(): boolean {
    return this.hasExited && this.child.stdout?.closed === true && this.child.stderr?.closed === true;
  }

  private fail(requestId: string, { kind }: Message, milliseconds: number): Outcome {
    const { onLine } = this.options;
    if (kind === "timed-out") {
      onLine(
        `${new Date().toISOString()} ${requestId} Task timed out after ${(milliseconds / 1000).toFixed(2)} seconds`,
      );
      this.kill();
    }
    if (kind === "exited") {
      const { exitCode, signalCode } = this.child;
      const how = signalCode === null ? `exit status ${exitCode}` : `signal: ${signalCode}`;
      onLine(`RequestId: ${requestId} Error: Runtime exited with error: ${how} Runtime.ExitError`);
    }
    return { answered: false };
  }

  /** Sends a task and waits for what the process says to it. */
  private async exchange(task: object, milliseconds: number): Promise<Message> {
    if (this.hasExited) return { kind: "exited" };
    const controller = new AbortController();
    const { signal } = controller;
    try {
      const message = Promise.race([
        once(this.child, "message", { signal }).then(([received]) => received as Message),
        once(this.child, "exit", { signal }).then((): Message => ({ kind: "exited" })),
        wait(milliseconds, { kind: "timed-out" } as const, { signal }),
      ]);
      // Whether it went well shows in the answer.
      this.child.send(task, () => {});
      return await message;
    } finally {
      controller.abort();
    }
  }

  private contextOf(requestId: string): object {
    const { fn, logStream } = this.options;
    return {
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: true,
      functionName: fn.name,
      functionVersion: "$LATEST",
      invokedFunctionArn: fn.arn,
      logGroupName: this.configuration.logGroupName,
      logStreamName: logStream,
      memoryLimitInMB: String(this.configuration.memoryMegabytes),
    };
  }
}

/** What was printed before an answer was sent may be read after it. */
async function readOutput(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
