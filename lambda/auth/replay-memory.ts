import type { ReplayStore } from "./replay";

/** What the store remembers, by token. */
export type UsedTokens = Map<string, Memory>;

interface Memory {
  readonly use: string;
  readonly expires: number;
  readonly state: "used" | "returned" | "retried";
}

/**
 * A replay store for one process: the Node server and tests. It forgets when the process ends, so a token may
 * be used once more after a restart; two instances do not know of each other.
 */
export function createMemoryReplayStore(seen: UsedTokens = new Map()): ReplayStore {
  return {
    async claim({ key, use, expires, now }) {
      forgetExpired(seen, now);
      const known = seen.get(key);
      const live = known !== undefined && known.expires >= now;
      if (live && known.state !== "returned") return false;
      seen.set(key, { use, expires, state: live ? "retried" : "used" });
      return true;
    },
    async giveBack({ key, use }) {
      const known = seen.get(key);
      if (known?.use === use && known.state === "used") seen.set(key, { ...known, state: "returned" });
    },
  };
}

/**
 * A Map keeps insertion order and lifetimes are bounded, so the expired gather at the front: stopping at the
 * first live entry keeps this cheap and the map within one token lifetime of requests.
 */
function forgetExpired(seen: UsedTokens, now: number): void {
  for (const [key, { expires }] of seen) {
    if (expires >= now) return;
    seen.delete(key);
  }
}
