import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AdapterError } from "./errors";
import { onlyKey, parseObject } from "./request-body";
import type { Credential } from "./rotators/credential";
import { DEFAULT_ROTATION_LIMITS, type RotationPorts, rotate } from "./rotators/engine";
import type { ConnectedRotators } from "./rotators/index";
import { DEFAULT_EXPECTATION, type Expectation, type InspectedTarget } from "./rotators/inspect";
import type { Journal } from "./rotators/journal";
import { type OperationRecord, operate } from "./rotators/operations";
import type { Announce, Receipt } from "./rotators/receipt";
import type { PreparedCall } from "./sources/define-source";

export interface RotationOptions {
  readonly rotators: ConnectedRotators;
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a request may take at most: nothing of it is at work after that. */
  readonly requestMilliseconds: number;
  /** Tells who uses credentials. @default nobody is told */
  readonly announce?: Announce | undefined;
  /** `organization/project/name` of the environment that rotates a target, by `rotator/target`. */
  readonly owners: ReadonlyMap<string, string>;
  /** When rotations are expected, by `rotator/target`. @default DEFAULT_EXPECTATION */
  readonly expectations?: Readonly<Record<string, Partial<Expectation>>> | undefined;
  /** Hears of every operation. */
  readonly log: (level: "info" | "warn" | "error", record: OperationRecord) => void;
}

/** Who has ESC rotate, and who wants to hear what became of it. */
export interface RotationCaller {
  /** `organization/project/name` */
  readonly owner: string;
  readonly requestedBy?: string | undefined;
  readonly onReceipt?: (receipt: Receipt) => void;
}

/** Reads a body as ESC posts it for `fn::rotate::external`. */
export type PrepareRotation = (
  body: Uint8Array,
  caller: RotationCaller,
) => { readonly source: string; readonly call: PreparedCall };

/** All that a function that rotates does. */
export interface Rotating {
  readonly prepare: PrepareRotation;
  /** What the person on call asks. @see Operation */
  readonly operate: (operation: unknown) => Promise<object>;
}

/** A call that was cut off is still at work until its process is: this is for how long after its time. */
const MARGIN_MILLISECONDS = 5_000;

/**
 * What makes a call of the body `{ request, state }`: `request` is an object whose `rotator` names the rotator (it may be
 * left out when only one is configured), `target` one of its targets, and whose other members are the
 * rotator's own; `state` is ESC's `state.current`, the last answer, and null the first time.
 *
 * What it prepares throws AdapterError request_invalid_json, request_invalid.
 */
export function createRotation(options: RotationOptions): Rotating {
  const { rotators, journal, now, requestMilliseconds, announce } = options;
  const shared: Omit<RotationPorts, "target"> = {
    journal,
    clock: { now, sleep: (milliseconds: number) => sleep(milliseconds) },
    newId: randomUUID,
    limits: {
      ...DEFAULT_ROTATION_LIMITS,
      leaseMilliseconds: requestMilliseconds + MARGIN_MILLISECONDS,
    },
    announce,
  };

  return {
    prepare(body, { owner, requestedBy, onReceipt }) {
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
      const ports = { ...shared, target: connected.prepare(own), onReceipt };
      const call = { target: `${rotator}/${name}`, owner, state, requestedBy };
      return { source: rotator, call: { names: [name], fetch: () => rotate(ports, call) } };
    },
    operate: (operation) =>
      operate(operation, { targets: inspectedTargets(options), ports: shared, log: options.log }),
  };
}

/** A rotator whose requests have members of their own is asked without them. */
function inspectedTargets({
  rotators,
  owners,
  announce,
  expectations = {},
}: RotationOptions): InspectedTarget[] {
  return [...rotators].flatMap(([rotator, targets]) =>
    [...targets].flatMap(([name, connected]) => {
      const id = `${rotator}/${name}`;
      const environment = owners.get(id);
      // Nobody may rotate it.
      if (environment === undefined) return [];
      const expectation = { ...DEFAULT_EXPECTATION, ...expectations[id] };
      const told = announce !== undefined;
      return [{ id, environment, target: () => connected.prepare({}), expectation, told }];
    }),
  );
}

function isObject(value: unknown): value is Credential {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
