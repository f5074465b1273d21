import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  type CallContext,
  check,
  decryptSecrets,
  encryptSecrets,
  open,
  type Provider,
  readProperty,
  rotate,
  secret,
} from "../../esc/evaluator/index";
import { officialRotators, rot128 } from "./official-providers";

const echo: Provider = { open: async (inputs) => inputs };

describe("the evaluator's face", () => {
  it("keeps numbers as text, all the way", async () => {
    const { revealedJson, environment = "" } = await open({
      yaml: "values:\n  exact: 9007199254740993\n  text: { fn::fromJSON: '[1.50, 1E5]' }\n",
    });
    assert.equal(revealedJson, '{"exact":9007199254740993,"text":[1.50,1E5]}');
    assert.match(readProperty(environment, "text[0]") ?? "", /^\{"value":1\.50,/);
    assert.match(readProperty(environment, "exact") ?? "", /^\{"value":9007199254740993,/);
  });

  it("reads one property by its path", async () => {
    const { environment = "" } = await open({
      yaml: 'values:\n  a: { "x-y.z": [1, { b: "n1" }], "q\\"": true }\n  empty: null\n',
    });
    assert.match(readProperty(environment, 'a["x-y.z"][1].b') ?? "", /^\{"value":"n1",/);
    assert.match(readProperty(environment, 'a["q\\""]') ?? "", /^\{"value":true,/);
    for (const missing of ["b", "a.b", 'a["x-y.z"][2]', "a.length", "empty.x", "__proto__", "a.x"]) {
      assert.equal(readProperty(environment, missing), undefined, missing);
    }
    for (const bad of ["a..b", "a[", "a[x]", 'a["x]', ".a["]) {
      assert.throws(() => readProperty(environment, bad), SyntaxError, bad);
    }
  });

  it("has no environment for an empty definition", async () => {
    assert.deepEqual(await open({ yaml: "" }), {
      diagnostics: [],
      hasErrors: false,
      environment: undefined,
      redactedJson: undefined,
      revealedJson: undefined,
    });
  });

  it("gives diagnostics in the shape of REST, and says whether any is an error", async () => {
    const broken = await check({ yaml: `values:\n  a: \${nope}\n`, name: "p/dev" });
    assert.equal(broken.hasErrors, true);
    assert.deepEqual(broken.diagnostics, [
      {
        severity: "error",
        summary: 'unknown property "nope"',
        path: "values.a",
        range: {
          environment: "p/dev",
          begin: { line: 2, column: 8, byte: 15 },
          end: { line: 2, column: 12, byte: 19 },
        },
      },
    ]);
    const warned = await check({ yaml: "values: { a: 1 }\nvalue: {}\n" });
    assert.equal(warned.hasErrors, false);
    assert.deepEqual(
      warned.diagnostics.map(({ severity }) => severity),
      ["warning"],
    );
  });

  describe("secrets", () => {
    const yaml = `values:\n  s: { fn::secret: hunter2 }\n  o: { p: { fn::secret: hunter3 }, q: plain }\n  s2: pre-\${s}\n`;

    it("stay out of everything that a check gives away", async () => {
      const checked = await check({
        yaml: `imports: [base]\n${yaml}`,
        loadEnvironment: async () => ({ yaml: "values:\n  o: { p: { fn::secret: hunter4 } }\n" }),
      });
      assert.equal(checked.redactedJson, '{"o":{"p":"[secret]","q":"plain"},"s":"[secret]","s2":"[secret]"}');
      assert.equal(checked.revealedJson, undefined);
      assert.doesNotMatch(JSON.stringify(checked), /hunter/);
      assert.match(readProperty(checked.environment ?? "", "o.p") ?? "", /^\{"secret":true,"unknown":true,/);
    });

    it("show in a check that asks for them, and in an open", async () => {
      for (const evaluation of [await check({ yaml, showSecrets: true }), await open({ yaml })]) {
        assert.equal(JSON.parse(evaluation.revealedJson ?? "").s, "hunter2");
        assert.match(
          readProperty(evaluation.environment ?? "", "s") ?? "",
          /^\{"value":"hunter2","secret":true,/,
        );
        assert.doesNotMatch(evaluation.redactedJson ?? "hunter", /hunter/);
      }
    });

    it("never come with REST's exprs and schema", async () => {
      const { environment = "" } = await open({ yaml });
      assert.deepEqual(Object.keys(JSON.parse(environment)), ["properties", "executionContext"]);
    });

    it("of a provider stay secret wherever they are marked", async () => {
      const { redactedJson, revealedJson } = await open({
        yaml: "values:\n  whole: { fn::open::whole: {} }\n  part: { fn::open::part: {} }\n",
        providers: {
          whole: { open: async () => secret({ a: "one", b: [secret("two")] }) },
          part: { open: async () => ({ a: secret("three"), b: 4 }) },
        },
      });
      assert.equal(redactedJson, '{"part":{"a":"[secret]","b":4},"whole":"[secret]"}');
      assert.equal(revealedJson, '{"part":{"a":"three","b":4},"whole":{"a":"one","b":["two"]}}');
    });

    it("hide themselves from logs", () => {
      const value = secret("hunter2");
      for (const text of [inspect(value), JSON.stringify({ value }), `${value}`]) {
        assert.doesNotMatch(text, /hunter2/);
      }
      assert.equal(value.reveal(), "hunter2");
    });

    it("are encrypted at rest and decrypted again, comments kept", async () => {
      const definition = "# why\nvalues:\n  s:\n    fn::secret: hunter2 # rotate it\n";
      const sealed = await encryptSecrets(definition, rot128);
      assert.doesNotMatch(sealed, /hunter2/);
      assert.match(sealed, /# why\n[\s\S]*ciphertext: ZXNj[\s\S]*# rotate it/);
      assert.equal(await decryptSecrets(sealed, rot128), definition);
      assert.equal((await open({ yaml: sealed, decrypter: rot128 })).revealedJson, '{"s":"hunter2"}');
    });

    it("without a decrypter are a diagnostic, in an import too", async () => {
      const sealed = await encryptSecrets(yaml, rot128);
      const { diagnostics } = await open({
        yaml: `imports: [base]\n${sealed}`,
        decrypter: rot128,
        loadEnvironment: async () => ({ yaml: sealed }),
      });
      assert.equal(diagnostics.length, 2);
      for (const { summary, range } of diagnostics) {
        assert.match(
          summary,
          /^decrypting: this environment has encrypted secrets and no decrypter was given$/,
        );
        assert.equal(range?.environment, "base");
      }
    });

    it("cannot be encrypted in what is not YAML", async () => {
      await assert.rejects(encryptSecrets("values: [", rot128), {
        name: "EvaluatorError",
        code: "ERR_ESC_INVALID",
        message: /not valid: yaml: /,
      });
    });
  });

  describe("providers", () => {
    it("are told who calls them, and get plain inputs", async () => {
      const calls: { inputs: unknown; call: CallContext }[] = [];
      await open({
        yaml: "imports: [p/base]\nvalues:\n  own: { fn::open::note: { n: 2 } }\n",
        name: "p/dev",
        context: { pulumi: { user: { login: "ada" } } },
        loadEnvironment: async () => ({
          yaml: `values:\n  s: { fn::secret: x }\n  base: { fn::open::note: { s: "\${s}" } }\n`,
        }),
        providers: { note: { open: async (inputs, call) => void calls.push({ inputs, call }) } },
      });
      assert.deepEqual(
        calls.map(({ inputs, call: { currentEnvironment, rootEnvironment, context } }) => ({
          inputs,
          currentEnvironment,
          rootEnvironment,
          context,
        })),
        [
          { inputs: { s: "x" }, currentEnvironment: "p/base" },
          { inputs: { n: 2 }, currentEnvironment: "p/dev" },
        ].map((each) => ({
          ...each,
          rootEnvironment: "p/dev",
          context: { pulumi: { user: { login: "ada" } } },
        })),
      );
      assert.deepEqual(calls[0]?.call.markedInputs, { s: secret("x") });
    });

    it("that fail become diagnostics with their text, and the rest is still evaluated", async () => {
      const { diagnostics, revealedJson } = await open({
        yaml: [
          "values:",
          "  error: { fn::open::error: {} }",
          "  text: { fn::open::text: {} }",
          "  sync: { fn::open::sync: {} }",
          "  unknown: { fn::open::toString: {} }",
          "  fine: { fn::open::echo: { a: 1 } }",
        ].join("\n"),
        providers: {
          echo,
          error: { open: async () => Promise.reject(new Error("no such entry")) },
          text: { open: async () => Promise.reject("just text") },
          sync: {
            open: () => {
              throw new Error("at once");
            },
          },
        },
      });
      assert.deepEqual(
        diagnostics.map(({ summary, path, range }) => [summary, path, range?.begin.line]),
        [
          ["no such entry", "values.error", 2],
          ["at once", "values.sync", 4],
          ["just text", "values.text", 3],
          ['unknown provider "toString"', "values.unknown", 5],
        ],
      );
      assert.equal(
        revealedJson,
        '{"error":"[unknown]","fine":{"a":1},"sync":"[unknown]","text":"[unknown]","unknown":"[unknown]"}',
      );
    });

    it("are not called by a check, which needs their schemas alone", async () => {
      const { diagnostics, redactedJson } = await check({
        yaml: `values:\n  a: { fn::open::typed: { n: one } }\n  b: \${a.text}\n`,
        providers: {
          typed: {
            inputs: { type: "object", properties: { n: { type: "number" } } },
            outputs: { type: "object", properties: { text: { type: "string" } } },
          },
        },
      });
      assert.deepEqual(
        diagnostics.map(({ summary }) => summary),
        ["expected number, got string"],
      );
      assert.equal(redactedJson, '{"a":"[unknown]","b":"[unknown]"}');
    });

    it("are asked for what they are once in an evaluation", async () => {
      let asked = 0;
      const counted: Provider = {
        get outputs() {
          asked++;
          return true;
        },
        open: async (inputs) => inputs,
      };
      const { diagnostics } = await open({
        yaml: "values:\n  a: { fn::open::c: {} }\n  b: { fn::open::c: {} }\n",
        providers: { c: counted },
      });
      assert.deepEqual([diagnostics.length, asked], [0, 1]);
    });
  });

  it("refuses a context that names the environments itself", async () => {
    await assert.rejects(open({ yaml: "values: { a: 1 }", context: { rootEnvironment: {} } }), {
      code: "ERR_ESC_INVALID",
      message: /reserved context key: "rootEnvironment"/,
    });
  });

  describe("a rotation", () => {
    const yaml = [
      "values:",
      "  one:",
      "    fn::rotate::swap: { inputs: {}, state: { a: left, b: { fn::secret: right } } }",
      "  two:",
      "    fn::rotate::swap: { inputs: {}, state: { a: x, b: y } }",
    ].join("\n");

    it("writes the new state into the definition, ready to be rotated again", async () => {
      const first = await rotate({ yaml, rotators: officialRotators, paths: ["one"] });
      assert.deepEqual(first.rotations, [{ path: "values.one", status: "succeeded", diagnostics: [] }]);
      assert.equal(first.revealedJson, '{"one":{"a":"right","b":"left"},"two":{"a":"x","b":"y"}}');
      assert.equal(first.redactedJson, '{"one":{"a":"[secret]","b":"left"},"two":{"a":"x","b":"y"}}');
      const second = await rotate({ yaml: first.yaml ?? "", rotators: officialRotators });
      assert.equal(second.revealedJson, '{"one":{"a":"left","b":"right"},"two":{"a":"y","b":"x"}}');
      assert.equal(second.redactedJson, '{"one":{"a":"left","b":"[secret]"},"two":{"a":"y","b":"x"}}');
    });

    it("of nothing has no definition", async () => {
      const { rotations, patchesJson, yaml: rewritten } = await rotate({ yaml: "values: { a: 1 }" });
      assert.deepEqual([rotations, patchesJson, rewritten], [[], "[]", undefined]);
    });

    it("that fails says so by path, and the others go on", async () => {
      const { rotations, diagnostics } = await rotate({
        yaml,
        rotators: {
          swap: {
            open: async (_inputs, state) => state,
            rotate: async (_inputs, state) => {
              if ((state as { a: string }).a === "left") throw new Error("no route");
              return state;
            },
          },
        },
      });
      assert.deepEqual(
        rotations.map(({ path, status }) => [path, status]),
        [
          ["values.one", "failed"],
          ["values.two", "succeeded"],
        ],
      );
      assert.deepEqual(
        diagnostics.map(({ summary }) => summary),
        ["rotate: no route"],
      );
    });

    it("that is cut off keeps what has been rotated", async () => {
      const result = await rotate({
        yaml,
        timeoutMs: 100,
        rotators: {
          swap: {
            open: async (_inputs, state) => state,
            rotate: (_inputs, state) =>
              (state as { a: string }).a === "left"
                ? Promise.resolve({ a: "new", b: "b" })
                : new Promise(() => {}),
          },
        },
      });
      assert.deepEqual(
        result.rotations.map(({ path, status }) => [path, status]),
        [
          ["values.one", "succeeded"],
          ["values.two", "failed"],
        ],
      );
      assert.match(result.yaml ?? "", /a: new/);
      assert.match(result.diagnostics[0]?.summary ?? "", /timed out after 100 ms/);
    });

    it("refuses a path that does not parse", async () => {
      await assert.rejects(rotate({ yaml, paths: ["a["], rotators: officialRotators }), {
        code: "ERR_ESC_INVALID",
        message: /path "a\["/,
      });
    });
  });
});
