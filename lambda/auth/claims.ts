import { AdapterError } from "../errors";
import type { Signed } from "./signature";

/**
 * The claims of ESC's token that the adapter uses, once the registered ones have been checked. Names and
 * meaning: https://www.pulumi.com/docs/esc/integrations/dynamic-secrets/external/ . `sub` and `env` are left
 * out: both are the literal `<yaml>` when a stack imports the environment, so nothing is decided on them.
 */
export interface EscClaims {
  readonly issuer: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly organization: unknown;
  readonly currentEnvironment: unknown;
  readonly rootEnvironment: unknown;
  readonly triggerUser: unknown;
  readonly bodyHash: unknown;
}

export interface ClaimPolicy {
  readonly audience: string;
  readonly clockSkewSeconds: number;
  readonly tokenLifetimeSeconds: number;
  /** Seconds since 1970. */
  readonly now: number;
}

const MAX_ID_LENGTH = 256;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Checks issuer, audience, times and id of a payload whose signature holds.
 *
 * @throws {AdapterError} token_claims_malformed, token_issuer, token_audience, token_expired,
 *   token_not_yet_valid, token_lifetime
 */
export function checkClaims({ payload, issuers }: Signed, policy: ClaimPolicy): EscClaims {
  const claims = parseClaims(payload);
  const issuer = checkIssuer(claims.iss, issuers);
  // A list of audiences is refused even when ours is in it: such a token is valid somewhere else, too.
  if (claims.aud !== policy.audience) {
    throw new AdapterError("token_audience", `the token is for ${show(claims.aud)}`);
  }
  const expires = checkTimes(claims, policy);
  const id = claims.jti;
  if (typeof id !== "string" || id.length === 0 || id.length > MAX_ID_LENGTH) {
    throw new AdapterError("token_claims_malformed", "the token has no usable jti");
  }
  return {
    issuer,
    id,
    expires,
    organization: claims.org,
    currentEnvironment: claims.current_env,
    rootEnvironment: claims.root_env,
    triggerUser: claims.trigger_user,
    bodyHash: claims.body_hash,
  };
}

/** @throws {AdapterError} token_claims_malformed */
export function parseClaims(payload: Uint8Array): Readonly<Record<string, unknown>> {
  let claims: unknown;
  try {
    claims = JSON.parse(utf8.decode(payload));
  } catch {
    claims = undefined;
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new AdapterError("token_claims_malformed", "the token's payload is not a JSON object");
  }
  return claims as Record<string, unknown>;
}

/** ESC's documents disagree on `iss`, so the one seen is named: that is how one finds out what to configure. */
function checkIssuer(issuer: unknown, known: readonly string[]): string {
  if (typeof issuer === "string" && known.includes(issuer)) return issuer;
  throw new AdapterError("token_issuer", `the issuer ${show(issuer)} is not configured for the signing key`);
}

/**
 * Checks `exp`, `iat` and `nbf`, and answers the first.
 *
 * @throws {AdapterError} token_claims_malformed, token_expired, token_not_yet_valid, token_lifetime
 */
export function checkTimes(
  claims: Readonly<Record<string, unknown>>,
  policy: Omit<ClaimPolicy, "audience">,
): number {
  const { now, clockSkewSeconds: skew, tokenLifetimeSeconds } = policy;
  const expires = readTime(claims.exp, "exp");
  const issued = readTime(claims.iat, "iat");
  const notBefore = claims.nbf === undefined ? issued : readTime(claims.nbf, "nbf");
  if (now >= expires + skew) {
    throw new AdapterError("token_expired", `the token expired ${Math.floor(now - expires)} s ago`);
  }
  if (now < issued - skew || now < notBefore - skew) {
    throw new AdapterError("token_not_yet_valid", "the token is of the future");
  }
  if (expires <= issued || expires - issued > tokenLifetimeSeconds) {
    throw new AdapterError("token_lifetime", `the token lives ${expires - issued} s`);
  }
  return expires;
}

function readTime(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new AdapterError("token_claims_malformed", `the token's ${name} is missing or not a time`);
}

/** A signed claim for the log: only text, only its beginning. */
function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 200)) : `(${typeof value})`;
}
