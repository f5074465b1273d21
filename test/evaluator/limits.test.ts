// What a definition can do to whoever evaluates it: each way to overload the evaluator ends early, with its own
// code, without a secret in the message, and the next evaluation is fine.
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import {
  check,
  type EvaluateOptions,
  EvaluatorError,
  type EvaluatorErrorCode,
  encryptSecrets,
  open,
  type Provider,
} from "../../esc/evaluator/index";

const never: Provider = { open: () => new Promise(() => {}) };
const neverAfter = (begun: () => void) => {
  begun();
  return new Promise(() => {});
};
const at = (lines: number, line: (i: number) => string) =>
  Array.from({ length: lines }, (_, i) => line(i)).join("\n");

/** 700 bytes that become 13 TB of text. */
const doublings = `values:\n  k0: hunter2 hunter2\n${at(40, (i) => `  k${i + 1}: "\${k${i}}\${k${i}}"`)}\n`;
/** Lists of lists instead: slow rather than large, for a second or so. */
const slow = `values:\n  k0: hunter2\n${at(24, (i) => `  k${i + 1}: ["\${k${i}}", "\${k${i}}"]`)}\n`;

async function failure(evaluation: Promise<unknown>): Promise<EvaluatorError> {
  const error = await evaluation.then(
    () => assert.fail("it was evaluated"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof EvaluatorError, String(error));
  assert.doesNotMatch(error.message + JSON.stringify(error.diagnostics), /hunter2/);
  return error;
}

async function assertReady(): Promise<void> {
  assert.equal((await open({ yaml: "values: { a: 1 }" })).revealedJson, '{"a":1}');
}

describe("the evaluator's limits", () => {
  afterEach(assertReady);

  const definitions: [name: string, code: EvaluatorErrorCode, options: EvaluateOptions][] = [
    [
      "5,000 nested brackets",
      "ERR_ESC_TOO_DEEP",
      { yaml: `values: { s: hunter2, a: ${"[".repeat(5000)}${"]".repeat(5000)} }` },
    ],
    [
      "65 levels of block mappings",
      "ERR_ESC_TOO_DEEP",
      { yaml: `values:\n${at(64, (i) => `${" ".repeat(i + 1)}a:`)} 1` },
    ],
    [
      "65 levels of dashes in an import",
      "ERR_ESC_TOO_DEEP",
      {
        yaml: "imports: [deep]",
        loadEnvironment: async () => ({ yaml: `values:\n  a:\n    ${"- ".repeat(63)}1` }),
      },
    ],
    ["5 MB", "ERR_ESC_TOO_LARGE", { yaml: `values: { a: "${"hunter2".repeat(750_000)}" }` }],
    [
      "an import of 5 MB",
      "ERR_ESC_TOO_LARGE",
      {
        yaml: "imports: [large]",
        loadEnvironment: async () => ({ yaml: `values: { a: ${"x".repeat(5e6)} }` }),
      },
    ],
    [
      "a result of 16 MB",
      "ERR_ESC_RESULT_TOO_LARGE",
      {
        yaml: `values:\n  k0: "${"hunter2".repeat(1250)}"\n${at(10, (i) => `  k${i + 1}: "\${k${i}}\${k${i}}"`)}\n`,
      },
    ],
  ];
  for (const [name, code, options] of definitions) {
    it(`refuse ${name} with ${code}`, async () => {
      assert.equal((await failure(check(options))).code, code);
    });
  }

  it("take 64 levels, however they are written", async () => {
    for (const yaml of [
      `values: { a: ${"[".repeat(62)}${"]".repeat(62)} }`,
      `values:\n${at(63, (i) => `${" ".repeat(i + 1)}a:`)} 1`,
      `values:\n  a:\n    ${"- ".repeat(62)}1`,
      `values:\n  text: "${"[{".repeat(100)}"\n  block: |\n    ${"{[".repeat(100)}\n`,
    ]) {
      assert.deepEqual((await check({ yaml })).diagnostics, [], yaml.slice(0, 40));
    }
  });

  it("leave a definition of 512 KiB alone", async () => {
    const { redactedJson } = await check({ yaml: `values: { a: ${"x".repeat(512 * 1024 - 15)} }` });
    assert.equal(redactedJson?.length, 512 * 1024 - 7);
  });

  it("refuse what a provider answers with too much, by its name", async () => {
    const { code, message } = await failure(
      open({
        yaml: "values: { a: { fn::open::big: {} } }",
        providers: { big: { open: async () => "x".repeat(9e6) } },
      }),
    );
    assert.equal(code, "ERR_ESC_RESULT_TOO_LARGE");
    assert.match(message, /"big"/);
  });

  it("follow a chain of 2,000 references", async () => {
    const { redactedJson } = await check({
      yaml: `values:\n${at(2000, (i) => `  k${i}: \${k${i + 1}}`)}\n  k2000: x\n`,
    });
    assert.match(redactedJson ?? "", /"k0":"x"/);
  });

  describe("on time", () => {
    it("end a provider that never answers, and say where it was called", async () => {
      let reason: unknown;
      const error = await failure(
        open({
          yaml: [
            "values:",
            "  s: { fn::secret: hunter2 }",
            '  a: { fn::open::never: { s: "hunter2" } }',
            "  b: { fn::open::never: {} }",
          ].join("\n"),
          name: "p/dev",
          timeoutMs: 100,
          providers: {
            never: {
              open: (_inputs, { signal }) =>
                new Promise(() =>
                  signal.addEventListener("abort", () => {
                    reason = signal.reason;
                  }),
                ),
            },
          },
        }),
      );
      assert.equal(error.code, "ERR_ESC_TIMEOUT");
      assert.equal(error.message, 'open of "p/dev" timed out after 100 ms at p/dev:3:6');
      assert.deepEqual(
        error.diagnostics.map(({ summary, path }) => [path, summary]),
        [
          ["values.a", "timed out after 100 ms"],
          ["values.b", "timed out after 100 ms"],
        ],
      );
      assert.equal((reason as EvaluatorError).code, "ERR_ESC_TIMEOUT");
    });

    it("end an import that never loads", async () => {
      const { code } = await failure(
        check({ yaml: "imports: [p/base]", timeoutMs: 50, loadEnvironment: () => new Promise(() => {}) }),
      );
      assert.equal(code, "ERR_ESC_TIMEOUT");
    });

    it("end a key that never answers", async () => {
      const cipher = {
        encrypt: () => new Promise<never>(() => {}),
        decrypt: () => new Promise<never>(() => {}),
      };
      const { code } = await failure(
        encryptSecrets("values: { s: { fn::secret: hunter2 } }", cipher, { timeoutMs: 50 }),
      );
      assert.equal(code, "ERR_ESC_TIMEOUT");
    });

    it("terminate an evaluation that does not give way; the others do not notice", async () => {
      const started = performance.now();
      const stuck = failure(open({ yaml: slow, timeoutMs: 100 }));
      const waiting = Promise.all([check({ yaml: "values: { a: 1 }" }), open({ yaml: "values: { b: 2 }" })]);
      assert.equal((await stuck).code, "ERR_ESC_TIMEOUT");
      assert.ok(performance.now() - started < 1500, "terminated late");
      assert.deepEqual(
        (await waiting).map(({ redactedJson }) => redactedJson),
        ['{"a":1}', '{"b":2}'],
      );
    });

    it("only count what is a time", async () => {
      for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
        await assert.rejects(check({ yaml: "", timeoutMs }), RangeError);
      }
    });
  });

  describe("on patience", () => {
    it("end an evaluation when its signal fires", async () => {
      const controller = new AbortController();
      const aborted = failure(
        open({
          yaml: "values: { a: { fn::open::never: {} } }",
          signal: controller.signal,
          providers: { never },
        }),
      );
      setTimeout(() => controller.abort(), 20);
      assert.equal((await aborted).code, "ERR_ESC_ABORTED");
    });

    it("start none whose signal has fired", async () => {
      const calls: unknown[] = [];
      const { code } = await failure(
        open({
          yaml: "values: { a: { fn::open::note: {} } }",
          signal: AbortSignal.abort(),
          providers: { note: { open: async (inputs) => calls.push(inputs) } },
        }),
      );
      assert.deepEqual([code, calls], ["ERR_ESC_ABORTED", []]);
    });
  });

  it("turn a fault in the official evaluator into ERR_ESC_PANIC", async () => {
    const { code, message } = await failure(
      open({
        yaml: "values:\n  s: { fn::secret: hunter2 }\n  a: { fn::open::echo: null }\n",
        providers: { echo: never },
      }),
    );
    assert.equal(code, "ERR_ESC_PANIC");
    assert.match(message, /interface conversion/);
  });

  describe("when an evaluation brings Go down", () => {
    const gate = () => {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      return { released, release };
    };

    it("as 40 doublings do, others in flight start again, unless a provider has been called", async () => {
      const called = gate();
      const loaded = gate();
      const innocent = check({
        yaml: "imports: [p/base]",
        loadEnvironment: async () => {
          loaded.release();
          await new Promise((resolve) => setTimeout(resolve, 300));
          return { yaml: "values: { a: 1 }" };
        },
      });
      const touched = failure(
        open({
          yaml: "values: { a: { fn::open::never: {} } }",
          providers: { never: { open: () => neverAfter(called.release) } },
        }),
      );
      await Promise.all([called.released, loaded.released]);
      const before = process.resourceUsage().maxRSS;
      assert.equal((await failure(open({ yaml: doublings }))).code, "ERR_ESC_OUT_OF_MEMORY");
      const grownKiB = process.resourceUsage().maxRSS - before;
      assert.ok(grownKiB < 1.3 * 1024 * 1024, `${grownKiB} KiB more`);
      assert.equal((await touched).code, "ERR_ESC_INTERRUPTED");
      assert.equal((await innocent).redactedJson, '{"a":1}');
    });

    it("and nobody knows which one, all in flight are told at once", async () => {
      const called = gate();
      const inFlight = failure(
        open({
          yaml: "values: { a: { fn::open::never: {} } }",
          providers: { never: { open: () => neverAfter(called.release) } },
        }),
      );
      await called.released;
      await post({ type: "settle", call: "not a number: Go panics outside of any evaluation" });
      assert.equal((await inFlight).code, "ERR_ESC_CRASHED");
    });
  });

  it("give memory back when nothing is left to do", async () => {
    const { terminate } = Worker.prototype;
    let terminated = 0;
    Worker.prototype.terminate = function () {
      terminated++;
      return terminate.call(this);
    };
    try {
      const yaml = `values:\n  k0: hunter2\n${at(22, (i) => `  k${i + 1}: "\${k${i}}\${k${i}}"`)}\n`;
      assert.equal((await failure(check({ yaml }))).code, "ERR_ESC_RESULT_TOO_LARGE");
      assert.equal(terminated, 1);
      await assertReady();
      assert.equal(terminated, 1);
    } finally {
      Worker.prototype.terminate = terminate;
    }
  });

  it("hold for two hundred opens at once, each with its own answer", async () => {
    const opened = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        open({
          yaml: `values:\n  i: { fn::open::wait: { i: ${i} } }\n  again: { fn::open::wait: { i: "\${i.i}" } }\n`,
          providers: {
            wait: { open: (inputs) => new Promise((resolve) => setTimeout(resolve, 50, inputs)) },
          },
        }),
      ),
    );
    opened.forEach(({ revealedJson }, i) => {
      assert.equal(revealedJson, `{"again":{"i":${i}},"i":{"i":${i}}}`);
    });
  });
});

/** Sends a message to the evaluator's thread that its face would never send. */
async function post(message: object): Promise<void> {
  const original = Worker.prototype.postMessage;
  try {
    const sent = new Promise<void>((resolve) => {
      Worker.prototype.postMessage = function (this: Worker, value: unknown) {
        original.call(this, message);
        original.call(this, value);
        resolve();
      };
    });
    void check({ yaml: "values: { a: 1 }" }).catch(() => {});
    await sent;
  } finally {
    Worker.prototype.postMessage = original;
  }
}
