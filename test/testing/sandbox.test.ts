import assert from "node:assert/strict";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { createAdapter } from "../../lambda/index";
import { secretsManager } from "../../lambda/sources/secrets-manager";
import { secret, startSandbox, type TestSandbox } from "../../sandbox/testing/index";

const ADDRESS = "https://adapter.example.com/open";
const HOUR = 3600;

describe("the sandbox for tests", () => {
  let sandbox: TestSandbox;
  before(async () => {
    sandbox = await startSandbox({
      // The importer first: the order does not matter.
      environments: {
        "shop/staging": {
          imports: ["shop/base"],
          values: {
            vault: { "fn::open::vault": { path: "db" } },
            partner: { "fn::open::external": { url: ADDRESS, request: { name: "partner" } } },
            environmentVariables: { PASSWORD: "${vault.password}", REGION: "${region}" },
          },
        },
        "shop/base": "values:\n  region: eu-west-1\n",
        "shop/broken": { values: { vault: { "fn::open::vault": { path: "nowhere" } } } },
      },
      providers: {
        vault: ({ path }) => {
          if (path !== "db") throw new Error(`there is no ${path}`);
          return { host: "db.internal", password: secret("hunter2") };
        },
      },
      secrets: { partner: { apiKey: "k" } },
    });
    const adapter = await createAdapter({
      config: {
        organization: sandbox.organization,
        issuers: [sandbox.issuers.pulumi],
        routes: [{ path: "/open", action: "open", audience: ADDRESS }],
        access: [{ environment: "shop/staging", action: "open", source: "echo", names: ["partner"] }],
        sources: { echo: {} },
        replay: { store: "memory" },
      },
      sources: [{ ...secretsManager, name: "echo", connect: async () => echo }],
      now: sandbox.clock.now,
      log: () => {},
    });
    await sandbox.serve(ADDRESS, adapter);
  });
  after(() => sandbox.stop());

  it("opens environments given as objects, with providers given as functions, and says what is secret", async () => {
    const { values, environmentVariables, secretPaths } = await sandbox.open("shop/staging");
    assert.deepEqual(values.vault, { host: "db.internal", password: "hunter2" });
    assert.deepEqual(values.partner, { response: { value: "partner" } });
    assert.deepEqual(environmentVariables, { PASSWORD: "hunter2", REGION: "eu-west-1" });
    assert.deepEqual(secretPaths, ["environmentVariables.PASSWORD", "partner.response", "vault.password"]);
  });

  it("fails an open with where it failed and what the provider threw", async () => {
    await assert.rejects(sandbox.open("shop/broken"), /^Error: shop\/broken:3:5: .*there is no nowhere/);
    await assert.rejects(sandbox.open("broken"), /"broken" must be project\/environment/);
  });

  it("refuses a definition that does not check, with file, line and column", async () => {
    await assert.rejects(
      startSandbox({ environments: { "shop/bad": { values: { a: "${missing}" } } } }),
      /^Error: shop\/bad:2:\d+: .*missing/,
    );
  });

  it("lets clients of the AWS SDK in, with the values given to entries", async () => {
    const client = new SecretsManagerClient(sandbox.awsClientOptions);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: "partner" }));
    assert.equal(SecretString, '{"apiKey":"k"}');
  });

  it("mints tokens of both issuers for chosen claims, verified by the keys it publishes", async () => {
    const { pulumi, github } = sandbox.issuers;
    const esc = await sandbox.escToken({
      environment: "shop/staging",
      audience: ADDRESS,
      claims: { org: "evil" },
    });
    const job = await sandbox.githubToken({
      repository: "acme/shop",
      environment: "prod",
      expiresInSeconds: 60,
    });
    const checked = await jwtVerify(esc, createRemoteJWKSet(new URL(pulumi.jwksUri)), pulumi);
    assert.deepEqual([checked.payload.aud, checked.payload.org], [ADDRESS, "evil"]);
    assert.equal(checked.payload.current_env, "acme/shop/staging");
    const { payload } = await jwtVerify(job, createRemoteJWKSet(new URL(github.jwksUri)), github);
    assert.equal(payload.sub, "repo:acme/shop:environment:prod");
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
    const login = decodeJwt(await sandbox.escToken({ environment: "shop/staging" }));
    assert.deepEqual(
      [login.sub, login.aud],
      ["pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:shop/staging", "aws:acme"],
    );
    assert.throws(() => sandbox.githubToken({ repository: "shop" }), /must be owner\/name/);
  });

  it("turns the clock: what was good expires, and what is new is good", async () => {
    const body = '{"name":"partner"}';
    const token = await sandbox.escToken({ environment: "shop/staging", audience: ADDRESS, body });
    const ask = async () => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await sandbox.fetch(ADDRESS, { method: "POST", headers, body });
      return ((await response.json()) as { code?: string }).code;
    };
    sandbox.clock.advance(HOUR);
    assert.equal(await ask(), "token_expired");
    sandbox.clock.advance(-HOUR);
    assert.equal(await ask(), undefined);
    sandbox.clock.set(new Date("2031-01-01T00:00:00Z"));
    assert.deepEqual(await sandbox.runSchedules(), [], "nothing is scheduled here");
    assert.deepEqual((await sandbox.open("shop/staging")).values.partner, { response: { value: "partner" } });
    const client = new SecretsManagerClient(sandbox.awsClientOptions);
    const { $metadata } = await client.send(new GetSecretValueCommand({ SecretId: "partner" }));
    assert.equal($metadata.attempts, 1, "the signature's time was taken as it is");
  });

  it("refuses every address that nothing stands for", async () => {
    await assert.rejects(sandbox.fetch("https://example.org/"), /no route to https:\/\/example\.org/);
  });
});

const echo = {
  prepare: (request: unknown) => ({
    names: [(request as { name: string }).name],
    fetch: async () => ({ value: (request as { name: string }).name }),
  }),
};
