/** A value, or the error that its reader gets. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

/** What came of each key. */
export type Outcomes<Value> = ReadonlyMap<string, Outcome<Value>>;

export interface BatcherOptions<Value> {
  /** The most keys that go into one call. */
  readonly size: number;
  /** How many calls are under way at once: beyond it keys gather for the next one. */
  readonly calls: number;
  /** One call. A key that is missing from what it answers fails like the call itself. */
  readonly read: (keys: readonly string[]) => Promise<Outcomes<Value>>;
}

/**
 * Reads many keys with few calls: what is asked for in the same turn goes together, and so does what gathers while
 * calls are under way. A key that several ask for is read once. A call begins after it was asked for, so nobody gets
 * a value that is older than the question.
 */
export function createBatcher<Value>(options: BatcherOptions<Value>): (key: string) => Promise<Value> {
  const { size, calls, read } = options;
  let waiting = new Map<string, PromiseWithResolvers<Value>>();
  let underWay = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || waiting.size === 0 || underWay >= calls) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (waiting.size > 0 && underWay < calls) void begin();
    });
  }

  async function begin(): Promise<void> {
    const all = [...waiting];
    const taken = all.slice(0, size);
    waiting = new Map(all.slice(size));
    underWay += 1;
    try {
      const outcomes = await read(taken.map(([key]) => key));
      for (const [key, { resolve, reject }] of taken) {
        const outcome = outcomes.get(key);
        if (outcome === undefined) reject(new TypeError("a key has no outcome"));
        else if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.value);
      }
    } catch (error) {
      for (const [, { reject }] of taken) reject(error);
    } finally {
      underWay -= 1;
      schedule();
    }
  }

  return (key) => {
    const known = waiting.get(key);
    if (known !== undefined) return known.promise;
    const deferred = withResolvers<Value>();
    waiting.set(key, deferred);
    schedule();
    return deferred.promise;
  };
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
