import { randomUUID } from "node:crypto";
import { type RotateOptions, rotate } from "../../esc/evaluator/index";
import type { Diagnostic, Rotation } from "../../esc/evaluator/types";
import type { EnvironmentStore } from "./environment-store";
import type { EnvironmentId } from "./names";

/** What one rotation of an environment came to, in the words of the Go client's `SecretRotationEvent`. */
export interface RotationEvent {
  readonly id: string;
  /** ISO 8601 */
  readonly created: string;
  readonly completed: string;
  readonly status: "succeeded" | "failed";
  readonly preRotationRevision: number;
  /** The revision with the new states. Absent when nothing was rotated. */
  readonly postRotationRevision?: number;
  /** Each rotator that was to be rotated, by its place below `values`. */
  readonly rotations: readonly {
    readonly environmentPath: string;
    readonly status: "succeeded" | "failed";
    readonly errorMessage?: string;
  }[];
  /** What else was found. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface RotateEnvironment {
  readonly id: EnvironmentId;
  readonly store: EnvironmentStore;
  readonly evaluation: Omit<RotateOptions, "yaml">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Adapters have half a minute each. */
const ROTATE_MILLISECONDS = 60_000;

/**
 * Rotates an environment and writes the new states into its definition as a new revision, encrypted. It is written
 * whatever else went wrong: a state that is lost is one that only the adapter still has. Somebody who edits the definition
 * meanwhile wins, and the next rotation is given the lost state again.
 *
 * @throws {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_CONFLICT} {ERR_ESC_SERVICE_TOO_LARGE}
 */
export async function rotateEnvironment(options: RotateEnvironment): Promise<RotationEvent> {
  const { id, store, evaluation, now } = options;
  const created = new Date(now()).toISOString();
  const before = store.read(id);
  const result = await rotate({ ...evaluation, yaml: before.yaml, timeoutMs: ROTATE_MILLISECONDS });
  const after =
    result.yaml === undefined ? undefined : await store.update(id, result.yaml, { ifMatch: before.etag });
  const rotations = result.rotations.map(describe);
  // What else does not open, such as a rotator whose turn it was not, is no failure of these.
  const failed =
    rotations.length === 0 ? result.hasErrors : rotations.some(({ status }) => status === "failed");
  return {
    id: randomUUID(),
    created,
    completed: new Date(now()).toISOString(),
    status: failed ? "failed" : "succeeded",
    preRotationRevision: before.number,
    ...(after && { postRotationRevision: after.number }),
    rotations,
    diagnostics: result.diagnostics,
  };
}

function describe({ path, status, diagnostics }: Rotation): RotationEvent["rotations"][number] {
  const environmentPath = path.replace(/^values\.?/, "");
  if (status === "succeeded") return { environmentPath, status };
  const errorMessage =
    diagnostics.map(({ summary }) => summary).join("; ") || "its inputs cannot be evaluated";
  return { environmentPath, status: "failed", errorMessage };
}
