import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { checkReplay, type ReplayStore, tokenHash } from "../../lambda/auth/replay";
import { createDynamoReplayStore, REPLAY_KEY_ATTRIBUTE } from "../../lambda/auth/replay-dynamodb";
import { createMemoryReplayStore } from "../../lambda/auth/replay-memory";

// dynalite brings no types.
const dynalite = createRequire(__filename)("dynalite") as (options: object) => Server;

const NOW = 1_800_000_000;

// Proves that a token passes once, in memory and by DynamoDB's conditional put (dynalite evaluates the condition).
describe("the replay store", () => {
  let server: Server;
  let client: DynamoDBClient;
  const stores: Record<string, ReplayStore> = { "in memory": createMemoryReplayStore() };
  before(async () => {
    // The SDK greets Node 20 with five lines on stderr.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
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
      const use = { key: "concurrent", now: NOW, expires: NOW + 360 };
      const passed = await Promise.all(Array.from({ length: 20 }, () => store.claim(use)));
      assert.equal(passed.filter(Boolean).length, 1);
    });

    it(`${name} remembers up to the expiry and not beyond, whether or not the entry is still there`, async () => {
      const store = stores[name] as ReplayStore;
      const at = (now: number) => store.claim({ key: "expiring", now, expires: NOW + 360 });
      assert.equal(await at(NOW), true);
      assert.equal(await at(NOW + 360), false);
      assert.equal(await at(NOW + 361), true);
    });
  }

  it("is asked to remember a token until its expiry plus twice the skew", async () => {
    const uses: unknown[] = [];
    const store: ReplayStore = {
      claim: async (use) => {
        uses.push(use);
        return true;
      },
    };
    await checkReplay(store, { key: "k", expires: NOW + 300.5, now: NOW + 0.9, skew: 30 });
    assert.deepEqual(uses, [{ key: "k", now: NOW, expires: NOW + 361 }]);
  });

  it("knows a token by issuer and jti, so that neither can stand for the other", () => {
    assert.equal(tokenHash({ issuer: "a", id: "b" }), tokenHash({ issuer: "a", id: "b" }));
    assert.notEqual(tokenHash({ issuer: "a", id: "b" }), tokenHash({ issuer: "b", id: "a" }));
    assert.match(tokenHash({ issuer: "a", id: "b\nc" }), /^[\w-]{43}$/);
  });

  it("out of reach refuses the request", async () => {
    const down: ReplayStore = { claim: () => Promise.reject(new Error("the table is gone")) };
    await assert.rejects(checkReplay(down, { key: "k", expires: NOW, now: NOW, skew: 0 }), {
      code: "replay_unavailable",
      status: 503,
      message: "the replay store failed: Error",
    });
  });

  it("in memory forgets what has expired", async () => {
    const seen = new Map<string, number>();
    const store = createMemoryReplayStore(seen);
    for (let i = 0; i < 1000; i += 1)
      await store.claim({ key: `k${i}`, now: NOW + i, expires: NOW + i + 10 });
    assert.ok(seen.size <= 12, `${seen.size}`);
  });
});
