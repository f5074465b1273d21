import assert from "node:assert/strict";
import { type AccessQuestion, type AccessRule, type Action, checkAccess } from "../../lambda/access/rules";

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
      checkAccess(rules, { ...question, ...asked });
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
    ["another action", { action: "rotate" as Action }],
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
