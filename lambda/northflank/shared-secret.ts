import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../audit/record";
import { AdapterConfigError, AdapterError } from "../errors";
import type { NorthflankSharedSecret } from "./config";

/** One version of the entry. */
export interface SecretText {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** What the entry holds now. */
export interface SecretVersions {
  readonly current: SecretText;
  readonly previous?: SecretText | undefined;
}

/**
 * Reads both versions of an entry.
 *
 * @throws whatever goes wrong, also when the entry has no value yet
 */
export type ReadSharedSecret = (entry: string) => Promise<SecretVersions>;

/** RFC 7518, section 3.2: a key of the hash's length at least. */
const LEAST_BYTES = 32;
const DEFAULT_OVERLAP_SECONDS = 172_800;
/** From this age on the entry is read again beside the requests. */
const REFRESH_AFTER = 60_000;
/** From this age on a request waits for that. */
const STALE_AFTER = 300_000;
/** How long a failed reading is not tried again. */
const RETRY_AFTER = 2_000;
/** How often signatures that do not hold may cause a reading. */
const LOOK_INTERVAL = 1_000;

export interface SharedSecretOptions extends NorthflankSharedSecret {
  readonly read: ReadSharedSecret;
  /** How long secrets that cannot be read again are still used. */
  readonly keepMilliseconds: number;
  readonly now: () => number;
  readonly log: Logger;
}

/** The secrets that tokens may be signed with: one, or two while it is being changed. */
export interface SharedSecrets {
  /**
   * Those that are known.
   *
   * @throws {AdapterError} not_configured: none could be read, or none is long enough
   */
  known(): Promise<readonly string[]>;
  /**
   * Those that a reading finds which begins from now on: the secret may just have been changed. Readings are a second
   * apart; who asks in between waits for the next.
   *
   * @throws {AdapterError} not_configured
   */
  renewed(): Promise<readonly string[]>;
}

/**
 * Reads the shared secret, and reads it again while it is used. A change needs no deployment and refuses nobody: put the
 * new value in, tell Northflank, and for `overlapSeconds` the previous one is taken, too.
 *
 * An entry that cannot be read, or has no value yet, keeps the adapter from nothing but this.
 *
 * @throws {AdapterConfigError} the current value is shorter than 32 bytes, or has white space around it
 */
export async function createSharedSecrets(options: SharedSecretOptions): Promise<SharedSecrets> {
  const { entry, overlapSeconds = DEFAULT_OVERLAP_SECONDS, read, keepMilliseconds, now, log } = options;
  let loaded: { readonly versions: SecretVersions; readonly at: number } | undefined;
  let pending: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let nextRetry = 0;
  let gate: Promise<void> = Promise.resolve();

  const age = () => (loaded === undefined ? Number.POSITIVE_INFINITY : now() - loaded.at);
  const notice = (level: "warn" | "error", reason: string) => log({ level, message: "notice", reason });

  async function load(): Promise<void> {
    try {
      const versions = await read(entry);
      for (const which of ["current", "previous"] as const) {
        const text = versions[which]?.text;
        // Said once, not at every reading.
        const problem = text === loaded?.versions[which]?.text ? undefined : describeSecret(text);
        if (problem) notice("error", `the ${which} shared secret of Northflank is not used: it ${problem}`);
      }
      loaded = { versions, at: now() };
    } catch (error) {
      nextRetry = now() + RETRY_AFTER;
      const name = error instanceof Error ? error.name : typeof error;
      notice(
        loaded === undefined ? "error" : "warn",
        `Northflank's shared secret could not be read: ${name}`,
      );
    }
  }

  function refresh(): Promise<void> {
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  /** One reading that begins from now on, for all who come before it begins. */
  function look(): Promise<void> {
    next ??= (async () => {
      await Promise.all([gate, pending]);
      next = undefined;
      gate = delay(LOOK_INTERVAL, undefined, { ref: false });
      await refresh();
    })();
    return next;
  }

  function usable(): readonly string[] {
    const { versions, at } = loaded ?? {};
    if (versions === undefined || at === undefined || now() - at >= STALE_AFTER + keepMilliseconds) {
      throw new AdapterError("not_configured", "Northflank's shared secret could not be read");
    }
    const { current, previous } = versions;
    // Whichever is newer: the label may have been moved back.
    const changed = Math.max(current.created, previous?.created ?? 0);
    const overlaps = previous !== undefined && now() < changed + overlapSeconds * 1000;
    const texts = [current, ...(overlaps ? [previous] : [])].map(({ text }) => text);
    const good = texts.filter((text) => describeSecret(text) === undefined);
    if (good.length === 0) {
      throw new AdapterError("not_configured", "Northflank's shared secret is shorter than 32 bytes");
    }
    return good;
  }

  const current = async () => {
    await refresh();
    return loaded?.versions.current.text;
  };
  const problem = describeSecret(await current());
  if (problem) throw new AdapterConfigError([`config.northflank.sharedSecret: the current value ${problem}`]);

  return {
    async known() {
      if (age() >= REFRESH_AFTER && now() >= nextRetry) {
        const refreshed = refresh();
        if (age() >= STALE_AFTER) await refreshed;
      }
      return usable();
    },
    async renewed() {
      await look();
      return usable();
    },
  };
}

/** What is wrong with a shared secret, if anything. */
function describeSecret(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (Buffer.byteLength(text) < LEAST_BYTES) return `is shorter than ${LEAST_BYTES} bytes`;
  // A line end that an editor or `echo` left: Northflank would sign with another secret.
  if (text !== text.trim()) return "has white space around it";
  return undefined;
}
