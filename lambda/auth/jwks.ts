import { KeyObject, type webcrypto } from "node:crypto";
import { createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { AdapterError } from "../errors";
import { readBody } from "../read-body";

/**
 * Finds a key in one set; undefined when the set has none of that id.
 *
 * @throws {AdapterError} token_key_unknown: it has several, or one that is not to be used
 */
export type LookUp = (kid: string | undefined) => Promise<KeyObject | undefined>;

/** RFC 7518, section 3.3. */
const LEAST_MODULUS_BITS = 2048;
const FETCH_MILLISECONDS = 3_000;
/** Pulumi publishes a few kilobytes. */
const MAX_BYTES = 262_144;

/** The set does not say what a key set must; never carries what it says. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

/**
 * Fetches an issuer's keys (RFC 7517): within three seconds, without redirects, up to 256 KiB. A set without any RSA
 * key is refused, so that an error page in JSON never replaces good keys.
 *
 * It goes by `globalThis.fetch`, looked up at each call: the sandbox puts its own there.
 *
 * @throws {KeySetError} or whatever fetch throws
 */
export async function fetchKeySet(uri: string): Promise<LookUp> {
  const response = await fetch(uri, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_MILLISECONDS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeySetError(`the issuer answered ${response.status}`);
  }
  return readKeySet(parse(await readText(response)));
}

/** @throws {KeySetError} it is no set of public keys, or holds no RSA key */
export function readKeySet(value: unknown): LookUp {
  const keys = (value as JSONWebKeySet | null | undefined)?.keys;
  if (!Array.isArray(keys) || !keys.some((key) => key?.kty === "RSA")) {
    throw new KeySetError("the set holds no RSA key");
  }
  try {
    return createLookUp(createLocalJWKSet(value as JSONWebKeySet));
  } catch {
    throw new KeySetError("the set is malformed");
  }
}

/**
 * Looks keys up in one set, and remembers those that it has. jose answers only a key that is published for RS256
 * signatures, and only when exactly one fits; Node's `verify` takes another kind of object than jose gives.
 */
function createLookUp(find: ReturnType<typeof createLocalJWKSet>): LookUp {
  const found = new Map<string | undefined, KeyObject>();
  return async (kid) => {
    const known = found.get(kid);
    if (known !== undefined) return known;
    try {
      const key = KeyObject.from(
        (await find({ alg: "RS256", ...(kid !== undefined && { kid }) })) as webcrypto.CryptoKey,
      );
      const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
      if (modulusLength < LEAST_MODULUS_BITS) {
        throw new AdapterError("token_key_unknown", `the key is shorter than ${LEAST_MODULUS_BITS} bits`);
      }
      found.set(kid, key);
      return key;
    } catch (error) {
      if (error instanceof AdapterError) throw error;
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw new AdapterError("token_key_unknown", "the issuer has no single key for the token");
    }
  };
}

async function readText(response: Response): Promise<string> {
  const body = await readBody(response, MAX_BYTES);
  if (body === undefined) throw new KeySetError(`the set is longer than ${MAX_BYTES} bytes`);
  return body.toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeySetError("the set is not JSON");
  }
}
