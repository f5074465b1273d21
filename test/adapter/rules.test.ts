import assert from "node:assert/strict";
import fc from "fast-check";
import { compilePattern } from "../../lambda/access/pattern";
import { type AccessQuestion, type AccessRule, createAccessCheck } from "../../lambda/access/rules";

const rule: AccessRule = {
  environment: "app/staging",
  rootEnvironment: "app/root",
  action: "open",
  source: "vault",
  names: ["database", "queue"],
};
const question: AccessQuestion = { ...rule, rootEnvironment: "app/root", names: ["database"] };

// Proves that one rule must match in everything that is asked. The forms of names are in environment.test.ts.
describe("an access rule", () => {
  const allowed = (asked: Partial<AccessQuestion>, rules: readonly AccessRule[] = [rule]) => {
    try {
      createAccessCheck(rules)({ ...question, ...asked });
      return true;
    } catch (error) {
      assert.deepEqual((error as { code: string }).code, "access_denied");
      return false;
    }
  };

  it("allows what it says, one name or several", () => {
    assert.ok(allowed({}));
    assert.ok(allowed({ names: ["queue", "database"] }));
  });

  const changes: readonly (readonly [what: string, asked: Partial<AccessQuestion>])[] = [
    ["another environment", { environment: "app/prod" }],
    ["no environment", { environment: undefined }],
    ["another root environment", { rootEnvironment: "app/staging" }],
    ["no root environment", { rootEnvironment: undefined }],
    ["another action", { action: "rotate" }],
    ["another source", { source: "drawer" }],
    ["another name", { names: ["mail"] }],
    ["one name too many", { names: ["database", "mail"] }],
    ["no name at all", { names: [] }],
  ];
  for (const [what, asked] of changes) {
    it(`refuses ${what}`, () => assert.equal(allowed(asked), false));
  }

  it("does not lend its names to another rule", () => {
    const other = { ...rule, environment: "app/prod", names: ["mail"] };
    assert.equal(allowed({ names: ["mail"] }, [rule, other]), false);
    assert.equal(allowed({ environment: "app/prod" }, [rule, other]), false);
  });

  it("that does not exist allows nothing", () => {
    assert.equal(allowed({}, []), false);
  });
});

// Proves that a pattern stands for parts of one segment, in every reading of a segment that a source may have.
describe("a pattern in an access rule", () => {
  const cases: readonly (readonly [pattern: string, means: readonly string[], never: readonly string[]])[] = [
    [
      "app/staging",
      ["app/staging"],
      ["app/staging2", "app/Staging", "app/stagin", "xapp/staging", "app.staging"],
    ],
    [
      "app/*",
      ["app/staging", "app/a.b-c_d"],
      ["app/", "app", "app/a/b", "apps/a", "app/a:b", "app/a b", "app/*"],
    ],
    ["app/pr-*", ["app/pr-1", "app/pr-x"], ["app/pr-", "app/pr-1/x", "app/prod", "app/pr-1@live/x"]],
    [
      "app/*/database",
      ["app/x/database"],
      ["app/database", "app/x/y/database", "app//database", "app/x/databases"],
    ],
    [
      "app/*",
      [],
      ["app/.", "app/..", "app/..%2fx", "app/%2e%2e", "app/\\..", "app/a\n", "app/a\0", "app/\u2215x"],
    ],
    ["app/.*", ["app/.env"], ["app/..", "app/x"]],
    ["a.c/*", ["a.c/x"], ["abc/x"]],
    [
      "arn:aws:secretsmanager:*:1:secret:x",
      ["arn:aws:secretsmanager:eu-west-1:1:secret:x"],
      ["arn:aws:secretsmanager:a:b:1:secret:x"],
    ],
  ];
  for (const [pattern, means, never] of cases) {
    it(`${pattern} means ${means.join(", ") || "nothing that leads elsewhere"}, not ${JSON.stringify(never)}`, () => {
      const is = compilePattern(pattern);
      assert.deepEqual([...means, ...never].filter(is), means);
    });
  }

  it("never crosses a segment, whatever is asked", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab./:%2fF\\*\n é"), maxLength: 12 });
    fc.assert(
      fc.property(text, (asked) => {
        if (!compilePattern("app/*/x")(`app/${asked}/x`)) return;
        assert.doesNotMatch(asked, /[/:%\\*\s]/);
        assert.ok(asked !== "." && asked !== "..");
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it("applies to environments, root environments and names, and to nothing else", () => {
    const check = createAccessCheck([
      {
        environment: "app/*",
        rootEnvironment: "app/pr-*",
        action: "open",
        source: "vault",
        names: ["app/*"],
      },
    ]);
    const asked: AccessQuestion = {
      environment: "app/staging",
      rootEnvironment: "app/pr-7",
      action: "open",
      source: "vault",
      names: ["app/a", "app/b"],
    };
    assert.doesNotThrow(() => check(asked));
    for (const change of [
      { environment: "apps/staging" },
      { rootEnvironment: "app/staging" },
      { source: "vaults" },
      { names: ["app/a", "other/b"] },
      { names: ["app/a/b"] },
    ]) {
      assert.throws(() => check({ ...asked, ...change }), { code: "access_denied" }, JSON.stringify(change));
    }
  });
});
