import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { definitionDrift, formatDrift } from "../../esc/drift";
import { staging } from "../../esc/environments";

const program = staging({
  project: "shop",
  stacks: { infra: { stack: "infra/staging", outputs: { ecs_cluster_name: "ECS_CLUSTER" } } },
  loginRoleArn: "arn:aws:iam::123456789012:role/shop-staging-esc-login",
  adapterUrl: "https://abc.lambda-url.eu-west-1.on.aws/v1/open",
}).render();

const drift = (deployed: string) => definitionDrift({ program, deployed }).map(formatDrift);
const edited = (from: string | RegExp, to: string) => {
  const text = program.replace(from, to);
  assert.notEqual(text, program, String(from));
  return drift(text);
};

describe("Drift of a definition", () => {
  it("is none where only comments, layout and the order of keys differ", () => {
    const reversed = (value: unknown): unknown =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, reversed(inner)]),
          )
        : value;
    assert.deepEqual(drift(program), []);
    assert.deepEqual(drift(`# edited by hand\n${program}\n`), []);
    const value: unknown = { values: { b: { d: 1, c: [1, 2] }, a: "x" }, imports: ["shop/base"] };
    const shuffled = stringify(reversed(value), { indent: 4 });
    assert.deepEqual(definitionDrift({ program: stringify(value), deployed: shuffled }), []);
  });

  it("names the place and both sides", () => {
    assert.deepEqual(edited("stage: staging", "stage: shop/base"), [
      'values.stage: the program says "staging", ESC has "shop/base"',
    ]);
    assert.deepEqual(edited("shop-staging-esc-login", "somebody-else"), [
      'values.secretEntries["fn::open::aws-secrets"].login["fn::open::aws-login"].oidc.roleArn: the program says ' +
        '"arn:aws:iam::123456789012:role/shop-staging-esc-login", ESC has "arn:aws:iam::123456789012:role/somebody-else"',
    ]);
    assert.deepEqual(edited("- shop/base", "- shop/base\n  - mallory/overrides"), [
      'imports[1]: the program has nothing there, ESC has "mallory/overrides"',
    ]);
    assert.deepEqual(edited("values:", "values:\n  extra: { a: 1, b: 2 }"), [
      "values.extra: the program has nothing there, ESC has a block with a, b",
    ]);
    const gone = edited(/\n {2}pulumiConfig:\n(?: {4}.*\n?)+/, "\n");
    assert.equal(gone.length, 1);
    assert.match(
      gone[0] ?? "",
      /^values\.pulumiConfig: the program says a block with .*, ESC has nothing there$/,
    );
  });

  it("shows no text that somebody typed into the console", () => {
    const typed = "hunter2-hunter2";
    const told = [
      ...edited("stage: staging", `stage: ${typed}`),
      ...edited("values:", `values:\n  password: ${typed}\n  list: [${typed}]`),
      ...edited("values:", `values:\n  hook: https://hooks.example.com/${typed}`),
    ];
    assert.deepEqual(told, [
      'values.stage: the program says "staging", ESC has a text of 15 characters',
      "values.password: the program has nothing there, ESC has a text of 15 characters",
      "values.list: the program has nothing there, ESC has a list of 1",
      "values.hook: the program has nothing there, ESC has an address at https://hooks.example.com",
    ]);
    fc.assert(
      fc.property(fc.string({ minLength: 5 }), (text) => {
        fc.pre(!program.includes(text) && !/^(\$\{|arn:)/.test(text) && !/^[\w "]*$/.test(text));
        const deployed = stringify({ values: { stage: text, more: { nested: [text] } } });
        for (const line of drift(deployed)) assert.ok(!line.includes(text), line);
      }),
      { numRuns: 100 },
    );
  });

  it("leaves alone what ESC itself writes: a rotator's state, and secrets in their wrapper", () => {
    const rotated = (state: string, secret: string) => `
values:
  db:
    fn::rotate::external:
      inputs: { url: "https://a/" }
${state}  key: { fn::secret: ${secret} }
`;
    const before = rotated("", "plain");
    const state = "      state: { current: { fn::secret: { ciphertext: abc } } }\n";
    assert.deepEqual(definitionDrift({ program: before, deployed: rotated(state, "{ ciphertext: x }") }), []);
  });

  it("is told of a side that is no YAML", () => {
    assert.deepEqual(drift("a: [").map(String), [
      "the definition: the program has nothing there, ESC has no YAML",
    ]);
  });
});
