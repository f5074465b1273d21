// What docs/check.md says of Pulumi ESC is so: the examples are opened by Pulumi's own evaluator.
import assert from "node:assert/strict";
import fc from "fast-check";
import { open, type Provider, secret } from "../../esc/evaluator/index";
import { lintEnvironments } from "../../esc/lint/lint";
import { type Files, ruleExamples } from "./examples";

/** Answers as ESC's provider does: secret unless it is told not to. */
const external = (pair: string): Provider => ({
  open: async (inputs) => {
    const response = { pair, token: "made-up", key: "made-up" };
    return (inputs as { secret?: boolean }).secret === false ? { response } : secret({ response });
  },
});

async function opened({ environments }: Files, pair = "app:made-up") {
  const root = environments.at(-1);
  const decrypter = { decrypt: async () => Buffer.from("made-up") };
  const evaluation = await open({
    yaml: root?.yaml ?? "",
    name: root?.name ?? "",
    providers: { external: external(pair) },
    decrypter,
    loadEnvironment: async (wanted) => {
      const found = environments.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`there is no ${wanted}`);
      return { yaml: found.yaml, decrypter };
    },
  });
  const redacted = evaluation.redactedJson ?? "{}";
  return { ...evaluation, redacted, values: JSON.parse(redacted) };
}

const examples = ruleExamples();
const pairsOf = (rule: string) => examples.find((each) => each.rule === rule)?.pairs ?? [];

describe("What the page says of ESC", () => {
  it("E04: a split secret, an answer with secret: false show in plain, and their mended forms do not", async () => {
    const [split, merged, plain] = pairsOf("E04");
    assert.ok(split && merged && plain);
    assert.match((await opened(split[0])).redacted, /made-up/);
    const decoded = await opened(split[1], '{"user":"app","password":"made-up"}');
    assert.deepEqual(decoded.diagnostics, []);
    assert.doesNotMatch(decoded.redacted, /made-up/);
    assert.match((await opened(plain[0])).redacted, /made-up/);
    // As text, an object is without what it inherits, and not secret; fn::toJSON has all of it, and is.
    assert.equal((await opened(merged[0])).values.pulumiConfig.database, 'settings: "host"="db.example.com"');
    assert.equal((await opened(merged[1])).values.pulumiConfig.database, "[secret]");
  });

  it("E05 and E14: lists replace each other, and the last import wins", async () => {
    const [lists] = pairsOf("E05");
    const [keys] = pairsOf("E14");
    assert.ok(lists && keys);
    assert.equal((await opened(lists[0])).values.origins.length, 1);
    assert.equal((await opened(lists[1])).values.origins.length, 3);
    const wrong = await opened(keys[0]);
    assert.deepEqual([wrong.values.region, wrong.diagnostics], ["us-east-1", []]);
    assert.equal((await opened(keys[1])).values.region, "eu-west-1");
  });

  it("E15: what the import makes of a value keeps the import's own", async () => {
    const [pair] = pairsOf("E15");
    assert.ok(pair);
    const { domain, api } = (await opened(pair[0])).values;
    assert.deepEqual([domain, api], ["example.org", "https://api.example.com"]);
    assert.equal((await opened(pair[1])).values.api, "https://api.example.org");
  });

  it("E01, E20 and E21: what is wrong opens with no error at all", async () => {
    for (const rule of ["E01", "E20"]) {
      const [pair] = pairsOf(rule);
      assert.ok(pair);
      const wrong = await opened(pair[0]);
      assert.equal(wrong.hasErrors, false);
      assert.equal(wrong.values.pulumiConfig, undefined);
      assert.equal(wrong.values.region, rule === "E20" ? "[unknown]" : "eu-west-1");
    }
    const [misspelt] = pairsOf("E21");
    assert.ok(misspelt);
    assert.deepEqual((await opened(misspelt[0])).diagnostics, []);
  });
});

describe("The rules", () => {
  it("take any definition, and never repeat a secret", () => {
    const text = fc.constantFrom(
      "${a}",
      "${a.b[0]}",
      "x ${b}",
      '${imports["p/e"].a}',
      "${environments.p.e.a}",
      "hunter2",
      "${",
      "1",
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.constantFrom(null, 1, true),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom("a", "b", "environmentVariables", "get", "oidc", "login"),
          tie("node"),
          { maxKeys: 3 },
        ),
        fc
          .tuple(
            fc.constantFrom(
              "fn::secret",
              "fn::toString",
              "fn::split",
              "fn::open",
              "fn::open::aws-secrets",
              "fn::open::aws-login",
              "fn::rotate::external",
              "fn::final",
            ),
            tie("node"),
          )
          .map(([name, argument]) => ({ [name]: argument })),
      ),
    }));
    const definition = fc.record({
      imports: fc.constantFrom(["p/e"], ["p/e", "p/prod"], "p/e", null),
      values: node,
    });
    fc.assert(
      fc.property(definition, definition, (one, other) => {
        const environments = [
          { name: "p/e", yaml: JSON.stringify(one) },
          { name: "p/prod", yaml: JSON.stringify(other) },
        ];
        assert.doesNotMatch(JSON.stringify(lintEnvironments({ environments })), /hunter2/);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("take a ladder of references and one of imports in no time", () => {
    const rungs = Array.from({ length: 60 }, (_, index) => index);
    const references = rungs.map((index) => `  r${index}: "\${r${index + 1}} \${r${index + 1}}"`).join("\n");
    const imports = rungs.map((index) => ({
      name: `p/e${index}`,
      yaml: `imports: [p/e${index + 1}, "p/e${index + 1}@live"]\nvalues: { own${index}: "\${missing}" }\n`,
    }));
    const ladder = {
      name: "p/ladder",
      yaml: `values:\n${references}\n  s: { fn::split: [":", "\${r0}"] }\n`,
    };
    assert.deepEqual(lintEnvironments({ environments: [ladder, ...imports] }), []);
  });
});
