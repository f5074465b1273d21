import type { Operation } from "./cloud.js";
import type { PropertyMap } from "./values.js";

/** An earlier identity of a resource: a whole URN, or the parts that differed. */
export type ResourceAlias =
  | { readonly urn: string }
  | {
      readonly name?: string;
      readonly type?: string;
      readonly stack?: string;
      readonly project?: string;
      readonly parent?: string;
      readonly noParent?: boolean;
    };

/** One resource of a stack. Everything in it is safe to print: secrets show as `[secret]`. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  /** Managed by a provider; components are not. */
  readonly custom: boolean;
  /** A component that a provider built. */
  readonly remote: boolean;
  /** What the deployment does to it; `read` belongs to somebody else. */
  readonly change: "create" | "read";
  /** Set when the change failed. */
  readonly failed?: true;
  /** Custom resources only; unknown (absent) in preview. */
  readonly id?: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  /** `<urn>::<id>` of its provider. */
  readonly provider?: string;
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs by input property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly options: ResourceOptions;
  /** `file:line` of the program's line that asked for it, when the SDK says so. */
  readonly where?: string;
}

/** What the program asked for besides inputs. Absent: not asked for. */
export interface ResourceOptions {
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly deletedWith?: string;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: PropertyMap[string];
  readonly additionalSecretOutputs?: readonly string[];
  readonly hideDiffs?: readonly string[];
  readonly aliases?: readonly ResourceAlias[];
  readonly customTimeouts?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
}

/** Something the program or the engine said, on one line. */
export interface Diagnostic {
  readonly severity: "info" | "warning" | "error";
  readonly message: string;
  readonly urn?: string;
}

export type FailureCode =
  /** The program threw, or logged an error. */
  | "ERR_ENGINE_PROGRAM"
  /** The program asked for something that the engine or the cloud does not know. */
  | "ERR_ENGINE_REFUSED"
  /** A provider could not make or read a resource. */
  | "ERR_ENGINE_RESOURCE"
  | "ERR_ENGINE_TIMEOUT"
  | "ERR_ENGINE_ABORTED"
  /** A bug of ours. */
  | "ERR_ENGINE_INTERNAL";

/** The first thing that went wrong: what, and where, on one line. */
export interface DeploymentFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly urn?: string;
}

/** What came of one preview or up. Safe to print and to serialise. */
export interface Deployment {
  readonly operation: Operation;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly ok: boolean;
  /** Absent exactly when `ok`. */
  readonly failure?: DeploymentFailure;
  /** In the order in which they were registered: a parent before its children. */
  readonly resources: readonly ResourceState[];
  /** The stack's outputs, secrets as `Secret`. */
  readonly outputs: PropertyMap;
  readonly diagnostics: readonly Diagnostic[];
  readonly durationMs: number;
}

/** What is told while a deployment runs. */
export type DeploymentEvent =
  /** `started` and then `done`; a resource whose change failed has `failed` set. */
  | { readonly kind: "resource"; readonly phase: "started" | "done"; readonly resource: ResourceState }
  | { readonly kind: "diagnostic"; readonly diagnostic: Diagnostic }
  /** A line that the program printed. */
  | { readonly kind: "output"; readonly stream: "stdout" | "stderr"; readonly line: string };
