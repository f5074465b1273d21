import type { CallContext, Cloud, Operation } from "./cloud";
import type { Deployment, DeploymentEvent, DeploymentFailure, Diagnostic, FailureCode } from "./deployment";
import { toOneLine } from "./one-line";
import { Redactor } from "./redactor";
import type { ResourceState } from "./resource-state";
import type { StackSettings } from "./stack-settings";
import type { PropertyMap } from "./values";

export interface RecordOptions {
  readonly operation: Operation;
  readonly organization: string;
  readonly settings: StackSettings;
  readonly cloud: Cloud;
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
  readonly #resources = new Map<string, ResourceState>();
  readonly #diagnostics: Diagnostic[] = [];
  #failure: DeploymentFailure | undefined;
  readonly #started = Date.now();

  constructor(options: RecordOptions) {
    this.options = options;
    Object.values(options.settings.secretConfig).forEach((secret) => {
      this.redactor.learn(secret);
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
    return {
      operation,
      organization,
      project: settings.project,
      stack: settings.stack,
      ok: this.#failure === undefined,
      ...(this.#failure && { failure: this.#failure }),
      resources: [...this.#resources.values()],
      outputs: this.outputs,
      diagnostics: this.#diagnostics,
      durationMs: Date.now() - this.#started,
    };
  }
}

function sameDiagnostic(one: Diagnostic, other: Diagnostic): boolean {
  return one.severity === other.severity && one.message === other.message && one.urn === other.urn;
}
