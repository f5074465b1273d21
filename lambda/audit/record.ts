import type { Action } from "../access/rules";
import type { EscClaims } from "../auth/claims";
import type { AdapterError } from "../errors";
import type { NorthflankClaims } from "../northflank/token";
import type { OperationRecord } from "../rotators/operations";
import type { Receipt } from "../rotators/receipt";

/**
 * One record a request, when it ends. Identities appear only once the token's signature and registered claims
 * hold. It never carries a token, a body or a value.
 */
export interface RequestRecord {
  readonly level: "info" | "warn" | "error";
  readonly message: "answered" | "refused";
  readonly requestId: string;
  readonly status: number;
  readonly durationMilliseconds: number;
  /** The first request that this process handles. */
  readonly cold: boolean;
  /** The code the caller saw, and the reason the caller did not. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly issuer?: string | undefined;
  readonly organization?: string | undefined;
  /** `project/environment` in which the call is written. */
  readonly environment?: string | undefined;
  readonly rootEnvironment?: string | undefined;
  readonly triggerUser?: string | undefined;
  /** Northflank's workload. */
  readonly project?: string | undefined;
  readonly object?: string | undefined;
  readonly objectType?: string | undefined;
  /** SHA-256 of issuer and `jti`, or of what Northflank signed: two records of one token have the same. */
  readonly tokenHash?: string | undefined;
  /** `inject`: for Northflank. */
  readonly action?: Action | "inject" | undefined;
  readonly source?: string | undefined;
  readonly names?: readonly string[] | undefined;
  /** True when the source failed and the token may be used once more. */
  readonly tokenReturned?: true | undefined;
  /** True when the issuer cannot be reached and its keys are old, or there are none. */
  readonly staleKeys?: true | undefined;
  /** What became of a rotation, when one was attempted. A request that is given the last answer again has none. */
  readonly rotation?: Receipt | undefined;
}

/** Something worth saying that is not about one request. */
export interface NoticeRecord {
  readonly level: "info" | "warn" | "error";
  readonly message: "notice";
  readonly reason: string;
  /** What was done with rotations, if it is about that. */
  readonly operation?: OperationRecord | undefined;
}

/** Takes every record: one a request, and notices. */
export type Logger = (record: RequestRecord | NoticeRecord) => void;

/** What becomes known about a request on its way through the checks. */
export interface RequestTrace {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly cold: boolean;
  caller?: EscClaims & {
    readonly environment: string | undefined;
    readonly rootEnvironment: string | undefined;
    readonly tokenHash: string;
  };
  workload?: NorthflankClaims & { readonly tokenHash: string };
  asked?: {
    readonly action: Action | "inject";
    /** None where `names` tell their source themselves. */
    readonly source?: string;
    readonly names: readonly string[];
  };
  staleKeys?: true;
  tokenReturned?: true;
  rotation?: Receipt;
}

/** The longest text of a claim or a request that is logged. */
const MAX_TEXT = 256;
const MAX_NAMES = 20;

/** The record of a request that has ended; without `error` it was answered. */
export function recordOf(
  trace: RequestTrace,
  end: { readonly now: number; readonly status: number; readonly error?: AdapterError },
): RequestRecord {
  const { requestId, started, cold, caller, workload, asked, tokenReturned } = trace;
  const { now, status, error } = end;
  return {
    level: error === undefined ? "info" : status < 500 ? "warn" : "error",
    message: error === undefined ? "answered" : "refused",
    requestId,
    status,
    durationMilliseconds: now - started,
    cold,
    code: error?.code,
    reason: error?.message,
    issuer: caller?.issuer,
    organization: textOf(caller?.organization),
    environment: caller?.environment,
    rootEnvironment: caller?.rootEnvironment,
    triggerUser: textOf(caller?.triggerUser),
    project: workload?.projectId,
    object: workload?.nfObjectId,
    objectType: workload?.nfObjectType,
    tokenHash: caller?.tokenHash ?? workload?.tokenHash,
    action: asked?.action,
    source: asked?.source,
    names: asked?.names.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_TEXT)),
    tokenReturned,
    rotation: trace.rotation,
    staleKeys: trace.staleKeys ?? (error?.code === "keys_unavailable" ? true : undefined),
  };
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === "string" ? claim.slice(0, MAX_TEXT) : undefined;
}
