import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startSandbox } from "../../sandbox/testing/index";
import { exampleTypes } from "../package/components";
import { buildPackage } from "../support/build";

const examples = path.join(__dirname, "../../examples");
const linesOf = (name: string) => readFileSync(path.join(examples, name), "utf8").trim().split("\n").length;

// The programs of a team's own stacks, examples/infra and examples/api, run in test/sandbox/main-job.test.ts.
describe("The examples", () => {
  before(buildPackage);

  it("are as short as they are said to be", () => {
    assert.ok(linesOf("own-source/source.ts") < 30, "a source of one's own: under 30 lines");
    assert.ok(linesOf("own-source/source.test.ts") <= 30, "its test: 30 lines");
    assert.ok(linesOf("service/server.ts") <= 20, "a guarded service: 20 lines");
  });

  it("test an adapter of one's own", async () => {
    const file = path.join(examples, "own-source/source.test.ts");
    const options = ["--import", "tsx", "--test-reporter=tap"];
    const { stdout } = await promisify(execFile)(process.execPath, [...options, file]);
    assert.match(stdout, /# pass 1\n# fail 0/);
  });

  it("deploy a source of one's own, which answers the environment that the rules list", async () => {
    const sandbox = await startSandbox();
    try {
      const { outputs } = await sandbox.deploy({
        directory: path.join(examples, "own-source"),
        stack: "staging",
      });
      const url = String(outputs.adapterUrl);
      const ask = async (environment: string, clockHours = 0) => {
        sandbox.clock.advance(clockHours * 3600);
        const body = JSON.stringify({ key: "maps" });
        const token = await sandbox.escToken({ environment, audience: url, body });
        const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
        const answer = await sandbox.fetch(url, { method: "POST", headers, body });
        return [answer.status, await answer.json()] as const;
      };
      assert.deepEqual(await ask("shop/staging"), [200, { value: "m-1" }]);
      const [status, refusal] = await ask("shop/dev");
      assert.deepEqual([status, (refusal as { code: string }).code], [403, "access_denied"]);
      // The keys of the function's role have expired by then; Lambda gets new ones.
      assert.deepEqual(await ask("shop/staging", 24), [200, { value: "m-1" }]);
    } finally {
      await sandbox.stop();
    }
  });

  it("guard a service of one's own", async () => {
    // Not above: it loads dist, which has to be built first.
    const { createQuotaService } = await import("../../examples/service/server.js");
    const url = "https://quotas.example.com/open";
    const ask = { values: { quota: { "fn::open::external": { url, request: { plan: "large" } } } } };
    const sandbox = await startSandbox({ environments: { "shop/prod": ask, "shop/dev": ask } });
    try {
      const issuers = [sandbox.issuers.pulumi];
      await sandbox.serve(url, createQuotaService({ issuers, log: () => {} }));
      assert.deepEqual((await sandbox.open("shop/prod")).values.quota, { response: { quota: 100 } });
      await assert.rejects(sandbox.open("shop/dev"), /access_denied/);
    } finally {
      await sandbox.stop();
    }
  });

  it("use every component, with a company's own rules, and the environment opens", async () => {
    const sandbox = await startSandbox({ region: "eu-west-1" });
    try {
      const program = { directory: path.join(examples, "components"), stack: "staging" };
      const { outputs, resources } = await sandbox.deploy(program);
      const constructed = resources.map(({ type }) => type).filter((type) => type.startsWith("escapement:"));
      // examples/rotation has that of a rotated credential; the main job brings it up.
      assert.deepEqual([...new Set(constructed)].sort(), exampleTypes);

      const client = new SecretsManagerClient(sandbox.awsClientOptions);
      for (const name of ["database", "partner"]) {
        const SecretId = (outputs.entryArns as Record<string, string>)[name];
        await client.send(new PutSecretValueCommand({ SecretId, SecretString: `value of ${name}` }));
      }
      const { environmentVariables } = await sandbox.open("shop/staging");
      const expected = { DATABASE_URL: "value of database", PARTNER_KEY: "value of partner" };
      assert.deepEqual(environmentVariables, expected);
    } finally {
      await sandbox.stop();
    }
  });
});
