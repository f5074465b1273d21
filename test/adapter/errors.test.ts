import assert from "node:assert/strict";
import { AdapterError, toAdapterError } from "../../lambda/errors";
import type { FetchContext } from "../../lambda/sources/define-source";
import { fetchText } from "../../lambda/sources/index";

const SECRET = "s3cret-in-a-message";

// Proves that what nobody foresaw is told by name and place, never by its message.
describe("an unforeseen error", () => {
  it("becomes internal, with its name and its first frame", () => {
    const { code, status, message } = toAdapterError(new RangeError(SECRET));
    assert.deepEqual([code, status], ["internal", 500]);
    assert.match(message, /^RangeError at .*errors\.test\.ts/);
    assert.ok(!message.includes(SECRET));
  });

  it("of which the message has several lines does not get one of them into the reason", () => {
    const { message } = toAdapterError(new Error(`first\n    at ${SECRET} (x:1:2)\nlast`));
    assert.ok(!message.includes(SECRET), message);
  });

  for (const thrown of [SECRET, { message: SECRET }, undefined, null]) {
    it(`is named by its type alone when it is ${typeof thrown} ${thrown === null ? "null" : ""}`, () => {
      assert.equal(toAdapterError(thrown).message, `a ${typeof thrown} was thrown`);
    });
  }

  it("that was foreseen is left as it is", () => {
    const error = new AdapterError("access_denied", "no");
    assert.equal(toAdapterError(error), error);
  });
});

describe("a source that overruns", () => {
  it("is told to stop, and is left behind when it does not", async () => {
    let stopped = false;
    const call = {
      names: ["a"],
      fetch: ({ signal }: FetchContext) =>
        new Promise<never>(() => {
          signal.addEventListener("abort", () => {
            stopped = true;
          });
        }),
    };
    await assert.rejects(fetchText(call, { milliseconds: 5, bytes: 100 }), { code: "source_timeout" });
    assert.ok(stopped);
  });
});
