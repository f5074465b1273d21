import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** As PostgreSQL's own `scram_iterations`. More would slow every login down and a random password gains nothing. */
const ITERATIONS = 4096;

/**
 * What PostgreSQL stores of a password, so that the password itself is in no statement and in no log of the server:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
 * Source: PostgreSQL's documentation, pg_authid; RFC 5802, section 3.
 *
 * @param password printable ASCII, which SASLprep (RFC 4013) leaves as it is
 * @throws TypeError for any other
 */
export async function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new TypeError("the password is not printable ASCII");
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  const serverKey = hmac("Server Key").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${Buffer.from(salt).toString("base64")}$${storedKey}:${serverKey}`;
}
