import type { ReplayStore } from "./replay";

/**
 * A replay store for one process: the Node server and tests. It forgets when the process ends, so a token may
 * be used once more after a restart; two instances do not know of each other.
 */
export function createMemoryReplayStore(seen = new Map<string, number>()): ReplayStore {
  return {
    async claim({ key, expires, now }) {
      forgetExpired(seen, now);
      const known = seen.get(key);
      if (known !== undefined && known >= now) return false;
      seen.set(key, expires);
      return true;
    },
  };
}

/**
 * A Map keeps insertion order and lifetimes are bounded, so the expired gather at the front: stopping at the
 * first live entry keeps this cheap and the map within one token lifetime of requests.
 */
function forgetExpired(seen: Map<string, number>, now: number): void {
  for (const [key, expires] of seen) {
    if (expires >= now) return;
    seen.delete(key);
  }
}
