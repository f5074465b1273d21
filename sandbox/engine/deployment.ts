import type { Operation } from "./cloud";
import type { Change, ResourceState } from "./resource-state";
import type { PropertyMap } from "./values";

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
  /** A provider could not make, change, delete or read a resource. */
  | "ERR_ENGINE_RESOURCE"
  /** What is protected would have to go. */
  | "ERR_ENGINE_PROTECTED"
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

/** What came of one preview, up or destroy. Safe to print and to serialise. */
export interface Deployment {
  readonly operation: Operation;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly ok: boolean;
  /** Absent exactly when `ok`. */
  readonly failure?: DeploymentFailure;
  /** In the order in which they were registered, a parent before its children; then what was deleted. */
  readonly resources: readonly ResourceState[];
  /** How many resources had which change, failed ones and default providers left out. */
  readonly changes: Readonly<Partial<Record<Change, number>>>;
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
