import { verify } from "node:crypto";
import type { Logger } from "../audit/record";
import { AdapterError } from "../errors";
import type { Bearer } from "./bearer";
import { createKeySet, createPinnedKeySet, type KeySet, type Within } from "./key-set";

/** An issuer whose tokens are taken. Its keys are fetched, or pinned by `keys`: exactly one of the two. */
export interface IssuerConfig {
  /** Compared with the token's `iss`, byte for byte. */
  readonly issuer: string;
  /** Where the issuer publishes its keys. https, or http on a loopback address. */
  readonly jwksUri?: string | undefined;
  /** The issuer's public RSA keys, for ever: nothing is fetched, and a new key needs a new configuration. */
  readonly keys?: readonly PinnedKey[] | undefined;
}

/** A public key as a JSON Web Key (RFC 7517). */
export interface PinnedKey {
  readonly kty: "RSA";
  readonly kid: string;
  /** Modulus and exponent, base64url. */
  readonly n: string;
  readonly e: string;
  readonly alg?: "RS256" | undefined;
  readonly use?: "sig" | undefined;
}

/** What was signed, and the issuers that the signing key speaks for. */
export interface Signed {
  readonly payload: Uint8Array;
  readonly issuers: readonly string[];
  /** The issuer's keys are older than they should be, because it cannot be reached. */
  readonly stale: boolean;
}

/** @throws {AdapterError} token_signature, token_key_unknown, keys_unavailable */
export type SignatureVerifier = (bearer: Bearer, within: Within) => Promise<Signed>;

export interface SignatureOptions {
  /** How long the last good keys are still used when an issuer cannot be reached. */
  readonly keepMilliseconds: number;
  readonly now: () => number;
  readonly log: Logger;
}

interface IssuersOfKeys {
  readonly find: KeySet;
  readonly issuers: string[];
}

/**
 * Verifies RS256 signatures against the keys of the configured issuers. The token's `iss` does not choose the
 * key set: it is not signed yet. Each set is asked for the `kid`, and the answer says which issuers the set that
 * verified belongs to, so that one issuer's key can never speak for another.
 *
 * The check itself is Node's `verify`, because jose's goes through a thread pool that costs more than the check.
 */
export function createSignatureVerifier(
  issuers: readonly IssuerConfig[],
  options: SignatureOptions,
): SignatureVerifier {
  const keySets = groupByKeySet(issuers, options);
  return async ({ kid, signed, payload, signature }, within) => {
    const input = Buffer.from(signed);
    const refusals: AdapterError[] = [];
    for (const { find, issuers } of keySets) {
      try {
        const { key, stale } = await find(kid, within);
        if (verify("sha256", input, key, signature)) return { payload, issuers, stale };
        refusals.push(new AdapterError("token_signature", "the signature does not hold"));
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
        refusals.push(error);
      }
    }
    throw gravest(refusals);
  };
}

/** Issuers that share a key set share its cache: ESC's documents give two spellings of `iss` for one set. */
function groupByKeySet(
  issuers: readonly IssuerConfig[],
  options: SignatureOptions,
): readonly IssuersOfKeys[] {
  const sets = new Map<string, IssuersOfKeys>();
  for (const { issuer, jwksUri, keys } of issuers) {
    const id = jwksUri ?? JSON.stringify(keys);
    const find = jwksUri === undefined ? createPinnedKeySet(keys) : createKeySet({ jwksUri, ...options });
    const known = sets.get(id);
    if (known === undefined) sets.set(id, { find, issuers: [issuer] });
    else known.issuers.push(issuer);
  }
  return [...sets.values()];
}

/** Of several sets' refusals the one that says most. */
function gravest(refusals: readonly AdapterError[]): AdapterError {
  const weight = ({ code }: AdapterError) =>
    ["token_key_unknown", "keys_unavailable", "token_signature"].indexOf(code);
  return refusals.reduce((graver, refusal) => (weight(refusal) > weight(graver) ? refusal : graver));
}
