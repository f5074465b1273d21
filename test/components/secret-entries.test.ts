import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SecretEntries, type SecretEntriesArgs } from "../../components/secret-entries";
import { isUnknown, mockPulumi, outputValue, settled } from "../support/pulumi";

const SECRET = "aws:secretsmanager/secret:Secret";
const POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy";
const arnOf = (name: unknown) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

async function create(args: Partial<SecretEntriesArgs> = {}, { preview = false } = {}) {
  const recorder = await mockPulumi({
    preview,
    outputs: (type, _, inputs): Record<string, unknown> =>
      type === SECRET && !preview ? { arn: arnOf(inputs.name) } : {},
  });
  const entries = new SecretEntries("entries", {
    project: "escapement",
    stage: "staging",
    entries: [{ name: "database" }, { name: "jwt" }],
    ...args,
  });
  return { entries, recorder };
}

describe("SecretEntries", () => {
  it("creates each entry empty, named after project, stage and entry", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(
      recorder.ofType(SECRET).map(({ name, inputs }) => [name, inputs]),
      [
        ["entries-database", { name: "escapement/staging/database", recoveryWindowInDays: 30 }],
        ["entries-jwt", { name: "escapement/staging/jwt", recoveryWindowInDays: 30 }],
      ],
    );
    assert.equal(recorder.ofType("aws:secretsmanager/secretVersion:SecretVersion").length, 0);
  });

  it("is the parent of everything it creates", async () => {
    const { recorder } = await create({ entries: [{ name: "jwt" }] });
    await settled();
    assert.deepEqual(recorder.parentage(), {
      entries: "escapement:index:SecretEntries",
      "entries-jwt": `escapement:index:SecretEntries$${SECRET}`,
      "entries-jwt-tls": `escapement:index:SecretEntries$${POLICY}`,
    });
  });

  it("refuses plain-text transport on each entry, but not for the calls of AWS's own services", async () => {
    const { recorder } = await create({ entries: [{ name: "jwt" }] });
    await settled();
    const { inputs } = recorder.find(POLICY, "entries-jwt-tls");
    const arn = arnOf("escapement/staging/jwt");
    assert.equal(inputs.secretArn, arn);
    assert.equal(inputs.blockPublicPolicy, true);
    assert.deepEqual(JSON.parse(inputs.policy as string), {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "DenyPlainTextTransport",
          Effect: "Deny",
          Principal: "*",
          Action: "secretsmanager:*",
          Resource: arn,
          Condition: {
            Bool: { "aws:SecureTransport": "false" },
            BoolIfExists: { "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false" },
          },
        },
      ],
    });
  });

  it("lists entries that are there already, in any partition, and leaves them alone", async () => {
    const shared = "arn:aws-us-gov:secretsmanager:us-gov-west-1:210987654321:secret:shared/db-a1B2c3";
    const { entries, recorder } = await create({
      entries: [{ name: "jwt" }],
      existing: [{ name: "database", arn: pulumi.output(shared) }],
    });
    assert.deepEqual(await outputValue(entries.arns), {
      database: shared,
      jwt: arnOf("escapement/staging/jwt"),
    });
    assert.deepEqual(await outputValue(entries.names), {
      database: "shared/db",
      jwt: "escapement/staging/jwt",
    });
    await settled();
    assert.equal(recorder.ofType(SECRET).length + recorder.ofType(POLICY).length, 2);
  });

  it("refuses an existing entry by half its ARN, and one that is called as another", async () => {
    const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shared/db";
    await assert.rejects(create({ existing: [{ name: "jwt", arn }] }), ({ message }: Error) => {
      assert.match(message, /existing\[0\]\.arn: ".*" must be the full ARN/);
      assert.match(message, /existing\[0\]\.name: "jwt" is listed twice/);
      return true;
    });
  });

  it("passes on the key, the window, the tags and the prefix", async () => {
    const { recorder } = await create({
      entries: [{ name: "jwt", description: "Signs sessions" }],
      kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1",
      recoveryWindowInDays: 7,
      tags: { team: "web" },
      namePrefix: "acme-",
    });
    await settled();
    assert.deepEqual(recorder.find(SECRET, "entries-jwt").inputs, {
      name: "acme-escapement/staging/jwt",
      description: "Signs sessions",
      kmsKeyId: "arn:aws:kms:eu-west-1:123456789012:key/1",
      recoveryWindowInDays: 7,
      tags: { team: "web" },
    });
  });

  it("publishes names and ARNs, the ARNs unknown in a preview", async () => {
    const { entries } = await create({ entries: [{ name: "jwt" }] });
    assert.deepEqual(await outputValue(entries.names), { jwt: "escapement/staging/jwt" });
    assert.deepEqual(await outputValue(entries.arns), { jwt: arnOf("escapement/staging/jwt") });
    await settled();

    const preview = await create({ entries: [{ name: "jwt" }] }, { preview: true });
    assert.deepEqual(await outputValue(preview.entries.names), { jwt: "escapement/staging/jwt" });
    assert.equal(await isUnknown(preview.entries.arns), true);
    await settled();
  });

  it("lists everything that is wrong with its arguments at once", async () => {
    await assert.rejects(
      create({
        stage: "stag ing",
        entries: [{ name: "a b" }, { name: "x" }, { name: "x" }],
        recoveryWindowInDays: 3,
      }),
      (error: Error) => {
        for (const part of [
          'stage: "stag ing"',
          'entries[0].name: "a b"',
          'entries[2].name: "x" is listed twice',
          "recoveryWindowInDays: 3",
        ]) {
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        }
        return true;
      },
    );
    await settled();
  });
});
