import assert from "node:assert/strict";
import Ajv from "ajv";
import { checkEnvironments } from "../../esc/lint/check";
import type { Finding } from "../../esc/lint/finding";
import { lintEnvironments } from "../../esc/lint/lint";
import { renderFindings } from "../../esc/lint/render";
import { RULES } from "../../esc/lint/rules";
import { toSarif } from "../../esc/lint/sarif";
import { declared, ruleExamples } from "./examples";
import { sarifSchema } from "./sarif-schema";

const yaml = `values:
  # check: accept E02 a made-up one, for a test
  accepted: { fn::secret: hunter2 }
  open: { fn::secret: hunter3 } # check: accept E03 another rule
  reasonless: { fn::secret: hunter4 } # check: accept E02
`;

describe("Findings", () => {
  let findings: readonly Finding[];
  before(async () => {
    findings = await checkEnvironments({
      environments: [{ name: "shop/dev", file: "a b/shop/dev.yaml", yaml }],
    });
  });

  it("are accepted by a comment that names the rule and a reason, and by no other", () => {
    assert.deepEqual(
      findings.map(({ region, accepted }) => [region?.line, accepted?.reason]),
      [
        [3, "a made-up one, for a test"],
        [4, undefined],
        [5, undefined],
      ],
    );
  });

  it("are told with place, reason and fix, and never with the value", () => {
    const text = renderFindings(findings, ["shop/dev"]);
    assert.match(
      text,
      /^a b\/shop\/dev\.yaml:4:11 E02 error: the secret is in the file as plain text\n {2}why {2}.+\n {2}fix {2}.+\n/,
    );
    assert.match(text, /\na b\/shop\/dev\.yaml:3:15 E02 accepted: a made-up one, for a test\n/);
    assert.match(text, /\n2 findings, 1 accepted with a reason in shop\/dev\n$/);
    assert.doesNotMatch(text + JSON.stringify(findings), /hunter/);
  });

  it("say that an import is not at hand, and nothing of what may be in it; of one that is, in its own file", async () => {
    const environments = [
      {
        name: "shop/dev",
        file: "dev.yaml",
        yaml: "imports: [shop/absent, shop/base]\nvalues: { a: '${b}', c: '${d' }\n",
      },
    ];
    const imports = [{ name: "shop/base", file: "base.yaml", yaml: "values: { e: [1], f: '${e.g}' }\n" }];
    const found = await checkEnvironments({ environments, imports });
    assert.deepEqual(
      found.map(({ rule, file, region, message }) => [rule, file, region?.line, message.slice(0, 42)]),
      [
        ["E00", "dev.yaml", 1, "there is no file of the environment shop/a"],
        ["E00", "base.yaml", 1, "cannot access an array element using a pro"],
        ["E00", "dev.yaml", 2, "missing closing brace '}' in interpolation"],
      ],
    );
  });

  it("tell a definition that breaks a limit of the evaluator, and the others all the same", async () => {
    const deep = { name: "shop/deep", yaml: `values: { a: ${"[".repeat(100)}${"]".repeat(100)} }` };
    const found = await checkEnvironments({ environments: [deep, { name: "shop/dev", yaml }] });
    assert.match(found[0]?.message ?? "", /"shop\/deep" nests more than 64 levels deep/);
    assert.deepEqual(found.map(({ rule, on }) => `${rule} ${on}`).slice(0, 2), [
      "E00 shop/deep",
      "E02 shop/dev",
    ]);
  });

  it("show control characters of a name as text", () => {
    const [finding] = findings;
    const shown = renderFindings([{ ...(finding as Finding), file: "\u001b[2J\u202e" }], []);
    assert.ok(shown.startsWith("\\u{1b}[2J\\u{202e}:"), shown);
  });
});

interface Log {
  readonly runs: readonly { readonly results: readonly { ruleId: string; ruleIndex: number }[] }[];
}

describe("The SARIF log", () => {
  const validate = new Ajv({ strict: true, strictTypes: false }).compile(sarifSchema);

  it("is SARIF 2.1.0, whatever is found, with a place in each result", async () => {
    const wrong = ruleExamples().flatMap(({ pairs }) => pairs.map(([files]) => files));
    const all = wrong.flatMap((files) => lintEnvironments({ ...files, declared }));
    const broken = `${yaml}  broken: \${nowhere}\n`;
    const inFiles = await checkEnvironments({
      environments: [{ name: "shop/dev", file: "a b/ü.yaml", yaml: broken }],
    });
    const log = toSarif([...all, ...inFiles]) as Log;
    const valid: boolean = validate(log);
    assert.ok(valid, JSON.stringify(validate.errors));
    const results = log.runs[0]?.results ?? [];
    assert.deepEqual(new Set(results.map(({ ruleId }) => ruleId)), new Set(Object.keys(RULES)));
    for (const { ruleId, ruleIndex } of results) assert.equal(Object.keys(RULES)[ruleIndex], ruleId);
    const text = JSON.stringify(log);
    assert.match(text, /"uri":"a%20b\/%C3%BC\.yaml"\},"region":\{"startLine":3,"startColumn":15,/);
    assert.match(
      text,
      /"suppressions":\[\{"kind":"inSource","justification":"a made-up one, for a test"\}\]/,
    );
    assert.doesNotMatch(text, /hunter/);
  });

  it("is a log without results when nothing is found", () => {
    assert.ok(validate(toSarif([])));
    assert.ok(!validate({ version: "2.1.0", runs: [{ results: [] }] }), "the schema tells a wrong log");
  });
});
