import { createHash, randomUUID } from "node:crypto";
import { inTime } from "../deadline";
import { AdapterError } from "../errors";
import type { EscClaims } from "./claims";

/** One use of one token. */
export interface TokenUse {
  /** What the token is remembered by. */
  readonly key: string;
  /** Names this use and no other: a store that is asked twice by a retrying client knows it again. */
  readonly use: string;
  /** Until when the token is remembered, and now: whole seconds since 1970. */
  readonly expires: number;
  readonly now: number;
}

/** Remembers which tokens have been used. */
export interface ReplayStore {
  /**
   * True for the first use of a token before it expires, and for one more after a use was given back; false for
   * every further one, also under concurrency.
   */
  claim(use: TokenUse): Promise<boolean>;
  /**
   * Takes a use back that has had no answer. A token can be given back once: for its second use, for a use that is
   * not the last, or for one that is unknown this does nothing.
   */
  giveBack(use: TokenUse): Promise<void>;
}

/** What a token is remembered by: issuer and `jti`, hashed so that the key has one length and no structure. */
export function tokenHash({ issuer, id }: Pick<EscClaims, "issuer" | "id">): string {
  return createHash("sha256").update(`${issuer}\n${id}`).digest("base64url");
}

/**
 * Lets a token pass once. It is remembered until no clock within the skew could still accept it.
 *
 * @param token.expires the token's `exp`; `token.now`: seconds since 1970
 * @throws {AdapterError} token_replayed, replay_unavailable: a store out of reach refuses
 */
export async function useToken(
  store: ReplayStore,
  token: { readonly key: string; readonly expires: number; readonly now: number; readonly skew: number },
  milliseconds: number,
): Promise<TokenUse> {
  const { key, now, skew } = token;
  const use: TokenUse = {
    key,
    use: randomUUID(),
    expires: Math.ceil(token.expires + 2 * skew),
    now: Math.floor(now),
  };
  const unavailable = (why: string, cause?: unknown) =>
    new AdapterError("replay_unavailable", `the replay store ${why}`, { cause });
  const first = await inTime(
    () => store.claim(use),
    milliseconds,
    () => unavailable("did not answer in time"),
  ).catch((error: unknown) => {
    if (error instanceof AdapterError) throw error;
    throw unavailable(`failed: ${error instanceof Error ? error.name : typeof error}`, error);
  });
  if (!first) throw new AdapterError("token_replayed", "the token has been used before");
  return use;
}
