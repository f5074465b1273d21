import { createHash, timingSafeEqual } from "node:crypto";
import { AdapterError } from "../errors";

/**
 * Checks ESC's `body_hash` claim, `sha256-` and the padded base64 of the SHA-256 over the raw body bytes: it
 * binds the token to this request.
 *
 * @throws {AdapterError} body_hash_missing, body_hash_mismatch
 */
export function checkBodyHash(claimed: unknown, body: Uint8Array): void {
  if (typeof claimed !== "string") {
    throw new AdapterError("body_hash_missing", "the token has no body_hash");
  }
  const expected = Buffer.from(claimed);
  const actual = Buffer.from(`sha256-${createHash("sha256").update(body).digest("base64")}`);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new AdapterError("body_hash_mismatch", "the token was made for another body");
  }
}
