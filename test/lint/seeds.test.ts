// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of ESC look like those of JavaScript

import assert from "node:assert/strict";
import { checkEnvironments } from "../../esc/lint/check";
import type { RuleId } from "../../esc/lint/rules";
import { declared } from "./examples";

// The environments of the documents that this project started from, as they are written there.

const external = `values:
customSecrets:
fn::open::external:
url: https://my-adapter.example.com/fetch-secrets
request:
secretName: DATABASE_PASSWORD
`;
const rotated = `values:
rotatedCredentials:
fn::rotate::external:
inputs:
url: https://my-adapter.example.com/rotate
request:
service: database
environment: production
`;
const staging = `# infra/pulumi/esc/staging.yaml
imports:
  - base

values:
  # 1. Pull infrastructure outputs from Pulumi stacks
  infra:
    fn::open::pulumi-stacks:
      stacks:
        infra:
          stack: myorg/infra/staging
        api:
          stack: myorg/api/staging

  # 2. Pull secrets from AWS Secrets Manager
  secrets:
    fn::open::aws-secrets:
      region: \${aws.region}
      login: \${aws.login}
      get:
        database:
          secretId: myapp/staging/database
        jwt:
          secretId: myapp/staging/jwt

  # 3. Compose URLs from infra outputs
  urls:
    api: https://api-staging.\${domain}
    ecr: \${infra.infra.ecr_repository_url}

environmentVariables:
  # From pulumi-stacks
  ECS_CLUSTER: \${infra.infra.ecs_cluster_name}
  ECS_SERVICE: \${infra.api.service_name}
  ECR_REPOSITORY_URL: \${infra.infra.ecr_repository_url}

  # From aws-secrets
  DATABASE_URL: \${secrets.database.url}
  JWT_SECRET: \${secrets.jwt.secret}

  # Composed
  API_URL: \${urls.api}
`;

async function findings(yaml: string, imports: Readonly<Record<string, string>> = {}) {
  const found = await checkEnvironments({
    environments: [{ name: "myproject/staging", yaml }],
    imports: Object.entries(imports).map(([name, text]) => ({ name, yaml: text })),
    declared,
  });
  return found.map(({ rule, region, message }) => ({ rule, line: region?.line ?? 0, message }));
}

const at = (found: readonly { rule: RuleId; line: number }[]) =>
  found.map(({ rule, line }) => `${rule}:${line}`);

/** The wrong indentation of some of the documents put right. */
const indented = (yaml: string, depths: readonly number[]) =>
  yaml
    .split("\n")
    .map((line, index) => `${"  ".repeat(depths[index] ?? 0)}${line}`)
    .join("\n");

describe("The environments of the seeds", () => {
  it("are caught without their indentation: the blocks stand beside values, and the calls are none", async () => {
    assert.match(
      (await findings(external)).map(({ message }) => message).join(),
      /values must be an object.*customSecrets/,
    );
    assert.match(
      (await findings(rotated)).map(({ message }) => message).join(),
      /values must be an object.*rotatedCredentials/,
    );
    const flat = staging.replace(/^ +/gm, "");
    const messages = (await findings(flat)).map(({ rule, message }) => `${rule} ${message}`);
    assert.ok(messages.includes("E01 environmentVariables stands beside values, where ESC ignores it"));
    assert.ok(messages.includes("E16 base means default/base"));
  });

  it("are caught with it: an entry that nobody declared", async () => {
    const found = await findings(indented(external, [0, 1, 2, 3, 3, 4]));
    assert.deepEqual(at(found), ["E10:6"]);
  });

  it("leave alone the rotator, which is right once it is indented and has an environment of its own", async () => {
    assert.deepEqual(await findings(indented(rotated, [0, 1, 2, 3, 4, 4, 5, 5])), []);
    const beside = `${indented(rotated, [0, 1, 2, 3, 4, 4, 5, 5]).trimEnd()}\n  region: eu-west-1\n`;
    assert.deepEqual(at(await findings(beside)), ["E11:9"]);
  });

  it("are caught in each mistake of the full pattern, where it is written", async () => {
    const base = "values: { domain: example.com, aws: { region: eu-west-1 } }\n";
    const found = await findings(staging, { "default/base": base, base });
    assert.deepEqual(at(found), [
      "E16:3", // a bare import
      "E17:11", // stacks with their organization
      "E17:13",
      "E00:19", // nobody logs in
      "E10:22", // entries of another project
      "E10:24",
      "E01:31", // variables beside values
    ]);
    // Once the variables are where ESC reads them, the members of undecoded entries are seen.
    const inside = staging.replace(/^environmentVariables:[\s\S]*/m, (block) =>
      block.replace(/^(?=.)/gm, "  "),
    );
    assert.deepEqual(at(await findings(inside, { base })).slice(-2), ["E18:38", "E18:39"]);
  });
});
