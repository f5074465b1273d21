// Runs in a project that has the packed tarball installed: previews and brings up the examples' programs in the
// sandbox's engine, puts values into the entries, opens the environment and asks the function with its own source.
import assert from "node:assert/strict";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startSandbox } from "escapement/testing";

async function main([components = "", ownSource = ""]: readonly string[]): Promise<void> {
  const sandbox = await startSandbox({ region: "eu-west-1" });
  try {
    const program = { directory: components, stack: "staging" };
    await sandbox.deploy({ ...program, preview: true });
    const { outputs } = await sandbox.deploy(program);
    const client = new SecretsManagerClient(sandbox.awsClientOptions);
    for (const name of ["database", "partner"]) {
      const SecretId = (outputs.entryArns as Record<string, string>)[name];
      await client.send(new PutSecretValueCommand({ SecretId, SecretString: `value of ${name}` }));
    }
    const { environmentVariables } = await sandbox.open("shop/staging");
    assert.deepEqual(environmentVariables, {
      DATABASE_URL: "value of database",
      PARTNER_KEY: "value of partner",
    });

    const own = await sandbox.deploy({ directory: ownSource, stack: "staging" });
    const url = String(own.outputs.adapterUrl);
    const body = JSON.stringify({ key: "maps" });
    const token = await sandbox.escToken({ environment: "shop/staging", audience: url, body });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await sandbox.fetch(url, { method: "POST", headers, body });
    assert.deepEqual([answer.status, await answer.json()], [200, { value: "m-1" }]);
  } finally {
    await sandbox.stop();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
