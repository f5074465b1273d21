import { Worker } from "node:worker_threads";
import { EvaluatorError, type EvaluatorErrorCode } from "./errors";
import { GRACE_MS, IDLE_MEMORY_BYTES, STACK_MB } from "./limits";
import { type EvaluatorFiles, loadEvaluator } from "./locate";

/** JSON texts by name, as the shim writes them; `code` and `message` when the evaluation failed. */
export type RawResult = Readonly<Record<string, string | undefined>>;

/** One request to Go and what answers its callbacks. */
export interface Task {
  readonly request: string;
  /** What is being done to what, for messages. */
  readonly title: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Answers a callback with JSON text. A rejection becomes a diagnostic; an EvaluatorError ends the task. */
  call(op: string, payload: string, signal: AbortSignal): Promise<string | EvaluatorError>;
}

/** `cut` is why the evaluation was ended early; its result then holds what was known by that time. */
export interface Outcome {
  readonly result: RawResult;
  readonly cut?: EvaluatorError | undefined;
}

/** What goes out to providers and rotators may have effects, so a task that made one is not run again. */
const EFFECTS = new Set(["open", "openRotated", "rotate"]);

interface Call {
  readonly id: number;
  readonly task: Task;
  readonly controller: AbortController;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  readonly stopListening: () => void;
  posted: boolean;
  effects: boolean;
  cut?: EvaluatorError;
  timer?: NodeJS.Timeout;
}

interface Thread {
  readonly worker: Worker;
  /** The number of the call that Go is working on, or 0. Shared with the thread. */
  readonly current: Int32Array;
  ready: boolean;
}

type Message =
  | { type: "ready" }
  | { type: "call"; id: number; call: number; op: string; payload: string }
  | { type: "done"; id: number; result: RawResult; memory: number }
  | { type: "crash"; printed: string };

/**
 * The thread that Go runs in: started by the first task, replaced when it goes down or does not give way.
 * Only a task in flight keeps the process alive, by its timer.
 */
export class EvaluatorHost {
  #files: Promise<EvaluatorFiles> | undefined;
  #thread: Thread | undefined;
  #starting = false;
  #lastId = 0;
  readonly #calls = new Map<number, Call>();

  run(task: Task): Promise<Outcome> {
    if (task.signal?.aborted) return Promise.reject(aborted(task));
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#cut(call, aborted(task), "aborted");
      const call: Call = {
        id: ++this.#lastId,
        task,
        controller: new AbortController(),
        resolve,
        reject,
        stopListening: () => task.signal?.removeEventListener("abort", onAbort),
        posted: false,
        effects: false,
      };
      task.signal?.addEventListener("abort", onAbort, { once: true });
      this.#calls.set(call.id, call);
      this.#post();
    });
  }

  /** Hands every waiting call to the thread, once there is one. */
  #post(): void {
    const thread = this.#thread;
    if (!thread?.ready) {
      void this.#start();
      return;
    }
    for (const call of this.#calls.values()) {
      if (call.posted) continue;
      call.posted = true;
      call.timer ??= this.#clock(call);
      thread.worker.postMessage({ type: "run", id: call.id, request: call.task.request });
    }
  }

  #clock(call: Call): NodeJS.Timeout {
    const { title, timeoutMs } = call.task;
    return setTimeout(() => {
      const reason = `timed out after ${timeoutMs} ms`;
      this.#cut(call, new EvaluatorError("ERR_ESC_TIMEOUT", `${title} ${reason}`), reason);
    }, timeoutMs);
  }

  async #start(): Promise<void> {
    if (this.#starting || this.#thread) return;
    this.#starting = true;
    try {
      this.#files ??= loadEvaluator();
      const files = await this.#files;
      this.#thread = this.#open(files);
    } catch (error) {
      this.#files = undefined;
      for (const call of [...this.#calls.values()]) this.#finish(call, () => call.reject(error));
    } finally {
      this.#starting = false;
    }
  }

  #open(files: EvaluatorFiles): Thread {
    const current = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(files.worker, {
      workerData: { module: files.module, wasmExec: files.wasmExec, current },
      resourceLimits: { stackSizeMb: STACK_MB },
      // Nothing of the process reaches the thread, and nothing that it prints reaches the process.
      argv: [],
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    const thread: Thread = { worker, current, ready: false };
    worker.on("message", (message: Message) => this.#receive(thread, message));
    worker.on("error", (error) => this.#down(thread, explainError(error)));
    worker.on("exit", () => this.#down(thread, explainCrash("")));
    return thread;
  }

  #receive(thread: Thread, message: Message): void {
    if (this.#thread !== thread) return;
    switch (message.type) {
      case "ready":
        thread.ready = true;
        thread.worker.unref();
        this.#post();
        break;
      case "call":
        void this.#answer(thread, message);
        break;
      case "done":
        this.#done(thread, message);
        break;
      case "crash":
        this.#down(thread, explainCrash(message.printed));
    }
  }

  async #answer(thread: Thread, message: Message & { type: "call" }): Promise<void> {
    const call = this.#calls.get(message.id);
    if (!call) return;
    call.effects ||= EFFECTS.has(message.op);
    let ok = true;
    let text: string;
    try {
      const answer = await call.task.call(message.op, message.payload, call.controller.signal);
      if (answer instanceof EvaluatorError) {
        this.#cut(call, answer, answer.message);
        return;
      }
      text = answer;
    } catch (error) {
      ok = false;
      text = reasonOf(error);
    }
    if (this.#thread !== thread) return;
    thread.worker.postMessage({ type: "settle", id: message.id, call: message.call, ok, text });
  }

  #done(thread: Thread, message: Message & { type: "done" }): void {
    const call = this.#calls.get(message.id);
    if (call) this.#finish(call, () => call.resolve({ result: message.result, cut: call.cut }));
    if (this.#calls.size === 0 && message.memory > IDLE_MEMORY_BYTES) this.#drop(thread);
  }

  /** Ends a call early: its callbacks fail from now on, and what Go then answers is its outcome. */
  #cut(call: Call, error: EvaluatorError, reason: string): void {
    if (call.cut || !this.#calls.has(call.id)) return;
    call.cut = error;
    call.controller.abort(error);
    clearTimeout(call.timer);
    const thread = this.#thread;
    if (!call.posted || !thread) {
      this.#finish(call, () => call.reject(error));
      return;
    }
    thread.worker.postMessage({ type: "abort", id: call.id, reason });
    call.timer = setTimeout(() => {
      if (Atomics.load(thread.current, 0) === call.id) this.#down(thread, () => error);
      else this.#finish(call, () => call.reject(error));
    }, GRACE_MS);
  }

  #finish(call: Call, settle: () => void): void {
    if (!this.#calls.delete(call.id)) return;
    clearTimeout(call.timer);
    call.stopListening();
    settle();
  }

  /**
   * The thread is lost. The call it was working on, or every call if that is not known, gets the error; the
   * others start again on a new thread unless they have had effects.
   */
  #down(thread: Thread, explain: (task: Task) => EvaluatorError): void {
    if (this.#thread !== thread) return;
    const culprit = Atomics.load(thread.current, 0);
    this.#drop(thread);
    for (const call of [...this.#calls.values()]) {
      if (culprit === 0 || call.id === culprit) this.#finish(call, () => call.reject(explain(call.task)));
      else if (call.cut || call.effects)
        this.#finish(call, () => call.reject(call.cut ?? interrupted(call.task)));
      else call.posted = false;
    }
    if (this.#calls.size > 0) this.#post();
  }

  #drop(thread: Thread): void {
    this.#thread = undefined;
    void thread.worker.terminate();
  }
}

function aborted(task: Task): EvaluatorError {
  return new EvaluatorError("ERR_ESC_ABORTED", `${task.title} was aborted`);
}

function interrupted(task: Task): EvaluatorError {
  return new EvaluatorError(
    "ERR_ESC_INTERRUPTED",
    `${task.title} was interrupted by another evaluation that brought the evaluator down; it had called a provider already, so it was not run again`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : "failed without a message";
}

function explained(code: EvaluatorErrorCode, what: string): (task: Task) => EvaluatorError {
  return (task) => new EvaluatorError(code, `${task.title} ${what}`);
}

/** Go's last words are kept only where they are the runtime's own constant text: a panic may hold a value. */
function explainCrash(printed: string): (task: Task) => EvaluatorError {
  if (/out of memory|cannot allocate memory/.test(printed)) {
    return explained("ERR_ESC_OUT_OF_MEMORY", "needed more than 1 GiB of memory");
  }
  const fatal = /^fatal error: [\w :-]+$/m.exec(printed)?.[0];
  return explained("ERR_ESC_CRASHED", `brought the evaluator down${fatal ? ` (${fatal})` : ""}`);
}

function explainError(error: unknown): (task: Task) => EvaluatorError {
  const { code, message } = error as { code?: string; message?: string };
  if (error instanceof RangeError && /call stack/.test(message ?? "")) {
    return explained("ERR_ESC_TOO_DEEP", "recursed too deeply: its references or its values chain too far");
  }
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    return explained("ERR_ESC_OUT_OF_MEMORY", "needed more memory than JavaScript has");
  }
  return explained("ERR_ESC_CRASHED", "brought the evaluator down");
}
