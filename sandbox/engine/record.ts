import type { CallContext, Cloud, Operation } from "./cloud";
import type { Deployment, DeploymentEvent, DeploymentFailure, Diagnostic, FailureCode } from "./deployment";
import { toOneLine } from "./one-line";
import { Redactor } from "./redactor";
import type { Change, ResourceState } from "./resource-state";
import type { StackSettings } from "./stack-settings";
import { isDefaultProvider, StackProgress, type StackState } from "./stack-state";
import type { PropertyMap } from "./values";

export interface RecordOptions {
  readonly operation: Operation;
  readonly organization: string;
  readonly settings: StackSettings;
  readonly cloud: Cloud;
  /** What the stack has. Default: nothing. */
  readonly state?: StackState;
  /**
   * Told what the stack has whenever that has changed and no provider is at work: then cloud and state agree. Not in
   * previews.
   */
  readonly onState?: (state: StackState) => void;
  readonly onEvent?: (event: DeploymentEvent) => void;
}

/** Everything known about one deployment while it runs. All text that enters it is redacted here. */
export class DeploymentRecord {
  readonly options: RecordOptions;
  readonly redactor = new Redactor();
  /** Ends what providers are still doing when the deployment is over. */
  readonly cancel = new AbortController();
  outputs: PropertyMap = {};
  /** Set once the program has run to its end and told so. */
  finished = false;
  rootUrn = "";
  readonly stack: StackProgress;
  /** URNs of resources that the stack had under another URN, to that one. */
  readonly renamed = new Map<string, string>();
  /** URNs of the resources that this deployment replaces. */
  readonly replaced = new Set<string>();
  readonly #resources = new Map<string, ResourceState>();
  readonly #removed: ResourceState[] = [];
  /** Calls into the cloud that have not come back. */
  #calls = 0;
  #stateChanged = false;
  readonly #diagnostics: Diagnostic[] = [];
  /** What the program logged as errors. */
  readonly #errors = new Set<string>();
  #failure: DeploymentFailure | undefined;
  readonly #started = Date.now();

  constructor(options: RecordOptions) {
    this.options = options;
    Object.values(options.settings.secretConfig).forEach((secret) => {
      this.redactor.learn(secret);
    });
    for (const { inputs, outputs } of options.state?.resources ?? []) {
      this.redactor.learn(inputs);
      this.redactor.learn(outputs);
    }
    this.stack = new StackProgress(options.state, () => {
      this.#stateChanged = true;
      this.#tellState();
    });
  }

  get failure(): DeploymentFailure | undefined {
    return this.#failure;
  }

  resource(urn: string): ResourceState | undefined {
    return this.#resources.get(urn);
  }

  context(): Omit<CallContext, "provider"> {
    const { operation, organization, settings } = this.options;
    const { project, stack, programDirectory } = settings;
    return {
      operation,
      organization,
      project,
      stack,
      directory: programDirectory,
      signal: this.cancel.signal,
    };
  }

  /** Adds the resource, or replaces what was known of it. */
  put(resource: ResourceState, phase: "started" | "done"): void {
    this.redactor.learn(resource.inputs);
    this.redactor.learn(resource.outputs);
    this.#resources.set(resource.urn, resource);
    this.#emit({ kind: "resource", phase, resource });
  }

  /** Shows that a resource has left the stack, or is about to. */
  remove(resource: ResourceState, phase: "started" | "done"): void {
    if (phase === "done") this.#removed.push(resource);
    this.#emit({ kind: "resource", phase, resource });
  }

  /** Calls into the cloud and notes what came of it: in between, the state would not be the cloud's. */
  async during<T>(call: () => Promise<T> | T): Promise<T> {
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.#calls -= 1;
      this.#tellState();
    }
  }

  #tellState(): void {
    if (!this.#stateChanged || this.#calls > 0) return;
    this.#stateChanged = false;
    this.#tell(this.stack.previousOutputs);
  }

  #tell(outputs: PropertyMap): void {
    const { operation, onState } = this.options;
    if (operation !== "preview") onState?.({ resources: this.stack.current(), outputs });
  }

  /** The stack's outputs are this deployment's only once all of it is done. */
  finish(): void {
    if (this.#failure === undefined) this.#tell(this.outputs);
  }

  /** Something went wrong. The first failure is the deployment's; the others are kept as diagnostics. */
  fail(code: FailureCode, text: string, urn?: string): void {
    const diagnostic = this.diagnose("error", text.trim() || "an error without a message", urn);
    if (diagnostic !== undefined)
      this.#failure ??= { code, message: diagnostic.message, ...(urn && { urn }) };
  }

  /** The program ended badly; says so unless it is known already why. */
  failUnexplained(text: string): void {
    if (this.#failure === undefined) this.fail("ERR_ENGINE_PROGRAM", text);
  }

  /** The error was reported already, and is repeated behind what Pulumi puts before it. */
  isRepeated(text: string): boolean {
    const message = this.redactor.redact(text);
    if ([...this.#errors].some((known) => message.includes(known))) return true;
    this.#errors.add(message);
    return false;
  }

  /** Keeps what was said, on one line and without secrets. The same thing said twice is kept once. */
  diagnose(severity: Diagnostic["severity"], text: string, urn?: string): Diagnostic | undefined {
    const message = toOneLine(this.redactor.redact(text), this.options.settings.directory);
    const diagnostic = { severity, message, ...(urn && { urn }) };
    if (message === "" || this.#diagnostics.some((other) => sameDiagnostic(other, diagnostic)))
      return undefined;
    this.#diagnostics.push(diagnostic);
    this.#emit({ kind: "diagnostic", diagnostic });
    return diagnostic;
  }

  printed(stream: "stdout" | "stderr", line: string): void {
    this.#emit({ kind: "output", stream, line: this.redactor.redact(line) });
  }

  /** A provider may still be busy when the deployment is over: nobody is told any more. */
  #emit(event: DeploymentEvent): void {
    if (!this.cancel.signal.aborted) this.options.onEvent?.(event);
  }

  toDeployment(): Deployment {
    const { operation, organization, settings } = this.options;
    const resources = [...this.#resources.values(), ...this.#removed];
    return {
      operation,
      organization,
      project: settings.project,
      stack: settings.stack,
      ok: this.#failure === undefined,
      ...(this.#failure && { failure: this.#failure }),
      resources,
      changes: countChanges(resources),
      outputs: this.outputs,
      diagnostics: this.#diagnostics,
      durationMs: Date.now() - this.#started,
    };
  }
}

function countChanges(resources: readonly ResourceState[]): Partial<Record<Change, number>> {
  const counts: Partial<Record<Change, number>> = {};
  for (const resource of resources) {
    if (resource.failed || isDefaultProvider(resource)) continue;
    counts[resource.change] = (counts[resource.change] ?? 0) + 1;
  }
  return counts;
}

function sameDiagnostic(one: Diagnostic, other: Diagnostic): boolean {
  return one.severity === other.severity && one.message === other.message && one.urn === other.urn;
}
