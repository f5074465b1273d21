import assert from "node:assert/strict";
import { defineInventory } from "../../esc/inventory/define";
import { InventoryError } from "../../esc/inventory/errors";
import type { SecretItem, SettingItem } from "../../esc/inventory/item";

const secret: SecretItem<"staging" | "prod"> = {
  name: "database",
  description: "Connection to the database",
  kind: "secret",
  livesIn: "aws-secrets",
  stages: ["staging", "prod"],
  values: [{ jsonKey: "url", form: "postgres-url", variable: "DATABASE_URL" }],
  owner: "team",
  obtain: "Ask the database",
  rotateWithinDays: 90,
  consumers: ["API"],
};
const setting: SettingItem<"staging" | "prod"> = {
  name: "region",
  description: "Region",
  kind: "setting",
  livesIn: "esc",
  stages: ["prod"],
  values: [{ form: "aws-region", config: "aws:region" }],
  owner: "team",
  consumers: ["Pulumi"],
};

/** The problems of an inventory that the compiler has not seen. */
function problemsOf(...items: readonly object[]): readonly string[] {
  try {
    defineInventory({ title: "Secrets", stages: ["staging", "prod"], items: items as never });
    return [];
  } catch (error) {
    assert.ok(error instanceof InventoryError && error.code === "ERR_INVENTORY");
    assert.ok(error.problems.every((problem) => error.message.includes(problem)));
    return error.problems;
  }
}

const withForm = (form: unknown) => problemsOf({ ...setting, values: [{ form, variable: "X" }] }).join();

describe("defineInventory", () => {
  it("takes what is well declared, and keeps it as it is", () => {
    assert.deepEqual(problemsOf(secret, setting), []);
    const stages = defineInventory({ title: "None", stages: ["prod"], items: [] });
    assert.deepEqual(stages, { title: "None", stages: ["prod"], items: [], generates: {} });
  });

  it("refuses what it does not know, wherever it stands, and names it with its place", () => {
    assert.match(problemsOf(secret, { ...setting, onwer: "x" }).join(), /^items\[1\] \(region\): .*"onwer"/);
    assert.match(problemsOf({ ...secret, livesIn: "stacks" }).join(), /^items\[0\] \(database\)\.livesIn: /);
    assert.match(problemsOf({ ...setting, rotateWithinDays: 3 }).join(), /"rotateWithinDays"/);
    const typo = { ...secret, values: [{ ...secret.values[0], secert: true }] };
    assert.match(problemsOf(typo).join(), /^items\[0\] \(database\)\.values\[0\]: .*"secert"/);
    assert.match(withForm("postgres-uri"), /is not a form/);
  });

  it("names every problem at once", () => {
    const problems = problemsOf(
      { ...secret, stages: ["stagign"] },
      { ...secret, name: "other", stages: ["staging"] },
      { ...secret, stages: ["staging"] },
      { ...setting, values: [{ jsonKey: "x", form: "text", variable: "DATABASE_URL" }] },
      { ...setting, name: "nothing", values: [{ form: "text" }] },
    );
    assert.deepEqual(problems, [
      'items[0] (database).stages: there is no stage "stagign"',
      "items[3] (region).values: what does not live in an entry has no jsonKey",
      "items[4] (nothing).values[0]: fills neither a variable nor configuration",
      'items: two are called "database"',
      "items: in staging two fill DATABASE_URL",
    ]);
  });

  it("lets a retired item stand beside the one that comes after it", () => {
    assert.deepEqual(problemsOf({ ...secret, retired: true }, { ...secret, name: "database-2" }), []);
  });

  it("wants a key for each of several values, and for what ESC rotates", () => {
    const { jsonKey: _, ...plain } = { jsonKey: "", form: "text", variable: "A" };
    assert.deepEqual(problemsOf({ ...secret, values: [plain] }), []);
    const wrong = /each of its values needs a jsonKey/;
    assert.match(problemsOf({ ...secret, values: [plain, { ...plain, variable: "B" }] }).join(), wrong);
    assert.match(problemsOf({ ...secret, livesIn: "rotated", values: [plain] }).join(), wrong);
  });

  it("refuses a form that contradicts itself", () => {
    assert.match(withForm({ pattern: "(", description: "x", example: "x" }), /is not a regular expression/);
    assert.match(withForm({ pattern: "a+", description: "x", example: "b" }), /example is not of this form/);
    assert.match(withForm({ json: { type: "lsit" }, description: "x" }), /is not a JSON Schema: /);
    assert.match(withForm({ json: { tpye: "list" }, description: "x" }), /is not a JSON Schema: .*tpye/);
    assert.match(withForm({ enum: ["a", "a"] }), /has a word twice/);
    assert.match(
      withForm({ byStage: { staging: "text" } }),
      /has none for the stage "prod".*not in the stage "staging"/s,
    );
  });

  it("is checked by the compiler as far as types see", () => {
    const declare = () => [
      // @ts-expect-error a stage that is not there
      defineInventory({ title: "x", stages: ["prod"], items: [secret] }),
      // @ts-expect-error a secret that a stack puts out
      { ...secret, livesIn: "stacks" } satisfies SecretItem,
      // @ts-expect-error a value that fills nothing
      { ...setting, values: [{ form: "text" }] } satisfies SettingItem,
      // @ts-expect-error a form that there is not
      { ...setting, values: [{ form: "postgres-uri", variable: "X" }] } satisfies SettingItem,
      // @ts-expect-error a member that there is not
      { ...setting, onwer: "x" } satisfies SettingItem,
    ];
    assert.equal(typeof declare, "function");
  });
});
