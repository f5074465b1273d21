import { KeyObject, verify, type webcrypto } from "node:crypto";
import { createRemoteJWKSet, errors } from "jose";
import { AdapterError } from "../errors";
import type { Bearer } from "./bearer";

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

export type SignatureVerifier = (bearer: Bearer) => Promise<Signed>;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

interface KeySet {
  readonly keys: () => RemoteKeys;
  readonly issuers: readonly string[];
}

/** RFC 7518, section 3.3. */
const LEAST_MODULUS_BITS = 2048;

/**
 * Verifies RS256 signatures against the keys of the configured issuers. The token's `iss` does not choose the
 * key set: it is not signed yet. Each set is asked for the `kid`, and the answer says which issuers the set that
 * verified belongs to, so that one issuer's key can never speak for another.
 *
 * jose fetches and chooses keys: on first use, once for concurrent requests, kept ten minutes, and again for an
 * unknown `kid` at most every thirty seconds. It fetches by `globalThis.fetch`, looked up at call time. The
 * check itself is Node's `verify`, because jose's goes through a thread pool that costs more than the check.
 */
export function createSignatureVerifier(issuers: readonly IssuerConfig[]): SignatureVerifier {
  const keySets = groupByKeySet(issuers);
  return async ({ kid, signed, payload, signature }) => {
    const input = Buffer.from(signed);
    const refusals: AdapterError[] = [];
    for (const { keys, issuers } of keySets) {
      try {
        const key = await findKey(keys(), kid);
        if (verify("sha256", input, key, signature)) return { payload, issuers };
        refusals.push(new AdapterError("token_signature", "the signature does not hold"));
      } catch (error) {
        refusals.push(toRefusal(error));
      }
    }
    throw gravest(refusals);
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
  return [...byUri].map(([jwksUri, issuers]) => ({ keys: lazily(jwksUri), issuers }));
}

/** Made for the first token: jose's key set loads all of Node's `fetch`, a fifth of a cold start. */
function lazily(jwksUri: string): () => RemoteKeys {
  let keys: RemoteKeys | undefined;
  return () => {
    keys ??= createRemoteJWKSet(new URL(jwksUri));
    return keys;
  };
}

/** jose answers only a key that is published for RS256 signatures, and only when exactly one fits. */
async function findKey(find: RemoteKeys, kid: string | undefined): Promise<KeyObject> {
  const key = await find({ alg: "RS256", ...(kid !== undefined && { kid }) });
  const { modulusLength = 0 } = key.algorithm as { readonly modulusLength?: number };
  if (modulusLength < LEAST_MODULUS_BITS) {
    throw new AdapterError("token_key_unknown", `the key is shorter than ${LEAST_MODULUS_BITS} bits`);
  }
  return KeyObject.from(key as webcrypto.CryptoKey);
}

function toRefusal(error: unknown): AdapterError {
  if (error instanceof AdapterError) return error;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return new AdapterError("token_key_unknown", "no configured issuer has exactly one key for the token");
  }
  const name = error instanceof Error ? error.name : typeof error;
  return new AdapterError("keys_unavailable", `an issuer's keys could not be fetched: ${name}`, {
    cause: error,
  });
}

/** Of several sets' refusals the one that says most. */
function gravest(refusals: readonly AdapterError[]): AdapterError {
  const weight = ({ code }: AdapterError) =>
    ["token_key_unknown", "keys_unavailable", "token_signature"].indexOf(code);
  return refusals.reduce((graver, refusal) => (weight(refusal) > weight(graver) ? refusal : graver));
}
