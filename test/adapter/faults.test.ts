import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { NoticeRecord, RequestRecord } from "../../lambda/audit/record";
import { createDynamoReplayStore, REPLAY_KEY_ATTRIBUTE } from "../../lambda/auth/replay-dynamodb";
import { createAdapter } from "../../lambda/core";
import { createHandler } from "../../lambda/handler";
import type { Adapter } from "../../lambda/http";
import { type Aws, type Reply, startAws } from "./support/aws";
import { configFor, escClaims, SECRET, startAdapter } from "./support/fixture";
import { type JwksServer, signToken, startJwksServer } from "./support/issuer";
import { startUnsteadyWay, type Unsteady, type Weather } from "./support/unsteady";

// dynalite brings no types.
const dynalite = createRequire(__filename)("dynalite") as (options: object) => Server;

const BODY = JSON.stringify({ name: "database" });
const ANSWER: Reply = { status: 200, body: { Name: "database", SecretString: SECRET } };
const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example",
  AWS_REGION: "us-east-1",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/*
 * One adapter, started once, between an issuer that dies, rotates and lies, a real conditional put behind a way that
 * breaks, and a Secrets Manager that throttles, stalls and answers rubbish. Nothing leaks, nothing is answered twice,
 * and all is well again when the dependency is.
 */
describe("an adapter whose dependencies fail", () => {
  const saved = { ...process.env };
  const clock = { ahead: 0 };
  const records: (RequestRecord | NoticeRecord)[] = [];
  let jwks: JwksServer;
  let table: Server;
  let way: Unsteady;
  let client: DynamoDBClient;
  let aws: Aws;
  let reply: () => Reply = () => ANSWER;
  let adapter: Adapter;

  before(async () => {
    jwks = await startJwksServer();
    table = dynalite({ createTableMs: 0 }).listen(0, "127.0.0.1");
    await once(table, "listening");
    way = await startUnsteadyWay((table.address() as AddressInfo).port);
    aws = await startAws(() => reply());
    Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL: aws.endpoint });
    client = new DynamoDBClient({
      endpoint: way.url,
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 800, requestTimeout: 800, throwOnRequestTimeout: true },
    });
    await client.send(
      new CreateTableCommand({
        TableName: "replay",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: REPLAY_KEY_ATTRIBUTE, AttributeType: "S" }],
        KeySchema: [{ AttributeName: REPLAY_KEY_ATTRIBUTE, KeyType: "HASH" }],
      }),
    );
    adapter = await createAdapter({
      config: configFor(jwks.uri, {
        sources: { "secrets-manager": {} },
        access: [
          { environment: "app/staging", action: "open", source: "secrets-manager", names: ["database"] },
        ],
        limits: { sourceMilliseconds: 2_500, requestMilliseconds: 10_000 },
      }),
      replayStore: createDynamoReplayStore("replay", client),
      now: () => Date.now() + clock.ahead,
      log: (record) => void records.push(record),
    });
  });
  after(async () => {
    for (const name of [...Object.keys(ENVIRONMENT), "AWS_ENDPOINT_URL"]) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    client.destroy();
    table.close();
    await Promise.all([jwks.close(), aws.close(), way.close(), once(table, "close")]);
  });
  beforeEach(() => {
    records.length = 0;
  });
  afterEach(() => {
    assert.ok(!JSON.stringify(records).includes(SECRET), "the log holds the secret");
    reply = () => ANSWER;
    jwks.behave("keys");
    way.become("clear");
  });

  const mint = (changes = {}) => signToken(escClaims(BODY, changes));
  async function ask(token: string) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const request = { method: "POST", path: "/open", headers, body: Buffer.from(BODY), requestId: "r-1" };
    const { status, body } = await adapter(request);
    // All of it or nothing of it.
    if (status === 200) {
      assert.deepEqual(JSON.parse(body), { value: SECRET });
      return "answered";
    }
    const refusal = JSON.parse(body) as Readonly<Record<string, unknown>>;
    assert.deepEqual(Object.keys(refusal), ["code", "requestId"]);
    return `${status} ${refusal.code}`;
  }

  it("that has never seen the issuer's keys refuses, and answers the same token once it has", async () => {
    const token = await mint();
    jwks.behave("reset");
    assert.equal(await ask(token), "503 keys_unavailable");
    jwks.behave((response) => response.end("<html>"));
    clock.ahead += 1_000;
    assert.equal(await ask(token), "503 keys_unavailable");
    jwks.behave("keys");
    clock.ahead += 1_000;
    assert.equal(await ask(token), "answered");
    assert.equal(records.filter((record) => "staleKeys" in record && record.staleKeys).length, 2);
  });

  it("goes on for an hour without the issuer, and says so in every record", async () => {
    jwks.behave("reset");
    clock.ahead += 30 * 60_000;
    const now = Math.floor((Date.now() + clock.ahead) / 1000);
    assert.equal(await ask(await mint({ iat: now, exp: now + 300 })), "answered");
    assert.equal(records.filter((record) => "staleKeys" in record && record.staleKeys).length, 1);
    clock.ahead = 0;
  });

  it("loses no request while the issuer rotates its keys, under load", async () => {
    const owners = { "key-1": "issuer", "key-2": "second-issuer" } as const;
    const renewed = (kid: "key-1" | "key-2") => signToken(escClaims(BODY), { kid, signer: owners[kid] });
    const outcomes: string[] = [];
    const many = (kid: "key-1" | "key-2") =>
      Promise.all(Array.from({ length: 10 }, async () => outcomes.push(await ask(await renewed(kid)))));
    await many("key-1");
    const old = many("key-1");
    await jwks.publish(owners);
    await Promise.all([old, many("key-2"), many("key-1"), many("key-2")]);
    await jwks.publish({ "key-2": "second-issuer" });
    await many("key-2");
    assert.deepEqual([...new Set(outcomes)], ["answered"]);
    await jwks.publish({ "key-1": "issuer" });
    assert.equal(await ask(await mint()), "answered");
  });

  for (const weather of ["down", "silent"] as const satisfies readonly Weather[]) {
    it(`refuses while the replay table is ${weather}, asks no source, and answers the same token after that`, async () => {
      const token = await mint();
      const asked = aws.calls.length;
      way.become(weather);
      assert.equal(await ask(token), "503 replay_unavailable");
      assert.equal(aws.calls.length, asked);
      way.become("clear");
      assert.equal(await ask(token), "answered");
      assert.equal(await ask(token), "401 token_replayed");
    });
  }

  it("never answers a token twice when the table's own answers get lost", async () => {
    const token = await mint();
    way.become("answer lost");
    assert.equal(await ask(token), "503 replay_unavailable");
    way.become("clear");
    assert.equal(await ask(token), "401 token_replayed");
  });

  const sourceFaults: readonly (readonly [what: string, reply: Reply, outcome: string])[] = [
    ["throttles", { status: 400, body: { __type: "ThrottlingException" } }, "503 source_throttled"],
    ["is down", { status: 500, body: { __type: "InternalServiceError" } }, "502 source_unavailable"],
    ["answers rubbish", { status: 200, body: "<html>" }, "502 source_unavailable"],
    ["answers another shape", { status: 200, body: "[]" }, "422 source_not_text"],
    ["stalls", "stall", "504 source_timeout"],
    [
      "answers more than an adapter may",
      { status: 200, body: { SecretString: "x".repeat(1_100_000) } },
      "502 source_too_large",
    ],
  ];
  for (const [what, fault, outcome] of sourceFaults) {
    it(`lets a token be used once more when the source ${what}, and never a third time`, async () => {
      const [token, unlucky] = [await mint(), await mint()];
      reply = () => fault;
      assert.deepEqual(await Promise.all([ask(token), ask(unlucky)]), [outcome, outcome]);
      assert.equal((records.at(-1) as RequestRecord).tokenReturned, true);
      assert.equal(await ask(unlucky), outcome);
      reply = () => ANSWER;
      assert.equal(await ask(token), "answered");
      assert.equal(await ask(token), "401 token_replayed");
      assert.equal(await ask(unlucky), "401 token_replayed");
    });
  }

  it("keeps a token used when the table goes away before it can be given back", async () => {
    const token = await mint();
    reply = () => {
      way.become("down");
      return { status: 400, body: { __type: "AccessDeniedException" } };
    };
    assert.equal(await ask(token), "502 source_denied");
    assert.match(JSON.stringify(records), /a token could not be given back/);
    way.become("clear");
    reply = () => ANSWER;
    assert.equal(await ask(token), "401 token_replayed");
  });

  it("answers each token once at most, whatever fails among two hundred uses, and every new one after that", async () => {
    let seed = 20261120;
    const random = (below: number) => {
      seed = (seed * 48_271) % 0x7fff_ffff;
      return seed % below;
    };
    const faults = sourceFaults.map(([, fault]) => fault).filter((fault) => fault !== "stall");
    // One answer serves all who ask at the same time, so there are fewer of them than requests.
    reply = () => (random(4) > 0 ? ANSWER : (faults[random(faults.length)] as Reply));
    const weathers: readonly Weather[] = ["clear", "clear", "clear", "down", "answer lost"];
    const answered = new Map<string, number>();
    for (let round = 0; round < 5; round += 1) {
      const tokens = await Promise.all(Array.from({ length: 10 }, () => mint()));
      const uses = tokens.flatMap((token) => [token, token, token, token]);
      const storm = setInterval(() => way.become(weathers[random(weathers.length)] as Weather), 15);
      try {
        await Promise.all(
          uses.map(async (token) => {
            if ((await ask(token)) === "answered") answered.set(token, (answered.get(token) ?? 0) + 1);
          }),
        );
      } finally {
        clearInterval(storm);
        way.become("clear");
      }
    }
    assert.deepEqual(
      [...answered.values()].filter((count) => count > 1),
      [],
    );
    assert.ok(answered.size > 0);
    reply = () => ANSWER;
    // One more may meet a connection that the storm broke, with no retry left to the client: refused, as it must be.
    assert.match(await ask(await mint()), /^(answered|503 replay_unavailable)$/);
    for (let i = 0; i < 5; i += 1) assert.equal(await ask(await mint()), "answered");
  });
});

describe("an adapter on Lambda", () => {
  it("answers before Lambda ends it, however long a source takes, and gives the token back in that time", async () => {
    const jwks = await startJwksServer();
    try {
      const { adapter, records } = await startAdapterWith(jwks, { limits: { sourceMilliseconds: 5_000 } });
      const body = Buffer.from(JSON.stringify({ source: "vault", name: "broken-slow" }));
      const headers = {
        "content-type": "application/json",
        authorization: `Bearer ${await signToken(escClaims(body))}`,
      };
      const begun = performance.now();
      const answer = await adapter({
        ...{ method: "POST", path: "/open", headers, body, requestId: "r-1" },
        remainingMilliseconds: 1_700,
      });
      const took = performance.now() - begun;
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [504, "source_timeout"]);
      assert.ok(took < 1_200, `${took} ms`);
      assert.equal((records.at(-1) as RequestRecord).tokenReturned, true);
    } finally {
      await jwks.close();
    }
  });

  it("says that it has not started when a source never connects", async () => {
    const handler = createHandler(new Promise<never>(() => {}));
    const event = { version: "2.0", rawPath: "/open", requestContext: { http: { method: "POST" } } };
    const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 300 });
    assert.deepEqual([statusCode, JSON.parse(body).code], [503, "not_configured"]);
  });
});

const startAdapterWith = (jwks: JwksServer, changes: Parameters<typeof configFor>[1]) =>
  startAdapter(configFor(jwks.uri, changes));
