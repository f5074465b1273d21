import { compactVerify, createRemoteJWKSet, errors } from "jose";
import { AdapterError } from "../errors";

export interface IssuerConfig {
  /** Compared with the token's `iss`, byte for byte. */
  readonly issuer: string;
  /** Where the issuer publishes its keys. https, or http on a loopback address. */
  readonly jwksUri: string;
}

/** What was signed, and the issuers that the signing key speaks for. */
export interface Signed {
  readonly payload: Uint8Array;
  readonly issuers: readonly string[];
}

export type SignatureVerifier = (token: string) => Promise<Signed>;

interface KeySet {
  readonly find: ReturnType<typeof createRemoteJWKSet>;
  readonly issuers: readonly string[];
}

/**
 * Verifies RS256 signatures against the keys of the configured issuers. The token's `iss` does not choose the
 * key set: it is not signed yet. Each set is tried by `kid`, and the answer says which issuers the set that
 * verified belongs to, so that one issuer's key can never speak for another.
 *
 * Sets are fetched on first use, once for concurrent requests, kept ten minutes, and fetched again for an
 * unknown `kid` at most every thirty seconds. The fetch goes through `globalThis.fetch`, looked up at call time.
 */
export function createSignatureVerifier(issuers: readonly IssuerConfig[]): SignatureVerifier {
  const keySets = groupByKeySet(issuers);
  return async (token) => {
    let failure = new AdapterError("token_key_unknown", "no configured issuer has the token's key");
    for (const { find, issuers } of keySets) {
      try {
        const { payload } = await compactVerify(token, find, { algorithms: ["RS256"] });
        return { payload, issuers };
      } catch (error) {
        failure = graver(failure, toRefusal(error));
      }
    }
    throw failure;
  };
}

/** Issuers that share a key set share its cache: ESC's documents give two spellings of `iss` for one set. */
function groupByKeySet(issuers: readonly IssuerConfig[]): readonly KeySet[] {
  const byUri = new Map<string, string[]>();
  for (const { issuer, jwksUri } of issuers) {
    const known = byUri.get(jwksUri);
    if (known === undefined) byUri.set(jwksUri, [issuer]);
    else known.push(issuer);
  }
  return [...byUri].map(([jwksUri, issuers]) => ({ find: createRemoteJWKSet(new URL(jwksUri)), issuers }));
}

function toRefusal(error: unknown): AdapterError {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new AdapterError("token_signature", "the signature does not hold");
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return new AdapterError("token_key_unknown", "no configured issuer has exactly one key for the token");
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JOSEAlgNotAllowed) {
    return new AdapterError("token_malformed", `the token is not a JWS: ${error.code}`);
  }
  const name = error instanceof Error ? error.name : typeof error;
  return new AdapterError("keys_unavailable", `an issuer's keys could not be fetched: ${name}`, {
    cause: error,
  });
}

/** Of several sets' refusals the one that says most: a bad signature, then keys out of reach, then no such key. */
function graver(left: AdapterError, right: AdapterError): AdapterError {
  const weight = (error: AdapterError) =>
    ["token_key_unknown", "keys_unavailable", "token_malformed", "token_signature"].indexOf(error.code);
  return weight(right) > weight(left) ? right : left;
}
