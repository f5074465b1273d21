import assert from "node:assert/strict";
import { toOneLine } from "../../sandbox/engine/one-line";
import { Redactor } from "../../sandbox/engine/redactor";
import { Secret } from "../../sandbox/engine/values";

const directory = "/home/me/app";
const line = (...text: string[]) => toOneLine(text.join("\n"), directory);

describe("an error on one line", () => {
  it("is the message and the program's own line nearest to it", () => {
    assert.equal(
      line(
        "Running program '/home/me/app/index.ts' failed with an unhandled exception:",
        "<ref *1> Error: no such thing",
        "    at /home/me/app/node_modules/@pulumi/output.ts:519:31",
        "    at Generator.next (<anonymous>)",
        "    at new Thing (/home/me/app/components/thing.ts:7:9)",
        "    at Object.<anonymous> (/home/me/app/index.ts:3:1) {",
        "  resource: Thing {",
        "    password: 'hush' } }",
      ),
      "no such thing (components/thing.ts:7:9)",
    );
  });

  it("keeps all of a message of several lines, and the kind of error when it tells something", () => {
    assert.equal(
      line("TypeError: two things:", "  first", "  second.", "third", "    at /home/me/app/index.ts:1:2"),
      "TypeError: two things: first; second. third (index.ts:1:2)",
    );
  });

  it("has no place when no frame is the program's own", () => {
    assert.equal(
      line("Error: lost", "    at node:internal/timers:483:21", "    at f (/elsewhere/x.ts:1:1)"),
      "lost",
    );
  });

  it("shows paths from the program's folder, without colours or the list of requiring modules", () => {
    assert.equal(
      line(
        "\u001b[31mCannot find module './x'\u001b[39m",
        "Require stack:",
        "- /home/me/app/index.ts",
        "- /y.js",
      ),
      "Cannot find module './x'",
    );
    assert.equal(line("/home/me/app/a.yaml:3:1: bad"), "a.yaml:3:1: bad");
  });

  it("is cut when it is endless", () => {
    assert.equal(line("x".repeat(1_000_000)).length, 2001);
  });
});

describe("the redactor", () => {
  it("takes out a secret, its JSON form, its lines and its parts", () => {
    const redactor = new Redactor();
    redactor.learn({ a: [new Secret({ user: "alice-the-admin", pem: "-----BEGIN\nAbCdEfGh12\n-----END" })] });
    redactor.learn(new Secret('quo"ted'));
    const shown = redactor.redact(
      'alice-the-admin {"pem":"-----BEGIN\\nAbCdEfGh12\\n-----END"} quo"ted quo\\"ted: AbCdEfGh12.',
    );
    assert.equal(shown, '[secret] {"pem":"[secret]"} [secret] [secret]: [secret].');
  });

  it("leaves other text alone, and does not blank out words for the sake of tiny secrets", () => {
    const redactor = new Redactor();
    redactor.learn({ short: new Secret("ab"), empty: new Secret(""), plain: "visible" });
    assert.equal(redactor.redact("abc is visible"), "abc is visible");
  });

  it("takes out the longer of two secrets when one contains the other", () => {
    const redactor = new Redactor();
    redactor.learn([new Secret("abcd"), new Secret("abcdefgh")]);
    assert.equal(redactor.redact("abcdefgh abcd"), "[secret] [secret]");
  });
});
