import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Bearer, readBearer } from "../auth/bearer";
import { checkTimes, parseClaims } from "../auth/claims";
import { AdapterError } from "../errors";

/**
 * Who asks, by a token whose signature holds.
 *
 * @see https://github.com/northflank/delegated-secret-injection-demo (src/types.ts)
 */
export interface NorthflankClaims {
  readonly projectId: string;
  readonly nfObjectId: string;
  readonly nfObjectType: string;
}

/** Its tokens live a day; what lives longer is not Northflank's. */
const LIFETIME_SECONDS = 86_400;
const MAX_TEXT = 256;

/**
 * Reads Northflank's token from `Authorization: Bearer <token>` and checks its form. Nothing in it is true yet.
 *
 * @throws {AdapterError} authorization_missing, authorization_malformed, token_malformed, token_algorithm, token_header
 */
export function readNorthflankToken(authorization: string | undefined): Bearer {
  return readBearer(authorization, "HS256");
}

/** Whether one of the secrets signed the token. */
export function isSignedBy({ signed, signature }: Bearer, secrets: readonly string[]): boolean {
  // All of them, so that the time does not tell which one it was.
  const matches = secrets.map((secret) => {
    const expected = createHmac("sha256", secret).update(signed).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
  return matches.includes(true);
}

/**
 * Checks times and names of a token whose signature holds.
 *
 * @param policy.now seconds since 1970
 * @throws {AdapterError} token_claims_malformed, token_expired, token_not_yet_valid, token_lifetime
 */
export function checkNorthflankClaims(
  { payload }: Bearer,
  policy: { readonly now: number; readonly clockSkewSeconds: number },
): NorthflankClaims {
  const claims = parseClaims(payload);
  checkTimes(claims, { ...policy, tokenLifetimeSeconds: LIFETIME_SECONDS });
  return {
    projectId: readText(claims, "projectId"),
    nfObjectId: readText(claims, "nfObjectId"),
    nfObjectType: readText(claims, "nfObjectType"),
  };
}

/** There is no `jti`: what two records of one token have the same. */
export function northflankTokenHash({ signed }: Bearer): string {
  return createHash("sha256").update(signed).digest("base64url");
}

function readText(claims: Readonly<Record<string, unknown>>, name: string): string {
  const value = claims[name];
  if (typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT) return value;
  throw new AdapterError("token_claims_malformed", `the token's ${name} is missing or not a name`);
}
