import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { compactVerify, createLocalJWKSet, decodeJwt } from "jose";
import type { Claims } from "../../trust";

export interface ReadToken {
  readonly claims: Claims;
  readonly signature: "valid" | "invalid" | "unchecked";
}

/** Source: the STS API reference, `WebIdentityToken`. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/**
 * Reads a token's payload and, with the issuer's published keys, checks its signature.
 *
 * @throws Error that names the file and never repeats what is in it
 */
export async function readToken(file: string, jwksFile?: string): Promise<ReadToken> {
  const token = (await readFile(file, "utf8")).trim();
  const claims = claimsOf(token, file);
  if (jwksFile === undefined) return { claims, signature: "unchecked" };
  const keys = await readKeys(jwksFile);
  try {
    await compactVerify(token, keys, { algorithms: ALGORITHMS });
    return { claims, signature: "valid" };
  } catch {
    return { claims, signature: "invalid" };
  }
}

function claimsOf(token: string, file: string): Claims {
  try {
    return decodeJwt(token);
  } catch {
    throw new Error(`${file}: is not a token (a JWT: three parts of base64url with dots between them)`);
  }
}

async function readKeys(file: string): Promise<ReturnType<typeof createLocalJWKSet>> {
  const content = await readFile(file, "utf8");
  try {
    return createLocalJWKSet(JSON.parse(content));
  } catch {
    throw new Error(`${file}: is not a set of keys (JSON with "keys", from the issuer's jwks_uri)`);
  }
}

/**
 * A token's payload as JSON, or from a file that holds it.
 *
 * @throws Error that never repeats what was given: it may be a token by mistake
 */
export async function readClaims(given: string): Promise<Claims> {
  const text = existsSync(given) ? await readFile(given, "utf8") : given;
  const refusal = new Error(
    "--claims: expected a JSON object or a file with one (for a token: --token-file)",
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal;
  return value as Claims;
}
