import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import {
  checkForm,
  exampleOf,
  type Form,
  findTelltales,
  isPlaceholder,
  makeUp,
  type NamedForm,
  namedForms,
  patternOf,
  posixPatternOf,
  type Random,
} from "../../esc/inventory/forms";

const names = Object.keys(namedForms) as NamedForm[];
const random: Random = (length, alphabet) =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
const labels: Form = {
  json: { type: "array", items: { type: "string" }, minItems: 63, maxItems: 63, uniqueItems: true },
  description: "a JSON array of 63 labels",
};
const list = (length: number) => JSON.stringify(Array.from({ length }, (_, index) => `LABEL_${index}`));
const hex = "00112233445566778899aabbccddeeff";
const tunnel = { a: hex, t: "00000000-0000-4000-8000-000000000000", s: "c2VjcmV0LW9mLXRoZS10dW5uZWw=" };

/** What is of the form, and what is nearly. */
const cases: readonly (readonly [form: Form, good: readonly string[], bad: readonly string[]])[] = [
  ["text", ["word", "two words"], ["two\nlines"]],
  ["random-key", ["0Ku3fJd8sLq2mZ7xVb5nHt1yRc6pWg9e"], ["short", "with a blank 0123456789012345"]],
  ["integer", ["0", "-7", "42"], ["4.2", "042", "seven"]],
  ["boolean", ["true", "false"], ["True", "yes", "1"]],
  ["port", ["80", "65535"], ["0", "65536", "8080/tcp"]],
  ["hostname", ["db.internal", "localhost"], ["https://db", "-db", "db."]],
  ["url", ["redis://cache:6379/0", "http://localhost:8080"], ["localhost:8080", "http://"]],
  ["https-url", ["https://api.acme.dev/v1?x=1"], ["http://api.acme.dev", "https://", "https:// api.dev"]],
  ["aws-region", ["eu-west-1", "us-gov-east-1", "ap-southeast-3"], ["eu-west", "EU-WEST-1", "eu-west-1a"]],
  [
    "aws-arn",
    ["arn:aws:s3:::bucket", "arn:aws-cn:sns:cn-north-1:123456789012:t"],
    ["arn:aws", "s3:::bucket"],
  ],
  [
    "postgres-url",
    [
      "postgres://app:k3y@p-1.crunchybridge.com:5432/oceanid",
      "postgresql://a:p%40ss@db/app?sslmode=verify-full",
    ],
    ["postgresql://db/app", "mysql://a:b@db/app", "postgresql://a:p@ss@db/app", "postgresql://a:b@db"],
  ],
  ["redis-url", ["rediss://:k3y@cache:6379/0", "redis://cache"], ["http://cache", "rediss://"]],
  [
    "github-token",
    [
      `ghp_${"aB3".repeat(12)}`,
      `github_pat_${"aB3".repeat(20)}`,
      `ghs_1234_${"aB3".repeat(40)}.${"eyJ".repeat(40)}.x-y_z`,
    ],
    [`gha_${"aB3".repeat(12)}`, "ghp_short", hex],
  ],
  [
    "github-repo",
    ["acme/oceanid", "https://github.com/acme/oceanid.git"],
    ["oceanid", "https://gitlab.com/a/b"],
  ],
  [
    "sentry-dsn",
    [`https://${hex}@o1.ingest.us.sentry.io/4501`, `https://${hex}@errors.internal/sentry/2`],
    ["https://o1.ingest.sentry.io/2", `https://${hex}@o1.ingest.sentry.io/`],
  ],
  [
    "cloudflare-tunnel-token",
    [base64(tunnel), base64({ ...tunnel, e: "fed" })],
    [base64({ a: hex, t: tunnel.t, x: "y".repeat(40) }), `eyJ${"a".repeat(100)}`, "bearer"],
  ],
  ["huggingface-token", [`hf_${"aBcDe".repeat(7)}`], ["hf_short", `sk_${"aBcDe".repeat(7)}`]],
  ["aws-access-key-id", ["AKIAQ7ZT3KDM5WNBX2YP"], ["AKIA", "akiaq7zt3kdm5wnbx2yp"]],
  [
    "pem-private-key",
    [`-----BEGIN EC PRIVATE KEY-----\n${"k3Y+".repeat(20)}\n-----END EC PRIVATE KEY-----\n`],
    ["-----BEGIN PRIVATE KEY-----", `-----BEGIN CERTIFICATE-----\n${"k3Y+".repeat(20)}`],
  ],
  [{ enum: ["test", "live"] }, ["test", "live"], ["staging", "live "]],
  [{ pattern: "v[0-9]+", description: "a version", example: "v1" }, ["v7"], ["v", "v7\n", "xv7", "v7 or v8"]],
  [labels, [list(63)], [list(62), list(64), "{}", "LABEL_0, LABEL_1", list(62).replace("]", ',"LABEL_0"]')]],
];

describe("Forms", () => {
  it("accept what is of the form and refuse what is nearly, each of them", () => {
    for (const [form, good, bad] of cases) {
      for (const text of good)
        assert.equal(checkForm(form, text), undefined, `${JSON.stringify(form)}: ${text}`);
      for (const text of bad)
        assert.equal(checkForm(form, text)?.code, "malformed", `${JSON.stringify(form)}: ${text}`);
    }
    assert.deepEqual(
      names.filter((name) => !cases.some(([form]) => form === name)),
      [],
    );
  });

  it("tell what is empty and what is a placeholder from what is wrong", () => {
    for (const form of names) {
      for (const text of ["", "  ", "\n"]) assert.equal(checkForm(form, text)?.code, "empty");
    }
    const left = [
      "changeme",
      "TODO",
      '"CHANGE-ME"',
      "<your token>",
      "${DATABASE_URL}",
      "xxxxxxxx",
      "[secret]",
    ];
    for (const text of [
      ...left,
      "your-api-key",
      "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "postgres://a:b@db.example.com/a",
    ])
      assert.equal(checkForm("random-key", text)?.code, "placeholder", text);
    assert.equal(checkForm(labels, "TODO")?.code, "placeholder");
    // What a setting may be, no secret is.
    for (const word of ["test", "password", "none"]) {
      assert.equal(checkForm("text", word)?.code, "placeholder");
      assert.equal(checkForm("text", word, { secret: false }), undefined);
    }
    assert.equal(checkForm("text", "todo", { secret: false })?.code, "placeholder");
    // A word to choose from is none, whatever the word.
    assert.equal(checkForm({ enum: ["test", "none"] }, "none"), undefined);
  });

  it("never take a value that was made up for a placeholder, nor an example of a secret for a value", () => {
    for (const form of names) {
      const text = makeUp(form, random) ?? "";
      assert.equal(isPlaceholder(text), false, form);
      assert.equal(checkForm(form, text), undefined, form);
    }
    const secrets = names.filter((name) => "telltale" in namedForms[name]);
    for (const form of secrets) assert.ok(isPlaceholder(exampleOf(form) ?? ""), form);
  });

  it("find a secret of a form that has a tell-tale in the middle of a file, and nothing in prose", () => {
    for (const form of names.filter((name) => "telltale" in namedForms[name])) {
      const found = findTelltales(`values:\n  key: "${makeUp(form, random)}"\n`);
      assert.ok(found.includes(form), form);
    }
    assert.deepEqual(findTelltales("a token begins with ghp_, a DSN is https://<key>@host/1"), []);
    assert.deepEqual(findTelltales("${secrets.database.url} postgresql://localhost:5432/app"), []);
  });

  it("say what is wrong and never with the value", () => {
    const secret = "Zq9-very-private-value";
    for (const [form] of cases) {
      for (const value of [secret, { [secret]: secret }, [secret], JSON.stringify({ [secret]: [secret] })]) {
        assert.ok(!checkForm(form, value)?.reason.includes(secret), JSON.stringify(form));
      }
    }
    const closed: Form = {
      json: { type: "object", additionalProperties: false, properties: { key: { type: "number" } } },
      description: "an object",
    };
    const reason = checkForm(closed, { [secret]: 1, key: secret })?.reason ?? "";
    assert.match(reason, /must not have members that the schema does not name/);
    assert.match(reason, /key must be number/);
    assert.ok(!reason.includes(secret));
    assert.match(
      checkForm("github-token", `ghp_${"aB3".repeat(12)}\n`)?.reason ?? "",
      /a line break at an end/,
    );
  });

  it("take JSON as text or as what it stands for, and a number for its text", () => {
    assert.equal(checkForm(labels, JSON.parse(list(63))), undefined);
    assert.match(checkForm(labels, JSON.parse(list(62)))?.reason ?? "", /must NOT have fewer than 63 items/);
    assert.equal(checkForm("port", 8080), undefined);
    assert.equal(checkForm("text", null)?.code, "malformed");
  });

  it("have patterns for other languages too: nothing that only one of them reads", () => {
    for (const form of names) {
      const pattern = patternOf(form) ?? "";
      assert.doesNotMatch(pattern.replace(/\[[^\]]*\]/g, ""), /\\|\(\?/, form);
      assert.equal(
        posixPatternOf(form)?.includes("\\"),
        form === "pem-private-key" ? undefined : false,
        form,
      );
    }
    assert.equal(posixPatternOf({ pattern: "(?=a)b", description: "", example: "" }), undefined);
    assert.equal(posixPatternOf({ enum: ["a.b", "c"] }), "a\\.b|c");
  });
});
