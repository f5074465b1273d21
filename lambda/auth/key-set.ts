import type { KeyObject } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../audit/record";
import { AdapterError } from "../errors";
import type { LookUp } from "./jwks";
import type { PinnedKey } from "./signature";

/** From this age on a set is fetched anew beside the requests that use it. */
const REFRESH_AFTER = 300_000;
/** From this age on a request waits for the new set, and uses the old one only when there is none. */
const STALE_AFTER = 600_000;
/** How long a failed fetch is not tried again: with nothing to go by, and with a set that is still good. */
const RETRY_AFTER = { empty: 1_000, kept: 10_000 };
/** How often unknown key ids may cause a fetch. */
const UNKNOWN_INTERVAL = 1_000;

/** A key, and whether its set is older than it should be because the issuer cannot be reached. */
export interface FoundKey {
  readonly key: KeyObject;
  readonly stale: boolean;
}

/**
 * Finds a key. What it waits for, a fetch, it waits for by `within`, which may end that.
 *
 * @throws {AdapterError} token_key_unknown, keys_unavailable
 */
export type KeySet = (kid: string | undefined, within: Within) => Promise<FoundKey>;

/** Waits as long as the request has time. */
export type Within = (work: () => Promise<void>) => Promise<void>;

export interface KeySetOptions {
  readonly jwksUri: string;
  /** How long a set that has become stale is still used while the issuer cannot be reached. */
  readonly keepMilliseconds: number;
  readonly now: () => number;
  readonly log: Logger;
}

/** Keys that were configured: nothing is fetched. */
export function createPinnedKeySet(keys: readonly PinnedKey[] | undefined): KeySet {
  let lookUp: Promise<LookUp> | undefined;
  return async (kid) => {
    lookUp ??= loadJose().then(({ readKeySet }) => readKeySet({ keys }));
    const key = await (await lookUp)(kid);
    if (key === undefined) throw unknownKey();
    return { key, stale: false };
  };
}

/**
 * An issuer's published keys. They are fetched for the first token, once for however many wait, and anew every five
 * minutes beside the requests; a busy adapter never waits for them again. When the issuer cannot be reached or
 * answers rubbish, the last good set is kept for a bounded time.
 *
 * A key id that the set does not have makes one fetch that begins after the token came: a key that the issuer has
 * just begun to use is found. Such fetches are at least a second apart, and a token that comes in between waits for
 * the next; otherwise anybody with an invented key id could have a genuine one refused.
 */
export function createKeySet({ jwksUri, keepMilliseconds, now, log }: KeySetOptions): KeySet {
  let loaded: { readonly lookUp: LookUp; readonly at: number; readonly fetch: number } | undefined;
  /** The fetch under way, and how many there have been. */
  let pending: { readonly fetch: number; readonly done: Promise<void> } | undefined;
  let fetches = 0;
  let nextRetry = 0;
  /** Opens when the next unknown key id may cause a fetch. */
  let gate: Promise<void> = Promise.resolve();

  const age = () => (loaded === undefined ? Number.POSITIVE_INFINITY : now() - loaded.at);

  async function load(fetch: number): Promise<void> {
    try {
      const { fetchKeySet } = await loadJose();
      loaded = { lookUp: await fetchKeySet(jwksUri), at: now(), fetch };
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error;
      const stale = age() >= STALE_AFTER;
      nextRetry = now() + (loaded === undefined ? RETRY_AFTER.empty : RETRY_AFTER.kept);
      log({
        level: stale ? "error" : "warn",
        message: "notice",
        reason: `the keys at ${jwksUri} could not be fetched: ${name}`,
      });
    } finally {
      pending = undefined;
    }
  }

  /** Joins the fetch under way, or begins one. Never throws: what came of it shows in `loaded`. */
  function refresh(): Promise<void> {
    if (pending === undefined) {
      fetches += 1;
      pending = { fetch: fetches, done: load(fetches) };
    }
    return pending.done;
  }

  /** After a fetch that begins from now on. */
  async function refreshForUnknown(seen: number): Promise<void> {
    // Begun before this token came, it may have missed the key.
    if (pending?.fetch === seen) await pending.done;
    if (fetches === seen) await gate;
    // Whoever came through the gate first has begun one for all.
    if (fetches > seen) return pending?.done;
    gate = delay(UNKNOWN_INTERVAL, undefined, { ref: false });
    return refresh();
  }

  return async (kid, within) => {
    const seen = fetches;
    if (age() >= REFRESH_AFTER && now() >= nextRetry) {
      const refreshed = refresh();
      if (age() >= STALE_AFTER) await within(() => refreshed);
    }
    if (loaded === undefined || age() >= STALE_AFTER + keepMilliseconds) throw unavailable();

    const known = await loaded.lookUp(kid);
    if (known !== undefined) return { key: known, stale: age() >= STALE_AFTER };

    if (loaded.fetch <= seen) await within(() => refreshForUnknown(seen));
    // Without an answer it stays open whether the key exists.
    if (loaded.fetch <= seen) throw unavailable();
    const found = await loaded.lookUp(kid);
    if (found === undefined) throw unknownKey();
    return { key: found, stale: false };
  };
}

function unavailable(): AdapterError {
  return new AdapterError("keys_unavailable", "an issuer's keys could not be fetched");
}

function unknownKey(): AdapterError {
  return new AdapterError("token_key_unknown", "no configured issuer has exactly one key for the token");
}

/** For the first token, not at cold start: jose and Node's fetch take a fifth of that. */
const loadJose = () => import("./jwks.js");
