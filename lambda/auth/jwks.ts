import { createLocalJWKSet, type JSONWebKeySet } from "jose";

/** Chooses and imports a key; jose's. */
export type FindKey = ReturnType<typeof createLocalJWKSet>;

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
export async function fetchKeySet(uri: string): Promise<FindKey> {
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
export function readKeySet(value: unknown): FindKey {
  const keys = (value as JSONWebKeySet | null | undefined)?.keys;
  if (!Array.isArray(keys) || !keys.some((key) => key?.kty === "RSA")) {
    throw new KeySetError("the set holds no RSA key");
  }
  try {
    return createLocalJWKSet(value as JSONWebKeySet);
  } catch {
    throw new KeySetError("the set is malformed");
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) throw new KeySetError(`the set is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeySetError("the set is not JSON");
  }
}
