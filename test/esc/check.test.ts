import assert from "node:assert/strict";
import { checkDefinition, formatDiagnostic } from "../../esc/check";

const findings = async (yaml: string, environments: Record<string, string> = {}) =>
  (await checkDefinition({ name: "app/staging", yaml, environments })).map((each) =>
    formatDiagnostic("app/staging", each),
  );

describe("checkDefinition", () => {
  it("finds nothing in a definition that uses all that ESC gives: context, imports, providers", async () => {
    const yaml = `imports: [app/base]
values:
  who: \${context.pulumi.user.login}
  url: https://\${domain}
  asked:
    fn::open::external: {url: https://adapter.example.com/open, request: {name: x}}
`;
    assert.deepEqual(await findings(yaml, { "app/base": "values: {domain: example.com}\n" }), []);
  });

  it("says where, in the environment in which the mistake is written", async () => {
    const yaml = "imports: [app/base]\nvalues: {a: 1}\n";
    assert.deepEqual(await findings(yaml, { "app/base": "values:\n  b: ${nowhere}\n" }), [
      'app/base:2:8: unknown property "nowhere"',
    ]);
  });

  it("finds plain-text secrets, wherever they are, and never repeats them", async () => {
    const yaml = "values:\n  ä: {fn::secret: hunter2}\n  list:\n    - fn::secret: hunter3\n";
    const found = await findings(yaml);
    assert.deepEqual(
      found.map((line) => line.slice(0, line.indexOf(" "))),
      ["app/staging:2:7:", "app/staging:4:7:"],
    );
    assert.doesNotMatch(found.join("\n"), /hunter/);
  });

  it("puts a finding without a position on one line, too", async () => {
    const [finding, ...others] = await findings("values: [\n");
    assert.match(finding ?? "", /^app\/staging: /);
    assert.doesNotMatch(finding ?? "", /\n/);
    assert.deepEqual(others, []);
  });
});
