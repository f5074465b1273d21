import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Cipher } from "../../esc/evaluator/types";
import { type EnvironmentId, formatEnvironmentId } from "./names";

const nonceBytes = 12;
const tagBytes = 16;

/** A new key for `createEnvironmentCipher`: 256 random bits. */
export function generateStoreKey(): Buffer {
  return randomBytes(32);
}

/**
 * Encrypts one environment's secrets with AES-256-GCM: nonce, ciphertext and tag in a row. The environment's
 * full name is authenticated along with each secret, so that a ciphertext copied into another environment by
 * somebody who may read one and open the other does not decrypt there.
 */
export function createEnvironmentCipher(key: Buffer, id: EnvironmentId): Cipher {
  const owner = Buffer.from(formatEnvironmentId(id));
  return {
    async encrypt(plaintext) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(owner);
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    async decrypt(sealed) {
      if (sealed.length < nonceBytes + tagBytes) {
        throw new Error("the ciphertext is too short");
      }
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
          .setAAD(owner)
          .setAuthTag(sealed.subarray(sealed.length - tagBytes));
        const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        throw new Error("the ciphertext does not belong to this environment, or was changed");
      }
    },
  };
}
