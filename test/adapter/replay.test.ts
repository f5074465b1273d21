import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type ReplayStore, type TokenUse, tokenHash, useToken } from "../../lambda/auth/replay";
import { createDynamoReplayStore, REPLAY_KEY_ATTRIBUTE } from "../../lambda/auth/replay-dynamodb";
import { createMemoryReplayStore, type UsedTokens } from "../../lambda/auth/replay-memory";

// dynalite brings no types.
const dynalite = createRequire(__filename)("dynalite") as (options: object) => Server;

const NOW = 1_800_000_000;
let uses = 0;
/** One use of a token; each has its own name. */
const useOf = (key: string, now = NOW): TokenUse => ({ key, use: `use-${uses++}`, now, expires: NOW + 360 });

// Proves that a token passes once, in memory and by DynamoDB's conditional put (dynalite evaluates the condition).
describe("the replay store", () => {
  let server: Server;
  let client: DynamoDBClient;
  const stores: Record<string, ReplayStore> = { "in memory": createMemoryReplayStore() };
  before(async () => {
    server = dynalite({ createTableMs: 0 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await client.send(
      new CreateTableCommand({
        TableName: "replay",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: REPLAY_KEY_ATTRIBUTE, AttributeType: "S" }],
        KeySchema: [{ AttributeName: REPLAY_KEY_ATTRIBUTE, KeyType: "HASH" }],
      }),
    );
    stores["in DynamoDB"] = createDynamoReplayStore("replay", client);
  });
  after(async () => {
    client.destroy();
    server.close();
    await once(server, "close");
  });

  for (const name of ["in memory", "in DynamoDB"]) {
    it(`${name} lets one of twenty concurrent uses pass`, async () => {
      const store = stores[name] as ReplayStore;
      const passed = await Promise.all(Array.from({ length: 20 }, () => store.claim(useOf("concurrent"))));
      assert.equal(passed.filter(Boolean).length, 1);
    });

    it(`${name} remembers up to the expiry and not beyond, whether or not the entry is still there`, async () => {
      const store = stores[name] as ReplayStore;
      const at = (now: number) => store.claim(useOf("expiring", now));
      assert.equal(await at(NOW), true);
      assert.equal(await at(NOW + 360), false);
      assert.equal(await at(NOW + 361), true);
    });
  }

  for (const name of ["in memory", "in DynamoDB"]) {
    it(`${name} lets a token pass once more after a use was given back, and never a third time`, async () => {
      const store = stores[name] as ReplayStore;
      const [first, second, third] = [useOf("returned"), useOf("returned"), useOf("returned")];
      assert.equal(await store.claim(first), true);
      assert.equal(await store.claim(second), false);
      await store.giveBack(first);
      const passed = await Promise.all(Array.from({ length: 20 }, () => store.claim(useOf("returned"))));
      assert.equal(passed.filter(Boolean).length, 1);
      for (const use of [first, second, third]) await store.giveBack(use);
      assert.equal(await store.claim(third), false);
    });

    it(`${name} takes the second use back from nobody, itself included`, async () => {
      const store = stores[name] as ReplayStore;
      const [first, second] = [useOf("twice"), useOf("twice")];
      await store.claim(first);
      await store.giveBack(first);
      assert.equal(await store.claim(second), true);
      await store.giveBack(second);
      assert.equal(await store.claim(useOf("twice")), false);
    });

    it(`${name} takes a use back only from the one who has it`, async () => {
      const store = stores[name] as ReplayStore;
      await store.claim(useOf("owned"));
      await store.giveBack(useOf("owned"));
      assert.equal(await store.claim(useOf("owned")), false);
      await store.giveBack(useOf("never-seen"));
      assert.equal(await store.claim(useOf("never-seen")), true);
    });
  }

  it("in DynamoDB knows a put again that the client repeats because its answer was lost", async () => {
    const store = stores["in DynamoDB"] as ReplayStore;
    const [first, retry] = [useOf("repeated"), useOf("repeated")];
    assert.deepEqual([await store.claim(first), await store.claim(first)], [true, true]);
    assert.equal(await store.claim(retry), false);
    await store.giveBack(first);
    assert.deepEqual([await store.claim(retry), await store.claim(retry)], [true, true]);
    assert.equal(await store.claim(first), false);
  });

  it("is asked to remember a token until its expiry plus twice the skew", async () => {
    const asked: TokenUse[] = [];
    const store = storeOf(async (use) => {
      asked.push(use);
      return true;
    });
    const token = { key: "k", expires: NOW + 300.5, now: NOW + 0.9, skew: 30 };
    const given = await useToken(store, token, 1000);
    assert.deepEqual(asked, [given]);
    assert.deepEqual({ ...given, use: "" }, { key: "k", use: "", now: NOW, expires: NOW + 361 });
    assert.notEqual((await useToken(store, token, 1000)).use, given.use);
  });

  it("knows a token by issuer and jti, so that neither can stand for the other", () => {
    assert.equal(tokenHash({ issuer: "a", id: "b" }), tokenHash({ issuer: "a", id: "b" }));
    assert.notEqual(tokenHash({ issuer: "a", id: "b" }), tokenHash({ issuer: "b", id: "a" }));
    assert.match(tokenHash({ issuer: "a", id: "b\nc" }), /^[\w-]{43}$/);
  });

  it("out of reach refuses the request", async () => {
    const token = { key: "k", expires: NOW, now: NOW, skew: 0 };
    const refused = { code: "replay_unavailable", status: 503 };
    const down = storeOf(() => Promise.reject(new Error("the table is gone")));
    await assert.rejects(useToken(down, token, 1000), {
      ...refused,
      message: "the replay store failed: Error",
    });
    const silent = storeOf(() => new Promise<never>(() => {}));
    await assert.rejects(useToken(silent, token, 5), { ...refused, message: /did not answer in time/ });
    const unasked = storeOf(() => assert.fail("asked"));
    await assert.rejects(useToken(unasked, token, 0), refused);
  });

  it("in memory forgets what has expired", async () => {
    const seen: UsedTokens = new Map();
    const store = createMemoryReplayStore(seen);
    for (let i = 0; i < 1000; i += 1)
      await store.claim({ ...useOf(`k${i}`, NOW + i), expires: NOW + i + 10 });
    assert.ok(seen.size <= 12, `${seen.size}`);
  });
});

function storeOf(claim: ReplayStore["claim"]): ReplayStore {
  return { claim, giveBack: async () => {} };
}
