import assert from "node:assert/strict";
import * as z from "zod/mini";
import { type AdapterConfig, parseConfig } from "../../lambda/config";
import { type AdapterOptions, createAdapter } from "../../lambda/core";
import { AdapterConfigError } from "../../lambda/errors";
import { createHandler } from "../../lambda/handler";
import type { Adapter } from "../../lambda/http";
import { defineRotator } from "../../lambda/rotators/define-rotator";
import { createMemoryJournal } from "../../lambda/rotators/journal-memory";
import { postgres } from "../../lambda/rotators/postgres";
import { AUDIENCE, escClaims, ISSUER, ORGANIZATION } from "../adapter/support/fixture";
import { type Json, publicKey, signToken } from "../adapter/support/issuer";

const ROTATE = "https://rotate.example.com/rotate";

/** Logins of a target that is a Map. Its request has one member of its own. */
const logins = new Map<string, string>();
const directory = defineRotator<
  { realm: string },
  { note?: string | undefined },
  { name: string; key: string }
>({
  name: "directory",
  settings: z.strictObject({ realm: z.string() }),
  request: z.strictObject({ note: z.optional(z.string()) }),
  credential: z.strictObject({ name: z.string(), key: z.string() }),
  identity: ({ realm }) => [realm],
  connect:
    async ({ realm }) =>
    () => ({
      create: async ({ slot }) => ({
        name: `${realm}-${slot}`,
        key: `key-${Math.random().toString(36).slice(2)}`,
      }),
      apply: async ({ name, key }) => void logins.set(name, key),
      verify: async ({ name, key }) => logins.get(name) === key,
      revoke: async () => {},
      slotOf: ({ name }) => (name === `${realm}-a` ? "a" : name === `${realm}-b` ? "b" : undefined),
    }),
});

async function config(changes: Partial<AdapterConfig> = {}): Promise<AdapterConfig> {
  return {
    organization: ORGANIZATION,
    issuers: [{ issuer: ISSUER, keys: [await publicKey()] }],
    routes: [{ path: "/rotate", action: "rotate", audience: ROTATE }],
    access: [
      { environment: "app/rotated-db", action: "rotate", source: "directory", names: ["people"] },
      { environment: "app/rotated-bots", action: "rotate", source: "directory", names: ["bots"] },
    ],
    sources: {},
    rotators: { directory: { people: { realm: "people" }, bots: { realm: "bots" } } },
    journal: { table: "journal", entryPrefix: "app/rotation/" },
    replay: { store: "memory" },
    ...changes,
  };
}

// Proves what stands between a request and the engine, and that its answer is ESC's new state.
describe("an adapter that rotates", () => {
  let adapter: Adapter;
  const records: object[] = [];
  before(async () => {
    const options: AdapterOptions = {
      config: await config(),
      rotators: [directory],
      journal: createMemoryJournal(),
      rotatorTools: { readSecret: async () => "" },
      log: (record) => void records.push(record),
    };
    adapter = await createAdapter(options);
  });

  async function post(body: unknown, changes: Json = {}, path = "/rotate") {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const claims = escClaims(text, { aud: ROTATE, current_env: "acme/app/rotated-db", ...changes });
    return send(text, await signToken(claims), path);
  }
  async function send(text: string, token: string, path = "/rotate") {
    const { status, body: answer } = await adapter({
      method: "POST",
      path,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: Buffer.from(text),
      requestId: "r-1",
    });
    return { status, answer: JSON.parse(answer) };
  }
  const people = (state: unknown) => ({ request: { rotator: "directory", target: "people" }, state });

  it("answers the new state, and goes on from it", async () => {
    const first = await post(people(null));
    assert.deepEqual([first.status, first.answer.slot, first.answer.previous], [200, "a", undefined]);
    const second = await post({ request: { target: "people", note: "n" }, state: first.answer });
    assert.deepEqual([second.status, second.answer.slot], [200, "b"]);
    assert.equal(second.answer.previous.key, first.answer.key);
    assert.deepEqual((await post(people(first.answer))).answer, second.answer);
  });

  it("refuses another environment's target, whatever its own state, and its own under another name", async () => {
    const bots = { request: { target: "bots" }, state: null };
    for (const [body, changes] of [
      [people(null), { current_env: "acme/app/rotated-bots" }],
      [bots, {}],
      [people(null), { current_env: "acme/app/staging" }],
    ] as const) {
      const { status, answer } = await post(body, changes);
      assert.deepEqual([status, answer.code], [403, "access_denied"]);
    }
  });

  it("refuses a body that is not ESC's", async () => {
    const bodies = [
      { request: { target: "people" } },
      { request: { target: "people" }, state: [] },
      { request: { target: "people" }, state: "x" },
      { request: [], state: null },
      { request: { target: "people" }, state: null, more: 1 },
      { request: { target: "people", more: 1 }, state: null },
      { request: { target: "nobody" }, state: null },
      { request: { target: "toString" }, state: null },
      { request: { rotator: "postgres", target: "people" }, state: null },
      { request: {}, state: null },
      [],
    ];
    for (const body of bodies) {
      const { status, answer } = await post(body);
      assert.deepEqual([status, answer.code], [400, "request_invalid"], JSON.stringify(body));
    }
    assert.equal((await post("{")).answer.code, "request_invalid_json");
  });

  it("has no route that opens, and takes no token for one", async () => {
    assert.equal((await post(people(null), {}, "/open")).status, 404);
    assert.equal((await post(people(null), { aud: AUDIENCE })).answer.code, "token_audience");
  });

  it("says state_unknown to the caller and what to do about it to the log", async () => {
    const { status, answer } = await post(
      { request: { target: "bots" }, state: { name: "bots-a", key: "wrong" } },
      { current_env: "acme/app/rotated-bots" },
    );
    assert.deepEqual([status, answer], [409, { code: "state_unknown", requestId: "r-1" }]);
    assert.match(JSON.stringify(records.at(-1)), /forget the journal of directory\/bots/);
  });

  it("takes a token once, also when its rotation failed: it may have changed something", async () => {
    const text = JSON.stringify({ request: { target: "bots" }, state: { name: "bots-a", key: "wrong" } });
    const claims = escClaims(text, { aud: ROTATE, current_env: "acme/app/rotated-bots" });
    const token = await signToken(claims);
    assert.equal((await send(text, token)).answer.code, "state_unknown");
    assert.equal((await send(text, token)).answer.code, "token_replayed");
  });

  it("is operated by whoever may invoke it, and by no request", async () => {
    const handler = createHandler(adapter);
    const answer = (await handler({ escapement: { operation: "status" } })) as {
      targets: { target: string; findings: { code: string }[] }[];
    };
    assert.deepEqual(
      answer.targets.map(({ target }) => target),
      ["directory/people", "directory/bots"],
    );
    const notice = records.at(-1) as { operation: { name: string; findings: object } };
    assert.deepEqual(Object.keys(notice.operation.findings), ["directory/people", "directory/bots"]);
    const misused = (await handler({ escapement: { operation: "drop" } })) as { error: { code: string } };
    assert.equal(misused.error.code, "request_invalid");
    const elsewhere = await handler({ escapement: { operation: "unstick", target: "directory/nobody" } });
    assert.match(JSON.stringify(elsewhere), /not one of the targets here: directory\/people \(acme\/app/);
    // What comes by the address has what Lambda writes; a body is only a body.
    const event = {
      version: "2.0",
      rawPath: "/rotate",
      headers: { "content-type": "application/json" },
      requestContext: { http: { method: "POST" } },
    };
    const operation = { escapement: { operation: "status" } };
    for (const request of [
      { ...event, body: JSON.stringify(operation) },
      { ...event, ...operation },
    ]) {
      assert.equal((await handler(request)).statusCode, 401);
    }
    const opens = createHandler(async () => ({ status: 200, headers: {}, body: "" }));
    assert.equal(((await opens(operation)) as { statusCode: number }).statusCode, 400);
  });

  it("logs no credential", () => {
    const text = JSON.stringify(records);
    assert.ok(records.length > 15);
    for (const key of [...logins.values(), "wrong"])
      assert.ok(!text.includes(key), "the log holds a credential");
  });
});

describe("the configuration of rotation", () => {
  async function problems(changes: object): Promise<readonly string[]> {
    try {
      parseConfig({ ...(await config()), ...changes }, [], [directory, postgres]);
      return [];
    } catch (error) {
      assert.ok(error instanceof AdapterConfigError);
      return error.problems;
    }
  }

  const rule = { environment: "app/rotated-db", action: "rotate", source: "directory", names: ["people"] };
  const open = { path: "/open", action: "open", audience: AUDIENCE };
  const rotate = { path: "/rotate", action: "rotate", audience: ROTATE };
  const cases: Readonly<Record<string, readonly [object, RegExp | undefined]>> = {
    "that is right": [{}, undefined],
    "with routes that open besides": [{ routes: [rotate, open] }, /open and rotate belong to two adapters/],
    "without a journal": [{ journal: undefined }, /needs rotators and journal/],
    "of which the routes only open": [{ routes: [open] }, /for a configuration whose routes rotate/],
    "of a rotator that is not known": [
      { rotators: { oracle: {} } },
      /oracle: is not one of .*directory, postgres/,
    ],
    "with wrong settings": [
      { rotators: { directory: { people: {} } } },
      /rotators\.directory\.people\.realm/,
    ],
    "of a target that is no name": [
      { rotators: { directory: { "a/b": { realm: "x" } } } },
      /directory\.a\/b: is not valid/,
    ],
    "of one target under two names": [
      { rotators: { directory: { people: { realm: "same" }, bots: { realm: "same" } } } },
      /bots: is the same as people/,
    ],
    "of a target for two environments": [
      { access: [rule, { ...rule, environment: "app/rotated-other" }] },
      /people is rotated by another environment/,
    ],
    "for a pattern of environments": [
      { access: [{ ...rule, environment: "app/rotated-*" }] },
      /must be exact/,
    ],
    "of a target that is not there": [
      { access: [{ ...rule, names: ["nobody"] }] },
      /nobody is not configured/,
    ],
    "of a rotator that is not there": [
      { access: [{ ...rule, source: "postgres" }] },
      /under config\.rotators/,
    ],
  };
  for (const [what, [changes, says]] of Object.entries(cases)) {
    it(`${what} is ${says === undefined ? "taken" : "refused"}`, async () => {
      const found = await problems(changes);
      if (says === undefined) assert.deepEqual(found, []);
      else assert.match(found.join("\n"), says);
    });
  }
});
