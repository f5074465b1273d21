import assert from "node:assert/strict";
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { createSecret } from "../../sandbox/aws/secret-entries";
import { putVersion } from "../../sandbox/aws/secret-versions";
import { Laptop } from "./laptop";
import { type Step, stageCases } from "./version-stages";

const day = 24 * 60 * 60 * 1000;
let names = 0;
const freshName = () => `entry-${++names}`;

/** A letter stands for a token of 32 of them; `token:31` for one of that length. */
function tokenOf(version: string): string {
  const length = /^token:(\d+)$/.exec(version)?.[1];
  return length ? "t".repeat(Number(length)) : version.repeat(32);
}

const maybeToken = (version: string | undefined) => (version === undefined ? undefined : tokenOf(version));

async function perform(
  client: SecretsManagerClient,
  SecretId: string,
  step: Step,
): Promise<string | undefined> {
  if ("put" in step) {
    const text = step.value ?? (step.binary === undefined ? `value of ${step.put}` : undefined);
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken: tokenOf(step.put),
        SecretString: text,
        SecretBinary: step.binary === undefined ? undefined : Buffer.from(step.binary),
        VersionStages: step.stages ? [...step.stages] : undefined,
      }),
    );
  } else if ("move" in step) {
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: step.move,
        MoveToVersionId: maybeToken(step.to),
        RemoveFromVersionId: maybeToken(step.off),
      }),
    );
  } else if ("get" in step) {
    const { SecretString: text, SecretBinary: bytes } = await client.send(
      new GetSecretValueCommand({
        SecretId,
        VersionId: maybeToken(step.get.id),
        VersionStage: step.get.stage,
      }),
    );
    return text ?? `binary:${Buffer.from(bytes ?? []).toString()}`;
  } else if ("remove" in step) {
    const window = typeof step.remove === "number" ? { RecoveryWindowInDays: step.remove } : {};
    const force = step.remove === "now" ? { ForceDeleteWithoutRecovery: true } : {};
    await client.send(new DeleteSecretCommand({ SecretId, ...window, ...force }));
  } else {
    await client.send(new RestoreSecretCommand({ SecretId }));
  }
  return undefined;
}

async function stagesOf(client: SecretsManagerClient, SecretId: string) {
  const { Versions: versions = [] } = await client.send(
    new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
  );
  return Object.fromEntries(
    versions.map(({ VersionId: id = "", VersionStages }) => [id[0], VersionStages ?? []]),
  );
}

describe("Secrets Manager", () => {
  const laptop = new Laptop();
  let client: SecretsManagerClient;
  before(async () => {
    await laptop.start();
    client = laptop.secretsManager(laptop.administrator());
  });
  afterEach(() => {
    laptop.ahead = 0;
  });
  after(() => laptop.stop());

  describe("version stages, as AWS's model has them", () => {
    for (const { title, from, steps, stages, value, fails } of stageCases) {
      it(`${title} (${from})`, async () => {
        const { arn } = createSecret(laptop.account, { name: freshName() });
        const last = steps.at(-1);
        for (const step of steps.slice(0, -1)) await perform(client, arn, step);
        const outcome = last && perform(client, arn, last);
        if (fails) {
          await assert.rejects(outcome as Promise<unknown>, (error: Error & { $metadata?: unknown }) => {
            assert.equal(error.name, fails[0]);
            assert.ok(error.message.includes(fails[1]), error.message);
            assert.equal((error.$metadata as { httpStatusCode: number }).httpStatusCode, 400);
            return true;
          });
        } else {
          assert.equal(await outcome, value);
        }
        if (stages) assert.deepEqual(await stagesOf(client, arn), stages);
      });
    }

    it("has at least the forty cases that were promised", () => {
      assert.ok(stageCases.length >= 40, String(stageCases.length));
    });
  });

  describe("entries", () => {
    it("are found by name, by ARN and by ARN without its end", async () => {
      const { arn, name } = createSecret(laptop.account, {
        name: freshName(),
        version: { id: tokenOf("a"), value: { text: "found" } },
      });
      for (const SecretId of [name, arn, arn.slice(0, -7)]) {
        const found = await client.send(new GetSecretValueCommand({ SecretId }));
        assert.equal(found.SecretString, "found");
        assert.equal(found.ARN, arn);
      }
      const other = arn.replace(/.{6}$/, "000000");
      await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: other })), {
        name: "ResourceNotFoundException",
        message: "Secrets Manager can't find the specified secret.",
      });
    });

    it("are asked for by names that entries can have", async () => {
      for (const SecretId of [
        " a",
        "a\nb",
        "arn:aws:secretsmanager:us-east-1:1:secret:a",
        "arn:aws:s3:::a",
      ]) {
        await assert.rejects(client.send(new GetSecretValueCommand({ SecretId })), {
          name: "ValidationException",
          message:
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        });
      }
    });

    it("are found only in their region", async () => {
      const { name } = createSecret(laptop.account, { name: freshName(), region: "eu-west-1" });
      await assert.rejects(client.send(new DescribeSecretCommand({ SecretId: name })), {
        name: "ResourceNotFoundException",
      });
    });

    it("are created empty, and described without what they do not have", async () => {
      const created = await client.send(
        new CreateSecretCommand({ Name: freshName(), Tags: [{ Key: "stage", Value: "staging" }] }),
      );
      assert.equal(created.VersionId, undefined);
      const { $metadata, CreatedDate, LastChangedDate, ...described } = await client.send(
        new DescribeSecretCommand({ SecretId: created.ARN }),
      );
      assert.deepEqual(described, {
        ARN: created.ARN,
        Name: created.Name,
        Tags: [{ Key: "stage", Value: "staging" }],
      });
      assert.equal($metadata.httpStatusCode, 200);
      assert.match($metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
      assert.ok(CreatedDate instanceof Date && LastChangedDate instanceof Date);
    });

    it("are created again by the same token and value, and by no other", async () => {
      const input = { Name: freshName(), ClientRequestToken: tokenOf("a"), SecretString: "once" };
      const first = await client.send(new CreateSecretCommand(input));
      const second = await client.send(new CreateSecretCommand(input));
      assert.equal(second.ARN, first.ARN);
      await assert.rejects(client.send(new CreateSecretCommand({ ...input, SecretString: "twice" })), {
        name: "ResourceExistsException",
        message: `The operation failed because the secret ${input.Name} already exists.`,
      });
    });

    it("keep their name until their deletion, and then give it up", async () => {
      const name = freshName();
      const { ARN: first } = await client.send(new CreateSecretCommand({ Name: name }));
      const deleted = await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }));
      const inDays = ((deleted.DeletionDate as Date).getTime() - Date.now()) / day;
      assert.ok(inDays > 6.9 && inDays < 7.1);
      await assert.rejects(client.send(new CreateSecretCommand({ Name: name })), {
        name: "InvalidRequestException",
        message:
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
      });
      laptop.ahead = 7 * day + 1000;
      const later = laptop.secretsManager(laptop.administrator());
      later.config.systemClockOffset = laptop.ahead;
      const { ARN: second } = await later.send(new CreateSecretCommand({ Name: name }));
      assert.notEqual(second, first);
    });

    it("say when they were read, by the day", async () => {
      const { arn } = createSecret(laptop.account, {
        name: freshName(),
        version: { id: tokenOf("a"), value: { text: "x" } },
      });
      const before = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      assert.equal(before.LastAccessedDate, undefined);
      await client.send(new GetSecretValueCommand({ SecretId: arn }));
      const after = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      assert.equal((after.LastAccessedDate as Date).getTime() % day, 0);
    });

    it("give room for new versions once unlabelled ones are a day old", () => {
      const entry = createSecret(laptop.account, { name: freshName() });
      const put = (index: number) =>
        putVersion(laptop.account, entry, {
          id: `${index}`.padStart(32, "0"),
          value: { text: `${index}` },
        });
      for (let index = 0; index < 100; index++) put(index);
      assert.throws(() => put(100), { code: "LimitExceededException" });
      laptop.ahead = day + 1000;
      put(101);
      assert.equal(entry.versions.size, 100);
    });
  });

  describe("lists", () => {
    it("pages of entries, filtered by the beginning of the name", async () => {
      for (const suffix of ["a", "b", "c"]) createSecret(laptop.account, { name: `listed/${suffix}` });
      const filter = { Filters: [{ Key: "name" as const, Values: ["LISTED/"] }], MaxResults: 2 };
      const first = await client.send(new ListSecretsCommand(filter));
      const second = await client.send(new ListSecretsCommand({ ...filter, NextToken: first.NextToken }));
      assert.deepEqual(
        [...(first.SecretList ?? []), ...(second.SecretList ?? [])].map(({ Name }) => Name),
        ["listed/a", "listed/b", "listed/c"],
      );
      assert.equal(second.NextToken, undefined);
      await assert.rejects(client.send(new ListSecretsCommand({ NextToken: "mine" })), {
        name: "InvalidNextTokenException",
      });
    });

    it("leaves out what waits for deletion, unless asked", async () => {
      const { name } = createSecret(laptop.account, { name: freshName() });
      await client.send(new DeleteSecretCommand({ SecretId: name }));
      const Filters = [{ Key: "name" as const, Values: [name] }];
      const without = await client.send(new ListSecretsCommand({ Filters }));
      const withThem = await client.send(new ListSecretsCommand({ Filters, IncludePlannedDeletion: true }));
      assert.deepEqual([without.SecretList?.length, withThem.SecretList?.length], [0, 1]);
    });

    it("shows only labelled versions, unless asked", async () => {
      const { arn } = createSecret(laptop.account, { name: freshName() });
      for (const put of ["a", "b", "c"]) await perform(client, arn, { put });
      const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: arn }));
      assert.deepEqual(
        Versions?.map(({ VersionId }) => VersionId?.[0]),
        ["b", "c"],
      );
      const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      assert.deepEqual(VersionIdsToStages, {
        [tokenOf("b")]: ["AWSPREVIOUS"],
        [tokenOf("c")]: ["AWSCURRENT"],
      });
    });
  });

  describe("a batch", () => {
    it("returns what can be read, and says of the rest why not", async () => {
      const full = createSecret(laptop.account, {
        name: freshName(),
        version: { id: tokenOf("a"), value: { text: "one" } },
      });
      const empty = createSecret(laptop.account, { name: freshName() });
      const answer = await client.send(
        new BatchGetSecretValueCommand({ SecretIdList: [full.name, empty.name, "missing"] }),
      );
      assert.deepEqual(
        answer.SecretValues?.map(({ Name, SecretString }) => [Name, SecretString]),
        [[full.name, "one"]],
      );
      assert.deepEqual(answer.Errors, [
        {
          SecretId: empty.name,
          ErrorCode: "ResourceNotFoundException",
          Message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        },
        {
          SecretId: "missing",
          ErrorCode: "ResourceNotFoundException",
          Message: "Secrets Manager can't find the specified secret.",
        },
      ]);
    });

    it("takes names or filters, not both and not neither", async () => {
      for (const input of [{}, { SecretIdList: ["a"], Filters: [{ Key: "name" as const, Values: ["a"] }] }]) {
        await assert.rejects(client.send(new BatchGetSecretValueCommand(input)), {
          name: "InvalidParameterException",
        });
      }
    });
  });

  it("answers what it does not implement by name", async () => {
    const { RotateSecretCommand } = await import("@aws-sdk/client-secrets-manager");
    await assert.rejects(client.send(new RotateSecretCommand({ SecretId: "any" })), {
      name: "UnknownOperationException",
      message: "sandbox: the operation RotateSecret is not implemented",
    });
    const { arn } = createSecret(laptop.account, { name: freshName() });
    const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId: arn }));
    assert.equal(ResourcePolicy, undefined);
  });
});
