import type { EscClaims } from "./auth/claims";
import type { AdapterError } from "./errors";

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
  /** The code the caller saw, and the reason the caller did not. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly issuer?: string | undefined;
  readonly organization?: string | undefined;
  /** `project/environment` in which the call is written. */
  readonly environment?: string | undefined;
  readonly rootEnvironment?: string | undefined;
  readonly triggerUser?: string | undefined;
  /** SHA-256 of issuer and `jti`: two records of one token have the same. */
  readonly tokenHash?: string | undefined;
  readonly source?: string | undefined;
  readonly names?: readonly string[] | undefined;
}

/** Something worth saying that is not about one request. */
export interface NoticeRecord {
  readonly level: "info" | "warn" | "error";
  readonly message: "notice";
  readonly reason: string;
}

export type Logger = (record: RequestRecord | NoticeRecord) => void;

/** What becomes known about a request on its way through the checks. */
export interface RequestTrace {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  caller?: EscClaims & {
    readonly environment: string | undefined;
    readonly rootEnvironment: string | undefined;
    readonly tokenHash: string;
  };
  asked?: { readonly source: string; readonly names: readonly string[] };
}

/** The record of a request that has ended; without `error` it was answered. */
export function recordOf(
  { requestId, started, caller, asked }: RequestTrace,
  end: { readonly now: number; readonly status: number; readonly error?: AdapterError },
): RequestRecord {
  return {
    level: end.error === undefined ? "info" : end.status < 500 ? "warn" : "error",
    message: end.error === undefined ? "answered" : "refused",
    requestId,
    status: end.status,
    durationMilliseconds: end.now - started,
    code: end.error?.code,
    reason: end.error?.message,
    issuer: caller?.issuer,
    organization: textOf(caller?.organization),
    environment: caller?.environment,
    rootEnvironment: caller?.rootEnvironment,
    triggerUser: textOf(caller?.triggerUser),
    tokenHash: caller?.tokenHash,
    source: asked?.source,
    names: asked?.names,
  };
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === "string" ? claim : undefined;
}

/** One line of JSON on stdout a record; JSON escapes line ends, so no value can forge a second record. */
export const logToStdout: Logger = (record) => {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), ...record })}\n`);
};
