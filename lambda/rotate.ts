import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AdapterError } from "./errors";
import { onlyKey, parseObject } from "./request-body";
import type { Credential } from "./rotators/credential";
import { DEFAULT_ROTATION_LIMITS, rotate } from "./rotators/engine";
import type { ConnectedRotators } from "./rotators/index";
import type { Journal } from "./rotators/journal";
import type { PreparedCall } from "./sources/define-source";

export interface RotationOptions {
  readonly rotators: ConnectedRotators;
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a request may take at most: nothing of it is at work after that. */
  readonly requestMilliseconds: number;
}

/** Reads a body as ESC posts it for `fn::rotate::external`, for an environment `organization/project/name`. */
export type PrepareRotation = (
  body: Uint8Array,
  owner: string,
) => { readonly source: string; readonly call: PreparedCall };

/** A call that was cut off is still at work until its process is: this is for how long after its time. */
const MARGIN_MILLISECONDS = 5_000;

/**
 * What makes a call of the body `{ request, state }`: `request` is an object whose `rotator` names the rotator (it may be
 * left out when only one is configured), `target` one of its targets, and whose other members are the
 * rotator's own; `state` is ESC's `state.current`, the last answer, and null the first time.
 *
 * What it prepares throws AdapterError request_invalid_json, request_invalid.
 */
export function createRotation({
  rotators,
  journal,
  now,
  requestMilliseconds,
}: RotationOptions): PrepareRotation {
  const limits = {
    ...DEFAULT_ROTATION_LIMITS,
    leaseMilliseconds: requestMilliseconds + MARGIN_MILLISECONDS,
  };
  const clock = { now, sleep: (milliseconds: number) => sleep(milliseconds) };

  return (body, owner) => {
    const { request, state, ...others } = parseObject(body);
    if (Object.keys(others).length > 0 || !isObject(request) || !(state === null || isObject(state))) {
      throw new AdapterError(
        "request_invalid",
        "the body is not { request, state } of objects, or state null",
      );
    }
    const { rotator: named, target: name, ...own } = request;
    const rotator = named ?? onlyKey(rotators);
    const targets = typeof rotator === "string" ? rotators.get(rotator) : undefined;
    const connected = typeof name === "string" ? targets?.get(name) : undefined;
    if (typeof rotator !== "string" || typeof name !== "string" || connected === undefined) {
      throw new AdapterError("request_invalid", "the request names no configured rotator and target");
    }
    const target = connected.prepare(own);
    const ports = { journal, target, clock, newId: randomUUID, limits };
    const call = { target: `${rotator}/${name}`, owner, state };
    return { source: rotator, call: { names: [name], fetch: () => rotate(ports, call) } };
  };
}

function isObject(value: unknown): value is Credential {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
