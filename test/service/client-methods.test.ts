import assert from "node:assert/strict";
import { EscApi } from "@pulumi/esc-sdk";
import { type StartedService, startService } from "./support";

/** One call of a method, and what must be true of its answer. */
interface Call {
  readonly method: string;
  readonly call: (client: EscApi) => Promise<unknown>;
  readonly answers: (answer: unknown) => void;
}

const env = ["acme", "web", "base"] as const;

function call<T>(
  method: keyof EscApi,
  ask: (client: EscApi) => Promise<T>,
  answers: (answer: T) => void = () => {},
): Call {
  return { method, call: ask, answers: answers as (answer: unknown) => void };
}

/** Every method of Pulumi's TypeScript SDK, in an order in which each finds what it needs. */
function everyCall(): Call[] {
  const session = { id: "" };
  return [
    call("createEnvironment", (c) => c.createEnvironment(...env)),
    call("updateEnvironmentYaml", (c) =>
      c.updateEnvironmentYaml(...env, "values:\n  region: eu-central-1\n  key: {fn::secret: hunter2}\n"),
    ),
    call("updateEnvironment", (c) =>
      c.updateEnvironment(...env, { values: { region: "eu-west-1", key: { "fn::secret": "hunter2" } } }),
    ),
    call(
      "getEnvironment",
      (c) => c.getEnvironment(...env),
      (answer) => {
        assert.match(answer?.yaml ?? "", /ciphertext/);
        assert.doesNotMatch(answer?.yaml ?? "", /hunter2/);
      },
    ),
    call(
      "getEnvironmentAtVersion",
      (c) => c.getEnvironmentAtVersion(...env, "2"),
      (answer) => assert.match(answer?.yaml ?? "", /eu-central-1/),
    ),
    call(
      "decryptEnvironment",
      (c) => c.decryptEnvironment(...env),
      (answer) => assert.equal(answer?.definition.values?.key["fn::secret"], "hunter2"),
    ),
    call(
      "openEnvironment",
      (c) => c.openEnvironment(...env),
      (answer) => {
        session.id = answer?.id ?? "";
        assert.notEqual(session.id, "");
      },
    ),
    call(
      "readOpenEnvironment",
      (c) => c.readOpenEnvironment(...env, session.id),
      (answer) => assert.deepEqual(answer?.values, { region: "eu-west-1", key: "hunter2" }),
    ),
    call(
      "readOpenEnvironmentProperty",
      (c) => c.readOpenEnvironmentProperty(...env, session.id, "region"),
      (answer) => assert.equal(answer?.value, "eu-west-1"),
    ),
    call(
      "openEnvironmentAtVersion",
      (c) => c.openEnvironmentAtVersion(...env, "2"),
      (answer) => assert.ok(answer?.id),
    ),
    call(
      "openAndReadEnvironment",
      (c) => c.openAndReadEnvironment(...env),
      (answer) => assert.equal(answer?.values?.region, "eu-west-1"),
    ),
    call(
      "openAndReadEnvironmentAtVersion",
      (c) => c.openAndReadEnvironmentAtVersion(...env, "2"),
      (answer) => assert.equal(answer?.values?.region, "eu-central-1"),
    ),
    call(
      "checkEnvironment",
      (c) => c.checkEnvironment("acme", { values: { a: 1 } }),
      (answer) => assert.equal(answer?.diagnostics, undefined),
    ),
    call(
      "checkEnvironmentYaml",
      (c) => c.checkEnvironmentYaml("acme", `values: {a: "\${none}"}\n`),
      (answer) => assert.equal(answer?.diagnostics?.length, 1),
    ),
    call("createEnvironmentRevisionTag", (c) => c.createEnvironmentRevisionTag(...env, "live", 2)),
    call("updateEnvironmentRevisionTag", (c) => c.updateEnvironmentRevisionTag(...env, "live", 3)),
    call(
      "getEnvironmentRevisionTag",
      (c) => c.getEnvironmentRevisionTag(...env, "live"),
      (answer) => assert.equal(answer?.revision, 3),
    ),
    call(
      "listEnvironmentRevisionTags",
      (c) => c.listEnvironmentRevisionTags(...env, "latest", 1),
      (answer) =>
        assert.deepEqual([answer?.tags?.map(({ name }) => name), answer?.nextToken], [["live"], ""]),
    ),
    call(
      "listEnvironmentRevisions",
      (c) => c.listEnvironmentRevisions(...env, 3, 1),
      (answer) =>
        assert.deepEqual(
          answer?.map(({ number }) => number),
          [2],
        ),
    ),
    call("createEnvironmentTag", (c) => c.createEnvironmentTag(...env, "owner", "payments")),
    call("updateEnvironmentTag", (c) =>
      c.updateEnvironmentTag(...env, "owner", "payments", "team", "checkout"),
    ),
    call(
      "getEnvironmentTag",
      (c) => c.getEnvironmentTag(...env, "team"),
      (answer) => assert.equal(answer?.value, "checkout"),
    ),
    call(
      "listEnvironmentTags",
      (c) => c.listEnvironmentTags(...env),
      (answer) => assert.deepEqual(Object.keys(answer?.tags ?? {}), ["team"]),
    ),
    call("cloneEnvironment", (c) =>
      c.cloneEnvironment(...env, "web", "copy", {
        preserveHistory: true,
        preserveAccess: true,
        preserveEnvironmentTags: true,
        preserveRevisionTags: true,
      }),
    ),
    call(
      "listEnvironments",
      (c) => c.listEnvironments("acme"),
      (answer) =>
        assert.deepEqual(
          answer?.environments?.map(({ name }) => name),
          ["base", "copy"],
        ),
    ),
    call("deleteEnvironmentRevisionTag", (c) => c.deleteEnvironmentRevisionTag(...env, "live")),
    call("deleteEnvironmentTag", (c) => c.deleteEnvironmentTag(...env, "team")),
    call("deleteEnvironment", (c) => c.deleteEnvironment(...env)),
  ];
}

describe("Every method of Pulumi's TypeScript SDK", () => {
  let esc: StartedService;

  before(async () => {
    esc = await startService();
  });

  after(() => esc.stop());

  it("is answered by the ESC service, and by what it asks for", async () => {
    const rows: string[] = [];
    for (const { method, call: ask, answers } of everyCall()) {
      esc.log.length = 0;
      const answer = await ask(esc.client).catch((error: { response?: { status: number } }) => {
        // The error holds the token: its status alone is told.
        throw new Error(`${method} was refused with ${error.response?.status ?? "no answer"}`);
      });
      answers(answer);
      const requests = esc.log.map(({ method: verb, path, status }) => `${verb} ${short(path)} ${status}`);
      rows.push(`      ${method.padEnd(32)} ${requests.join(", ")}`);
    }
    const methods = Object.getOwnPropertyNames(EscApi.prototype).filter((name) => name !== "constructor");
    assert.deepEqual([...new Set(everyCall().map(({ method }) => method))].sort(), methods.sort());
    console.log(`    @pulumi/esc-sdk: ${methods.length} methods\n${rows.join("\n")}`);
  });
});

/** A path without what all have in common, and without a session's id. */
function short(path: string): string {
  return path.replace("/api/esc/environments", "").replace(/[0-9a-f-]{36}/, ":id");
}
