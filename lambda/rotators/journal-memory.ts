import { AdapterError } from "../errors";
import type { Journal, JournalDocument } from "./journal";
import type { Receipt } from "./receipt";

interface Item {
  document: JournalDocument | undefined;
  receipts: readonly Receipt[];
  holder: string | undefined;
  until: number;
}

/**
 * A journal for one process: tests, and trying a rotator out. It forgets when the process ends, and then the credential
 * in the caller's state is adopted.
 *
 * @param now milliseconds since 1970
 */
export function createMemoryJournal(now: () => number = Date.now): Journal {
  const items = new Map<string, Item>();
  const itemOf = (target: string): Item => {
    const item = items.get(target) ?? { document: undefined, receipts: [], holder: undefined, until: 0 };
    items.set(target, item);
    return item;
  };
  const isHeld = ({ holder, until }: Item) => holder !== undefined && until >= now();
  return {
    async acquire(target, { holder, milliseconds }) {
      const item = itemOf(target);
      if (isHeld(item) && item.holder !== holder) return undefined;
      item.holder = holder;
      item.until = now() + milliseconds;
      const change = (content: Partial<Item>) => {
        if (item.holder !== holder) throw taken(target);
        Object.assign(item, content);
      };
      return {
        document: item.document,
        receipts: item.receipts,
        save: async (document, receipts) => change({ document, ...(receipts && { receipts }) }),
        record: async (receipts) => change({ receipts }),
        async release() {
          if (item.holder === holder) item.holder = undefined;
        },
      };
    },
    async read(target) {
      const item = itemOf(target);
      const { document, receipts, until } = item;
      return { receipts, document: async () => document, ...(isHeld(item) && { leasedUntil: until }) };
    },
    async forget(target) {
      const item = itemOf(target);
      if (isHeld(item)) throw taken(target);
      item.document = undefined;
    },
  };
}

function taken(target: string): AdapterError {
  return new AdapterError("rotation_busy", `the lease of ${target} has passed to another call`);
}
