import assert from "node:assert/strict";
import { checkEnvironments } from "../../esc/lint/check";
import { RULES } from "../../esc/lint/rules";
import { declared, type Files, ruleExamples } from "./examples";

const findings = (files: Files) => checkEnvironments({ ...files, declared });

describe("The rules of docs/check.md", () => {
  const examples = ruleExamples();

  it("are all of the rules, with their titles", () => {
    const plain = (title: string) => title.replaceAll("`", "").toLowerCase();
    assert.deepEqual(
      examples.map(({ rule, title }) => [rule, plain(title)]),
      Object.entries(RULES).map(([rule, { title }]) => [rule, plain(title)]),
    );
  });

  for (const { rule, title, pairs } of examples) {
    it(`${rule} finds its example, with its place, and nothing in the mended one: ${title}`, async () => {
      for (const [wrong, right] of pairs) {
        const found = await findings(wrong);
        assert.ok(found.length > 0, wrong.environments.map(({ yaml }) => yaml).join("---\n"));
        for (const finding of found) {
          assert.equal(finding.rule, rule, finding.message);
          assert.ok((finding.region?.line ?? 0) > 1, "after the line that names it");
        }
        assert.deepEqual(await findings(right), []);
      }
    });
  }
});
