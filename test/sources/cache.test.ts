import assert from "node:assert/strict";
import fc from "fast-check";
import { createBatcher, type Outcome } from "../../lambda/sources/batch";
import { createCache } from "../../lambda/sources/cache";

describe("a cache of values that are good for a while", () => {
  it("loads once for all who wait, and again when the life is over, counted from the question", async () => {
    let now = 0;
    let loads = 0;
    const cache = createCache<number>({ seconds: 10, entries: 9, now: () => now });
    let answer: (value: number) => void = () => {};
    const load = () => {
      loads += 1;
      return new Promise<number>((resolve) => {
        answer = resolve;
      });
    };
    const both = [cache.get("a", load), cache.get("a", load)];
    now = 4_000;
    answer(1);
    assert.deepEqual(await Promise.all(both), [1, 1]);
    now = 9_999;
    assert.equal(await cache.get("a", load), 1);
    assert.equal(loads, 1);
    now = 10_000;
    const next = cache.get("a", load);
    answer(2);
    assert.equal(await next, 2);
  });

  it("keeps no failure, whoever waited for it", async () => {
    const cache = createCache<string>({ seconds: 10, entries: 9, now: () => 0 });
    const failing = () => Promise.reject(new Error("down"));
    await Promise.all([
      assert.rejects(cache.get("a", failing), /down/),
      assert.rejects(cache.get("a", failing), /down/),
    ]);
    assert.equal(await cache.get("a", async () => "up"), "up");
  });

  it("does not trust a value of the future: the clock was set back", async () => {
    let now = 5_000;
    const cache = createCache<number>({ seconds: 10, entries: 9, now: () => now });
    await cache.get("a", async () => 1);
    now = 0;
    assert.equal(await cache.get("a", async () => 2), 2);
  });

  it("lets the least recently used go first", async () => {
    const cache = createCache<string>({ seconds: 10, entries: 2, now: () => 0 });
    for (const key of ["a", "b", "a", "c"]) await cache.get(key, async () => key);
    assert.equal(await cache.get("a", async () => "again"), "a");
    assert.equal(await cache.get("b", async () => "again"), "again");
  });

  it("never gives a value that is older than its life, and never loads one that is younger", async () => {
    const steps = fc.array(
      fc.record({ key: fc.constantFrom("a", "b", "c"), wait: fc.integer({ min: 0, max: 8_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 10 }), steps, async (seconds, steps) => {
        let now = 0;
        const loaded = new Map<string, number>();
        const cache = createCache<number>({ seconds, entries: 3, now: () => now });
        for (const { key, wait } of steps) {
          now += wait;
          const at = loaded.get(key);
          const good = at !== undefined && now - at < seconds * 1_000;
          const value = await cache.get(key, async () => {
            loaded.set(key, now);
            return now;
          });
          assert.equal(value, good ? at : now);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a batcher", () => {
  const values = (keys: readonly string[]) => new Map(keys.map((key) => [key, { value: `v-${key}` }]));

  it("asks for what comes in one turn together, each key once, as many at a time as a call takes", async () => {
    const calls: (readonly string[])[] = [];
    const get = createBatcher<string>({
      size: 20,
      calls: 4,
      read: async (keys) => {
        calls.push(keys);
        return values(keys);
      },
    });
    const keys = Array.from({ length: 50 }, (_, index) => `k${index % 45}`);
    assert.deepEqual(
      await Promise.all(keys.map(get)),
      keys.map((key) => `v-${key}`),
    );
    assert.deepEqual(
      calls.map(({ length }) => length),
      [20, 20, 5],
    );
  });

  it("begins a call after the question: one that is under way answers nobody who asks now", async () => {
    const answers: (() => void)[] = [];
    const asked: string[] = [];
    const get = createBatcher<string>({
      size: 20,
      calls: 2,
      read: (keys) => {
        asked.push(keys.join());
        return new Promise((resolve) => answers.push(() => resolve(values(keys))));
      },
    });
    const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const first = get("a");
    await turn();
    const second = get("a");
    await turn();
    // Both calls that there may be are under way.
    const gathered = [get("a"), get("b")];
    await turn();
    assert.deepEqual(asked, ["a", "a"]);
    answers[0]?.();
    await first;
    await turn();
    assert.deepEqual(asked, ["a", "a", "a,b"]);
    for (const answer of answers) answer();
    assert.deepEqual(await Promise.all([second, ...gathered]), ["v-a", "v-a", "v-b"]);
  });

  it("tells each who asked what came of that key, and all of a call's when the call fails", async () => {
    const get = createBatcher<string>({
      size: 2,
      calls: 4,
      read: async (keys) => {
        if (keys.includes("broken")) throw new Error("down");
        return new Map<string, Outcome<string>>([
          ...values(["good"]),
          ["bad", { error: new Error("no such key") }],
        ]);
      },
    });
    const settled = await Promise.allSettled(["good", "bad", "broken", "other"].map(get));
    assert.deepEqual(
      settled.map((each) => (each.status === "fulfilled" ? each.value : String(each.reason))),
      ["v-good", "Error: no such key", "Error: down", "Error: down"],
    );
  });
});
