import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { CreateSecretCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import type { Source } from "../../lambda/sources/define-source";
import { parameterStore } from "../../lambda/sources/parameter-store";
import { secretsManager } from "../../lambda/sources/secrets-manager";
import { ParameterType } from "../../sandbox/aws/account";
import { putRolePolicy } from "../../sandbox/aws/iam";
import { createKey } from "../../sandbox/aws/kms-keys";
import { putParameter } from "../../sandbox/aws/parameters";
import { openSession } from "../../sandbox/aws/sessions";
import { Laptop, stagingTrust } from "../aws/laptop";
import { assertRefused, open, useAws } from "./support";

const PLACE = { partition: "aws", region: "us-east-1", account: "123456789012" };
const ENTRIES = 45;

// Proves the sources against the sandbox's AWS, with a role that has exactly the statements they ask for.
describe("the sources on AWS", () => {
  const laptop = new Laptop();
  let restore: () => void;
  /** How often an action was decided since the count began. */
  let counted = 0;
  const calls = (action: string) =>
    laptop.decisions.slice(counted).filter((decision) => decision.action === action).length;

  /** A source in a function whose role has its statements, for these names. */
  async function connectAs(role: string, source: Source, names: readonly string[], settings: object = {}) {
    const Statement = source
      .statements(settings, { ...PLACE, names })
      .map(({ actions, resources, conditions }) => ({
        Effect: "Allow" as const,
        Action: [...actions],
        Resource: [...resources],
        ...(conditions && { Condition: conditions as Record<string, Record<string, string | string[]>> }),
      }));
    const created = laptop.role(role, stagingTrust(), { Version: "2012-10-17", Statement });
    const keys = openSession(laptop.account, created, { name: role, durationSeconds: 3600 });
    restore?.();
    restore = useAws(laptop.url, keys);
    const connected = await source.connect(settings, { now: laptop.account.now });
    // The client reads its keys at the first call, which may fail.
    await open(connected, { name: "app/staging/k0" }).catch(() => {});
    counted = laptop.decisions.length;
    return connected;
  }

  const previous = randomUUID();
  before(async () => {
    await laptop.start();
    const client = laptop.secretsManager(laptop.administrator());
    for (let index = 0; index < ENTRIES; index += 1) {
      const SecretString = JSON.stringify({ value: `value ${index}` });
      await client.send(new CreateSecretCommand({ Name: `app/staging/k${index}`, SecretString }));
    }
    const SecretId = "app/staging/versions";
    const ClientRequestToken = previous;
    await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: "old", ClientRequestToken }));
    await client.send(new PutSecretValueCommand({ SecretId, SecretString: "new" }));
    await client.send(new CreateSecretCommand({ Name: "app/staging/empty" }));
    await client.send(new CreateSecretCommand({ Name: "app/prod/k0", SecretString: "not for staging" }));

    const { account } = laptop;
    const key = createKey(account, { region: "us-east-1" });
    key.aliases.add("alias/app");
    for (let index = 0; index < 23; index += 1) {
      const name = `/app/staging/deep/p${String(index).padStart(2, "0")}`;
      putParameter(account, { name, value: `p ${index}`, type: ParameterType.String });
    }
    const encrypted = { type: ParameterType.SecureString, kmsKeyId: "alias/app" };
    putParameter(account, { name: "/app/staging/secret", value: "hidden", ...encrypted });
    putParameter(account, {
      name: "/app/staging/secret",
      value: "hidden too",
      ...encrypted,
      overwrite: true,
    });
    putParameter(account, { name: "/app/prod/secret", value: "of prod", ...encrypted });
  });
  after(async () => {
    restore();
    await laptop.stop();
  });

  const kmsKeyArn = () => [...laptop.account.keys.values()][0]?.arn;

  it("read many current values by BatchGetSecretValue, 20 at a time, and answer all of them", async () => {
    const source = await connectAs("many", secretsManager, ["app/staging/*"]);
    const entries = Object.fromEntries(
      Array.from({ length: ENTRIES }, (_, index) => [
        `E${index}`,
        { name: `app/staging/k${index}`, key: "value" },
      ]),
    );
    const { values } = await open(source, { entries });
    assert.deepEqual(
      values,
      Object.fromEntries(Array.from({ length: ENTRIES }, (_, index) => [`E${index}`, `value ${index}`])),
    );
    assert.equal(calls("secretsmanager:BatchGetSecretValue"), 3);
    assert.deepEqual(
      source.prepare({ entries: { A: { name: "app/staging/k1" }, B: { name: "app/prod/k0" } } }).names,
      ["app/staging/k1", "app/prod/k0"],
    );
  });

  it("answer several requests of one moment with one call, and none of them less well for another's fault", async () => {
    const source = await connectAs("together", secretsManager, ["app/staging/*"]);
    const asked = [
      open(source, { name: "app/staging/k1", key: "value" }),
      assertRefused(open(source, { name: "app/prod/k0" }), "source_denied", "not for staging"),
      assertRefused(open(source, { name: "app/staging/empty" }), "source_not_found"),
      assertRefused(
        open(source, { name: "app/staging/k1", key: "nothing" }),
        "source_key_missing",
        "value 1",
      ),
      // No name that AWS takes: the whole batch fails by it, and each is asked for by itself.
      assertRefused(open(source, { name: "app/st aging" }), "source_unavailable"),
    ];
    assert.deepEqual(await asked[0], { value: "value 1" });
    await Promise.all(asked);
    assert.equal(calls("secretsmanager:BatchGetSecretValue"), 1);
  });

  it("read each entry by itself where the role may not read by batch", async () => {
    const source = await connectAs("one-by-one", secretsManager, ["app/staging/k1"]);
    putRolePolicy(
      laptop.account,
      "one-by-one",
      "more",
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: "*" }],
      }),
    );
    const entries = { A: { name: "app/staging/k1" }, B: { name: "app/staging/k2", key: "value" } };
    assert.deepEqual((await open(source, { entries })).values, { A: '{"value":"value 1"}', B: "value 2" });
  });

  it("read a version or a label by GetSecretValue, under a name that rules have to list", async () => {
    const source = await connectAs("versions", secretsManager, [
      "app/staging/versions",
      "app/staging/versions#AWSPREVIOUS",
    ]);
    const name = "app/staging/versions";
    for (const [version, value] of [
      [{}, "new"],
      [{ versionStage: "AWSPREVIOUS" }, "old"],
      [{ versionId: previous }, "old"],
    ] as const) {
      assert.deepEqual(await open(source, { name, ...version }), { value });
    }
    assert.equal(calls("secretsmanager:BatchGetSecretValue"), 0);
    const namesOf = (version: object) => source.prepare({ name, ...version }).names;
    assert.deepEqual(namesOf({ versionStage: "AWSCURRENT" }), [name]);
    assert.deepEqual(namesOf({ versionStage: "AWSPREVIOUS" }), [`${name}#AWSPREVIOUS`]);
    assert.deepEqual(namesOf({ versionId: previous }), [`${name}#${previous}`]);
    assert.throws(() => source.prepare({ name: `${name}#AWSPREVIOUS` }), { code: "request_invalid" });
    assert.throws(() => source.prepare({ name, versionId: previous, versionStage: "AWSPREVIOUS" }), {
      code: "request_invalid",
    });
  });

  it("keep a value by entry and version for its life, and read it once for many members", async () => {
    laptop.ahead = 0;
    const source = await connectAs("cached", secretsManager, ["app/staging/*"], { cacheSeconds: 30 });
    const read = async (key?: string) => (await open(source, { name: "app/staging/k7", key })).value;
    assert.deepEqual(await Promise.all([read("value"), read(), read("value")]), [
      "value 7",
      '{"value":"value 7"}',
      "value 7",
    ]);
    assert.deepEqual(await open(source, { name: "app/staging/versions", versionStage: "AWSPREVIOUS" }), {
      value: "old",
    });
    assert.deepEqual(await open(source, { name: "app/staging/versions" }), { value: "new" });
    const client = laptop.secretsManager(laptop.administrator());
    await client.send(
      new PutSecretValueCommand({ SecretId: "app/staging/k7", SecretString: '{"value":"newer"}' }),
    );
    laptop.ahead = 29_000;
    assert.equal(await read("value"), "value 7");
    laptop.ahead = 31_000;
    assert.equal(await read("value"), "newer");
    laptop.ahead = 0;
    assert.equal(calls("secretsmanager:GetSecretValue"), 4);
  });

  it("read a parameter, decrypted, by name, ARN or version", async () => {
    const settings = { kmsKeyArn: kmsKeyArn() };
    const source = await connectAs("parameter", parameterStore, ["/app/staging/*"], settings);
    const arn = "arn:aws:ssm:us-east-1:123456789012:parameter/app/staging/secret";
    for (const [name, value] of [
      ["/app/staging/secret", "hidden too"],
      [arn, "hidden too"],
      ["/app/staging/secret:1", "hidden"],
    ]) {
      assert.deepEqual(await open(source, { name }), { value });
    }
    await assertRefused(open(source, { name: "/app/staging/nothing" }), "source_not_found");
    await assertRefused(open(source, { name: "/app/staging/secret:9" }), "source_not_found");
    await assertRefused(open(source, { name: "/app/prod/secret" }), "source_denied", "of prod");
  });

  it("read everything below a path, page after page, under a name of its own", async () => {
    const settings = { kmsKeyArn: kmsKeyArn() };
    const source = await connectAs("path", parameterStore, ["/app/staging/"], settings);
    const { values } = await open(source, { path: "/app/staging" });
    const all = values as Record<string, string>;
    assert.equal(Object.keys(all).length, 24);
    assert.deepEqual([all.secret, all["deep/p22"]], ["hidden too", "p 22"]);
    assert.deepEqual(source.prepare({ path: "/app/staging" }).names, ["/app/staging/"]);
    for (const request of [{ name: "/app/staging/" }, { path: "/app/staging/" }, { path: "/app/*" }]) {
      assert.throws(() => source.prepare(request), { code: "request_invalid" });
    }
    await assertRefused(open(source, { path: "/app/prod" }), "source_denied", "of prod");
    await assertRefused(open(source, { name: "/app/staging/secret" }), "source_denied", "hidden");
  });

  it("do not decrypt with a key that they were not given", async () => {
    const source = await connectAs("no-key", parameterStore, ["/app/staging/secret"]);
    await assertRefused(open(source, { name: "/app/staging/secret" }), "source_denied", "hidden");
  });

  it("say which entries may be read, and nothing else", () => {
    const statements = secretsManager.statements(
      {},
      { ...PLACE, names: ["app/b#AWSPREVIOUS", "app/a", "app/b", "app/pr-*"] },
    );
    const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret";
    assert.deepEqual(statements, [
      {
        id: "ReadEntries",
        actions: ["secretsmanager:GetSecretValue"],
        resources: [`${arn}:app/a-??????`, `${arn}:app/b-??????`],
      },
      {
        id: "ReadPattern1",
        actions: ["secretsmanager:GetSecretValue"],
        resources: [`${arn}:app/pr-*-??????`],
        conditions: {
          StringNotLike: { "secretsmanager:SecretId": ["*app/pr-*/*"] },
          Null: { "secretsmanager:SecretId": "false" },
        },
      },
      { id: "ReadByBatch", actions: ["secretsmanager:BatchGetSecretValue"], resources: ["*"] },
    ]);
    assert.equal(secretsManager.statements({}, { ...PLACE, names: ["app/a"] }).length, 1);
    assert.deepEqual(secretsManager.statements({}, { ...PLACE, names: [] }), []);
  });
});
