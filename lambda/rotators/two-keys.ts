import { randomBytes } from "node:crypto";
import { AdapterError } from "../errors";
import type { ChangeContext, StrangeCredential, Target } from "./target";

/** A key as its API made it. The key itself is told once, when it is made. */
export type IssuedKey = { readonly id: string; readonly key: string; readonly name?: string | undefined };
/** What is known of a key before it is made. */
export type PlannedKey = { readonly name: string };

/** For how long a request may be waited for. */
export interface RequestLimits {
  readonly milliseconds: number;
}

/** An API that makes keys. */
export interface KeyApi {
  list(limits: RequestLimits): Promise<readonly StrangeCredential[]>;
  /** Makes a key and tells it, once. */
  create(plan: PlannedKey, limits: RequestLimits): Promise<{ readonly id: string; readonly key: string }>;
  /** Ends a key. That there is none of that id is no error. */
  delete(id: string, limits: RequestLimits): Promise<void>;
  /** Whether the API takes the key. */
  verify(key: IssuedKey, limits: RequestLimits): Promise<boolean>;
}

export interface TwoKeysOptions {
  readonly api: KeyApi;
  /** What the names of these keys begin with: whatever has such a name is ours to end. */
  readonly prefix: string;
  /** How many keys the API lets live at once. */
  readonly most: number;
}

/** For one request, when nothing else is near its end. */
const REQUEST_MILLISECONDS = 5_000;

/**
 * Two keys that take turns. The API makes the key up, so what is written down beforehand is its name: one of that name of
 * which the answer was lost is ended before another is made.
 *
 * Where the API has room for three, the old key is ended once the new one is proven. Where it has room for two, the
 * previous key has to go before the new one can come.
 */
export function createTwoKeys({ api, prefix, most }: TwoKeysOptions): Target<IssuedKey, PlannedKey> {
  const isOurs = ({ name }: StrangeCredential) => name?.startsWith(`${prefix}-`) === true;
  const hasRoomForThree = most > 2;

  return {
    issues: true,

    create: async ({ slot }) => ({ name: `${prefix}-${slot}-${randomBytes(6).toString("hex")}` }),

    async apply(wanted, { remaining, keep, replaces }) {
      const keys = await api.list(within(remaining));
      if ("id" in wanted && keys.some(({ id }) => id === wanted.id)) return undefined;
      const kept = new Set(keep.map(({ id }) => id));
      if (hasRoomForThree && replaces !== undefined) kept.add(replaces.id);
      const name = wanted.name ?? `${prefix}-a-${randomBytes(6).toString("hex")}`;
      const endable = keys.filter((key) => !kept.has(key.id) && (isOurs(key) || key.id === replaces?.id));
      const must = endable.filter((key) => key.name === name || key.id === replaces?.id);
      const others = endable.filter((key) => !must.includes(key)).sort(byLastUse);
      // Who begins with nothing does not know which of ours are in use: as few go as have to.
      const spare = keys.length - must.length + 1 - most;
      const ends = [...must, ...(keep.length > 0 ? others : others.slice(0, Math.max(0, spare)))];
      for (const { id } of ends) await api.delete(id, within(remaining));
      if (keys.length - ends.length >= most) {
        const strangers = keys.filter((key) => !kept.has(key.id) && !ends.includes(key));
        const ids = strangers.map(({ id }) => id).join(", ");
        throw new AdapterError(
          "target_full",
          `there are ${most} keys already, and none that may be ended: ${ids} belong to nobody known`,
        );
      }
      return { ...(await api.create({ name }, within(remaining))), name };
    },

    async verify(wanted) {
      return "id" in wanted && (await api.verify(wanted, { milliseconds: REQUEST_MILLISECONDS }));
    },

    async revoke({ id }, { remaining, keep }) {
      if (!keep.some((kept) => kept.id === id)) await api.delete(id, within(remaining));
    },

    // A key has no slot of its own; its name remembers which it was made for.
    slotOf: ({ name }) => (name?.startsWith(`${prefix}-b-`) === true ? "b" : "a"),

    async strangers(known) {
      const keys = await api.list({ milliseconds: REQUEST_MILLISECONDS });
      const ids = new Set(known.flatMap((key) => ("id" in key ? [key.id] : [])));
      const strangers = keys.filter((key) => !ids.has(key.id) && !isOurs(key));
      const room = most - strangers.length;
      return room >= (hasRoomForThree ? 3 : 2) ? [] : strangers;
    },

    endStranger: ({ id }, { remaining }) => api.delete(id, within(remaining)),
  };
}

function within(remaining: ChangeContext["remaining"]): RequestLimits {
  const milliseconds = Math.min(REQUEST_MILLISECONDS, remaining());
  if (milliseconds > 0) return { milliseconds };
  throw new AdapterError("rotation_timeout", "there is no time left for another request");
}

/** What was not used for longest first: never before long ago, and what is not told last. */
function byLastUse({ lastUsed: left }: StrangeCredential, { lastUsed: right }: StrangeCredential): number {
  const rank = (used: string | null | undefined) => (used === null ? "" : (used ?? "￿"));
  return rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : 0;
}
