import { createHash } from "node:crypto";
import { AdapterError } from "../errors";
import type { EscClaims } from "./claims";

/** Remembers which tokens have been used. Times are whole seconds since 1970. */
export interface ReplayStore {
  /** True for the first use of `key` before `expires`; false for every further one, also under concurrency. */
  claim(use: { readonly key: string; readonly expires: number; readonly now: number }): Promise<boolean>;
}

/** What a token is remembered by: issuer and `jti`, hashed so that the key has one length and no structure. */
export function tokenHash({ issuer, id }: Pick<EscClaims, "issuer" | "id">): string {
  return createHash("sha256").update(`${issuer}\n${id}`).digest("base64url");
}

/**
 * Lets a token pass once. It is remembered until no clock within the skew could still accept it.
 *
 * @throws {AdapterError} token_replayed, replay_unavailable: a store out of reach refuses
 */
export async function checkReplay(
  store: ReplayStore,
  use: { readonly key: string; readonly expires: number; readonly now: number; readonly skew: number },
): Promise<void> {
  const { key, now, skew } = use;
  let first: boolean;
  try {
    first = await store.claim({ key, now: Math.floor(now), expires: Math.ceil(use.expires + 2 * skew) });
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    throw new AdapterError("replay_unavailable", `the replay store failed: ${name}`, { cause: error });
  }
  if (!first) throw new AdapterError("token_replayed", "the token has been used before");
}
