import type { Operation } from "./cloud";
import type { ResourceState } from "./resource-state";
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
