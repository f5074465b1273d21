import assert from "node:assert/strict";
import * as z from "zod/mini";
import { AdapterError } from "../../lambda/errors";
import { defineSource, type SourcePolicy } from "../../lambda/sources/define-source";
import { assertRefused, open } from "./support";

/** Answers how often it was asked. */
function counting(policy: SourcePolicy, read: (signal: AbortSignal) => Promise<unknown> = async () => {}) {
  const counter = { reads: 0 };
  const source = defineSource<object, { readonly name: string }>({
    name: "counting",
    request: z.strictObject({ name: z.string() }),
    names: ({ name }) => [name],
    policy: () => policy,
    connect:
      async () =>
      async ({ name }, { signal }) => {
        counter.reads += 1;
        const reads = counter.reads;
        await read(signal);
        return { value: `${name} ${reads}` };
      },
  });
  return { source, counter };
}

// Proves what `defineSource` puts around an author's functions.
describe("a source of one's own", () => {
  it("is asked each time unless it says otherwise", async () => {
    const { source } = counting({});
    const connected = await source.connect({});
    assert.deepEqual(await open(connected, { name: "a" }), { value: "a 1" });
    assert.deepEqual(await open(connected, { name: "a" }), { value: "a 2" });
  });

  it("is asked once in its cache's life for the same request, and for another one by itself", async () => {
    let now = 0;
    const { source } = counting({ cacheSeconds: 5 });
    const connected = await source.connect({}, { now: () => now });
    const ask = async (name: string) => (await open(connected, { name })).value;
    assert.deepEqual(await Promise.all([ask("a"), ask("a"), ask("b")]), ["a 1", "a 1", "b 2"]);
    now = 4_999;
    assert.equal(await ask("a"), "a 1");
    now = 5_000;
    assert.equal(await ask("a"), "a 3");
  });

  it("has its own time limit, beside the adapter's", async () => {
    const stalled = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { source } = counting({ timeoutMilliseconds: 20 }, stalled);
    const refusal = await assertRefused(open(await source.connect({}), { name: "a" }), "source_timeout");
    assert.match(refusal.message, /20 ms/);
  });

  it("does not fail those who wait when the one who asked first gives up", async () => {
    let answer: () => void = () => {};
    const { source, counter } = counting(
      { cacheSeconds: 5 },
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    const connected = await source.connect({});
    const patient = open(connected, { name: "a" });
    await assertRefused(open(connected, { name: "a" }, 10), "source_timeout");
    answer();
    assert.deepEqual(await patient, { value: "a 1" });
    assert.equal(counter.reads, 1);
  });

  it("does not keep a failure", async () => {
    let failing = true;
    const { source } = counting({ cacheSeconds: 5 }, async () => {
      if (failing) throw new AdapterError("source_throttled", "later");
    });
    const connected = await source.connect({});
    await assertRefused(open(connected, { name: "a" }), "source_throttled");
    failing = false;
    assert.deepEqual(await open(connected, { name: "a" }), { value: "a 2" });
  });
});
