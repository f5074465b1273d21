import { AdapterError } from "../errors";
import type { Journal, JournalDocument } from "./journal";

interface Item {
  document: JournalDocument | undefined;
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
  return {
    async acquire(target, { holder, milliseconds }) {
      const item = items.get(target) ?? { document: undefined, holder: undefined, until: 0 };
      if (item.holder !== undefined && item.holder !== holder && item.until >= now()) return undefined;
      items.set(target, item);
      item.holder = holder;
      item.until = now() + milliseconds;
      return {
        document: item.document,
        async save(document) {
          if (item.holder !== holder) {
            throw new AdapterError("rotation_busy", `the lease of ${target} has passed to another call`);
          }
          item.document = document;
        },
        async release() {
          if (item.holder === holder) item.holder = undefined;
        },
      };
    },
  };
}
