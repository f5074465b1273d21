import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { parseDocument } from "yaml";
import { readProgramEnvironments } from "../../cli/program-environments";
import { editorSchema } from "../../esc/lint/editor-schema";
import { officialCases } from "../evaluator/official-cases";
import { ruleExamples } from "./examples";

const root = join(__dirname, "..", "..");

describe("The JSON Schema for editors", () => {
  const schema = JSON.parse(readFileSync(join(root, "esc", "environment.schema.json"), "utf8"));
  const validate = new Ajv({
    allowMatchingProperties: true,
    strictTypes: false,
    strictTuples: false,
  }).compile(schema);
  const read = (yaml: string): unknown =>
    parseDocument(yaml, { uniqueKeys: false, merge: false, logLevel: "silent" }).toJS();
  const marks = (yaml: string) => !validate(read(yaml));

  it("is current: npm run docs", () => assert.deepEqual(schema, editorSchema()));

  it("accepts what the program writes, and the mended examples of the rules", async () => {
    const { environments } = await readProgramEnvironments(root);
    const mended = ruleExamples().flatMap(({ pairs }) => pairs.flatMap(([, right]) => right.environments));
    for (const { name, yaml } of [...environments, ...mended]) {
      assert.ok(validate(read(yaml)), `${name}: ${JSON.stringify(validate.errors)}\n${yaml}`);
    }
  });

  it("accepts every official case that loads and checks clean, and marks those of which one value tells", () => {
    const marked: string[] = [];
    const unmarked: string[] = [];
    for (const { name, options, expected } of officialCases()) {
      const diagnostics = [expected.sloadDiags, expected.scheckDiags].filter((each) => each !== undefined);
      if (diagnostics.length === 0)
        assert.ok(!marks(options.yaml), `${name}: ${JSON.stringify(validate.errors)}`);
      else (marks(options.yaml) ? marked : unmarked).push(name);
    }
    assert.deepEqual(marked, [
      "builtin-concat-errors",
      "builtin-split-errors",
      "invalid-access-load",
      "invalid-import",
      "invalid-join",
      "invalid-object-key",
      "invalid-open",
      "invalid-plaintext",
      "reserved-keys",
      "rotate",
    ]);
    assert.deepEqual(unmarked, [
      ...["builtin-errs", "builtin-final"], // where a reference leads, what is inherited
      "ciphertext-invalid", // a checksum
      ...["cycle", "duplicate-keys"], // the latter every reader of YAML marks by itself
      ...["import-cycle", "import-cycle-2", "import-invalid"], // another file
      ...["inline-reference", "inline-reference-cycle", "inline-reference-rotateOnly"],
      "invalid-access", // where a reference leads
      ...["rotate-state", "schema-error"], // providers of the official tests
      "unterminated-array", // no YAML
    ]);
  });

  it("marks the inputs of the providers that Pulumi has, in both spellings, and takes references for any", () => {
    const aws = (inputs: string) => `values: { a: { fn::open::aws-login: { oidc: ${inputs} } } }`;
    const url = (inputs: string) => [
      `values: { a: { fn::open::external: ${inputs} } }`,
      `values: { a: { fn::open: { provider: external, inputs: ${inputs} } } }`,
      `values: { a: { fn::rotate::external: { inputs: ${inputs} } } }`,
    ];
    const right = [
      aws('{ roleArn: "${role}", sessionName: "esc-${context.pulumi.user.login}", duration: 1h30m }'),
      aws(
        '{ roleArn: { fn::join: ["", [a, "${b}"]] }, sessionName: esc, subjectAttributes: "${attributes}" }',
      ),
      "values: { a: { fn::open::another: { anything: [1] } } }",
      ...url('{ url: "https://a.example", request: { any: [thing] } }'),
      ...url('"${inputs}"'),
    ];
    const wrong = [
      aws("{ sessionName: esc }"),
      aws("{ roleArn: arn:aws:iam::123456789012:role/r, sessionName: a/b }"),
      aws("{ roleArn: arn:aws:iam::123456789012:role/r, sessionName: esc, duration: 90 }"),
      aws(
        "{ roleArn: arn:aws:iam::123456789012:role/r, sessionName: esc, subjectAttributes: [currentEnvironment] }",
      ),
      aws("{ roleArn: arn:aws:iam::123456789012:role/r, sessionName: esc, durations: 1h }"),
      ...url("{ url: http://a.example }"),
      ...url("{ request: {} }"),
      ...url('{ url: "https://${a" }'),
      "values: { a: { fn::toJson: 1 } }",
      "values: { a: { fn::toJSON: 1, b: 2 } }",
      "environmentVariables: { A: b }",
      "values: { environmentVariables: { A: [b] } }",
    ];
    assert.deepEqual(right.filter(marks), []);
    assert.deepEqual(
      wrong.filter((yaml) => !marks(yaml)),
      [],
    );
  });

  it("says no to a long wrong text in no time", () => {
    const text = `\${${"a.".repeat(20_000)}["${"b]".repeat(20_000)}`;
    assert.ok(!validate({ values: { text } }));
  });
});
