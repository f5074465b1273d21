import assert from "node:assert/strict";
import { formatGoDuration, parseGoDuration } from "../../sandbox/pulumi/duration";
import { checkEnvironmentId, checkTagName, evaluationName, parseImport } from "../../sandbox/pulumi/names";

const badName = { code: "ERR_ESC_SERVICE_BAD_NAME", status: 400 };

describe("The ESC service's names", () => {
  it("are those of Pulumi's own description: letters, digits, - _ and .", () => {
    checkEnvironmentId({ organization: "acme", project: "web-app_2", name: "staging.eu" });
    for (const [organization, project, name] of [
      ["ac", "web", "staging"],
      ["-acme", "web", "staging"],
      ["acme", "", "staging"],
      ["acme", "web app", "staging"],
      ["acme", "..", "staging"],
      ["acme", "web", "a/b"],
      ["acme", "web", "ünïcode"],
      ["acme", "web", "a@live"],
      ["acme", "web", "yaml"],
      ["acme", "web", "open"],
      ["acme", "web", "x".repeat(101)],
    ] as const) {
      assert.throws(() => checkEnvironmentId({ organization, project, name }), badName, `${project}/${name}`);
    }
  });

  it("show control characters instead of printing them", () => {
    assert.throws(
      () => checkEnvironmentId({ organization: "acme", project: "web", name: "a\u001b[31m" }),
      (error: Error) => error.message.includes("\\u001b") && !error.message.includes("\u001b"),
    );
  });

  it("of tags do not look like revision numbers, and latest is the service's own", () => {
    checkTagName("live");
    for (const tag of ["1", "1st", "latest", "", "a b", "a/b", ".a"]) {
      assert.throws(() => checkTagName(tag), badName, tag);
    }
  });

  it("in imports may leave the project out, pin a version, and never leave the organization", () => {
    assert.deepEqual(parseImport("acme", "web/base"), {
      organization: "acme",
      project: "web",
      name: "base",
      version: undefined,
    });
    assert.equal(parseImport("acme", "base").project, "default");
    assert.equal(parseImport("acme", "web/base@live").version, "live");
    for (const name of ["umbrella/web/base", "web/base@", "web/", "/base", "@live", "web/base:live"]) {
      assert.throws(() => parseImport("acme", name), badName, name);
    }
  });

  it("inside an evaluation leave out the legacy project default", () => {
    assert.equal(evaluationName({ organization: "acme", project: "web", name: "dev" }), "web/dev");
    assert.equal(evaluationName({ organization: "acme", project: "default", name: "dev" }), "dev");
  });
});

describe("A session's duration", () => {
  it("is read and written as Go does", () => {
    for (const [text, ms, written] of [
      ["2h", 7_200_000, "2h0m0s"],
      ["1h30m", 5_400_000, "1h30m0s"],
      ["1.5h", 5_400_000, "1h30m0s"],
      ["15m", 900_000, "15m0s"],
      ["90s", 90_000, "1m30s"],
      ["30s", 30_000, "30s"],
      ["1500ms", 1500, "1s"],
    ] as const) {
      assert.equal(parseGoDuration(text), ms);
      assert.equal(formatGoDuration(ms), written);
    }
  });

  it("is positive, and has units", () => {
    for (const text of ["", "2", "0s", "-1h", "1 h", "h", ".s", "1d", "1ns", `${"9".repeat(30)}h`]) {
      assert.throws(() => parseGoDuration(text), { code: "ERR_ESC_SERVICE_BAD_REQUEST" }, text);
    }
  });
});
