import assert from "node:assert/strict";
import fc from "fast-check";
import { formatGoDuration, parseGoDuration } from "../../sandbox/pulumi/duration.js";
import { EscServiceError } from "../../sandbox/pulumi/errors.js";
import { sliceJson } from "../../sandbox/pulumi/json-text.js";
import { checkEnvironmentId, checkTagName, evaluationName, parseImport } from "../../sandbox/pulumi/names.js";
import { parsePropertyPath } from "../../sandbox/pulumi/property-path.js";

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

describe("A property path", () => {
  it("is Pulumi's: names, indices and quoted keys", () => {
    for (const [text, path] of [
      ["a", ["a"]],
      ["a.b.c", ["a", "b", "c"]],
      ["a[0].b", ["a", 0, "b"]],
      ['a["x.y"][2]', ["a", "x.y", 2]],
      ['["root key"].b', ["root key", "b"]],
      ['a["say \\"hi\\""]', ["a", 'say "hi"']],
    ] as const) {
      assert.deepEqual(parsePropertyPath(text), path);
    }
  });

  it("that does not parse is refused", () => {
    for (const text of ["", ".a", "a.", "a..b", "a[", "a[x]", 'a["x]', "a]", "a[-1]", "a[0]b"]) {
      assert.throws(() => parsePropertyPath(text), EscServiceError, text);
    }
  });
});

describe("Reading a part of JSON text", () => {
  it("gives exactly what parsing would give, for any document and path", () => {
    const document = fc.jsonValue({ maxDepth: 4 });
    const space = fc.constantFrom(0, 2);
    fc.assert(
      fc.property(document, space, fc.infiniteStream(fc.nat()), (value, indent, choices) => {
        const path: (string | number)[] = [];
        let part: unknown = value;
        while (typeof part === "object" && part !== null) {
          const keys = Object.keys(part);
          const key = keys[choices.next().value % (keys.length + 1)];
          if (key === undefined) break;
          path.push(Array.isArray(part) ? Number(key) : key);
          part = (part as Record<string, unknown>)[key];
        }
        const slice = sliceJson(JSON.stringify(value, undefined, indent), path) ?? "nothing";
        assert.deepEqual(JSON.parse(slice), JSON.parse(JSON.stringify(part)));
        assert.equal(sliceJson(JSON.stringify(value), [...path, "no such key", 0]), undefined);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps the spelling of numbers", () => {
    const text = '{"a":[{"value":1.50},{"value":9007199254740993}],"e":1e+06}';
    assert.equal(sliceJson(text, ["a", 0, "value"]), "1.50");
    assert.equal(sliceJson(text, ["a", 1]), '{"value":9007199254740993}');
    assert.equal(sliceJson(text, ["e"]), "1e+06");
  });
});
