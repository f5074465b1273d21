export interface CacheOptions {
  /** How long a value is used, from when it was asked for. 0: every `get` loads. */
  readonly seconds: number;
  /** How many values are kept; the least recently used go first. */
  readonly entries: number;
  /** Milliseconds since 1970. Not a clock that stands still while Lambda has frozen the process. */
  readonly now: () => number;
}

/** Values that are good for a while. What is being loaded is waited for and not loaded twice; failures are not kept. */
export interface Cache<Value> {
  get(key: string, load: () => Promise<Value>): Promise<Value>;
}

export function createCache<Value>({ seconds, entries, now }: CacheOptions): Cache<Value> {
  const kept = new Map<string, { readonly begun: number; readonly value: Promise<Value> }>();
  const life = seconds * 1000;

  return {
    get(key, load) {
      if (life === 0) return load();
      const known = kept.get(key);
      const age = known === undefined ? -1 : now() - known.begun;
      // A clock that was set back makes a value of the future, whose age nobody knows.
      const entry = known !== undefined && age >= 0 && age < life ? known : { begun: now(), value: load() };
      // A Map keeps insertion order: the least recently used is at the front.
      kept.delete(key);
      kept.set(key, entry);
      if (entry !== known) {
        entry.value.catch(() => {
          if (kept.get(key) === entry) kept.delete(key);
        });
        for (const oldest of kept.keys()) {
          if (kept.size <= entries) break;
          kept.delete(oldest);
        }
      }
      return entry.value;
    },
  };
}
