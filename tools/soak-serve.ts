// What a person does with `sandbox serve` and Pulumi's own ESC SDK. Run by tools/soak.mjs with serve's variables.
import assert from "node:assert/strict";
import { Configuration, DefaultClient } from "@pulumi/esc-sdk";

async function main(): Promise<void> {
  const { PULUMI_BACKEND_URL, PULUMI_ACCESS_TOKEN, PULUMI_ORG = "" } = process.env;
  const client = DefaultClient(new Configuration({ accessToken: PULUMI_ACCESS_TOKEN }));
  // The SDK drops the port of a backend's address, so its base path is set afterwards.
  client.config.basePath = `${PULUMI_BACKEND_URL}/api/esc`;

  const listed = await client.listEnvironments(PULUMI_ORG);
  assert.deepEqual(
    // The main job's examples have environments of their own.
    listed?.environments?.filter(({ project }) => project === "escapement").map(({ name }) => name),
    ["base", "dev", "prod", "staging"],
  );
  const opened = await client.openAndReadEnvironment(PULUMI_ORG, "escapement", "staging");
  assert.equal(opened?.values?.environmentVariables?.API_URL, "https://api-staging.example.com");

  await client.createEnvironment(PULUMI_ORG, "escapement", "scratch");
  await client.updateEnvironmentYaml(
    PULUMI_ORG,
    "escapement",
    "scratch",
    "imports: [escapement/base]\nvalues: {x: 1}\n",
  );
  const scratch = await client.openAndReadEnvironment(PULUMI_ORG, "escapement", "scratch");
  assert.equal(scratch?.values?.x, 1);
  await client.deleteEnvironment(PULUMI_ORG, "escapement", "scratch");
}

main().catch((error: unknown) => {
  // The SDK's errors hold the access token: the message alone is safe to print.
  console.error(error instanceof Error ? error.message : "failed");
  process.exitCode = 1;
});
