import assert from "node:assert/strict";
import test from "node:test";
import { type AdapterConfig, createAdapter } from "escapement/adapter";
import { startSandbox } from "escapement/testing";
import { sources } from "./source";

const url = "https://adapter.example.com/open";
const partner = { "fn::open::external": { url, request: { key: "maps" } } };
const environments = { "shop/staging": { values: { partner } }, "shop/dev": { values: { partner } } };

void test("environments get what the rules list, and nothing else", async () => {
  const sandbox = await startSandbox({ environments });
  try {
    const config: AdapterConfig = {
      organization: sandbox.organization,
      issuers: [sandbox.issuers.pulumi],
      routes: [{ path: "/open", action: "open", audience: url }],
      access: [{ environment: "shop/staging", action: "open", source: "partner", names: ["maps"] }],
      sources: { partner: { keys: { maps: "m-1" } } },
      replay: { store: "memory" },
    };
    await sandbox.serve(url, await createAdapter({ config, sources, now: sandbox.clock.now }));
    assert.deepEqual((await sandbox.open("shop/staging")).values.partner, { response: { value: "m-1" } });
    await assert.rejects(sandbox.open("shop/dev"), /access_denied/);
  } finally {
    await sandbox.stop();
  }
});
