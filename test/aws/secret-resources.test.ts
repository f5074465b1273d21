import assert from "node:assert/strict";
import { createAccount } from "../../sandbox/aws/account";
import { UNKNOWN } from "../../sandbox/engine/values";
import { provisioner } from "./provision";

const secretType = "aws:secretsmanager/secret:Secret";
const policyType = "aws:secretsmanager/secretPolicy:SecretPolicy";

function policy(statement: Record<string, unknown> = {}): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: "secretsmanager:*", Resource: "*", ...statement }],
  });
}

describe("Secrets Manager resources", () => {
  it("creates an entry without a value, with AWS's six characters behind its name in the ARN", async () => {
    const account = createAccount();
    const { id, outputs } = await provisioner(account).create(secretType, "database", {
      name: "escapement/staging/database",
      description: "for the test",
      recoveryWindowInDays: 30,
      tags: { stage: "staging" },
    });
    assert.match(
      id,
      /^arn:aws:secretsmanager:us-east-1:123456789012:secret:escapement\/staging\/database-[A-Za-z0-9]{6}$/,
    );
    assert.equal(outputs.arn, id);
    assert.deepEqual(outputs.tagsAll, { stage: "staging" });
    assert.equal(account.secrets.get(id)?.versions.size, 0);
  });

  it("names an entry after its resource when the program gives no name, and previews that name", async () => {
    const cloud = provisioner(createAccount());
    const previewed = await cloud.preview(secretType, "database", {});
    assert.match(String(previewed?.name), /^database-[0-9a-f]{7}$/);
    assert.equal((await cloud.preview(secretType, "database", { name: UNKNOWN }))?.name, undefined);
    assert.equal(previewed?.arn, undefined);
  });

  it("puts an entry into the provider's region, or into the resource's own", async () => {
    const account = createAccount();
    const provider = { package: "aws", urn: "urn", inputs: { region: "eu-central-1" } };
    const cloud = provisioner(account, { provider });
    const first = await cloud.create(secretType, "one", { name: "same" });
    const second = await cloud.create(secretType, "two", { name: "same", region: "eu-west-1" });
    assert.match(first.id, /:eu-central-1:/);
    assert.match(second.id, /:eu-west-1:/);
  });

  it("attaches a policy to the entry, and reads the entry back", async () => {
    const account = createAccount();
    const cloud = provisioner(account);
    const { id } = await cloud.create(secretType, "database", { name: "database" });
    await cloud.create(policyType, "database-tls", {
      secretArn: id,
      policy: policy(),
      blockPublicPolicy: true,
    });
    const read = await cloud.read(secretType, "database", id);
    assert.equal(read?.policy, policy());
    assert.equal(await cloud.read(secretType, "database", `${id}x`), undefined);
  });

  const refused: { title: string; type?: string; inputs: Record<string, unknown>; code: string }[] = [
    { title: "a name with a space", inputs: { name: "data base" }, code: "ValidationException" },
    { title: "a window of 6 days", inputs: { recoveryWindowInDays: 6 }, code: "InvalidParameterException" },
    { title: "a policy that is no JSON", inputs: { policy: "{" }, code: "MalformedPolicyDocumentException" },
    {
      title: "a policy without a principal",
      inputs: { policy: policy({ Principal: undefined }) },
      code: "MalformedPolicyDocumentException",
    },
    {
      title: "a policy of another version",
      inputs: { policy: '{"Version":"2020-01-01","Statement":[]}' },
      code: "MalformedPolicyDocumentException",
    },
    {
      title: "a policy that lets everybody in, when public policies are blocked",
      type: policyType,
      inputs: { secretArn: UNKNOWN, policy: policy({ Effect: "Allow" }), blockPublicPolicy: true },
      code: "PublicPolicyException",
    },
  ];
  for (const { title, type = secretType, inputs, code } of refused) {
    it(`refuses ${title} in preview, as AWS would later`, async () => {
      await assert.rejects(provisioner(createAccount()).preview(type, "entry", inputs), { code });
    });
  }

  it("refuses a second entry of the same name", async () => {
    const cloud = provisioner(createAccount());
    await cloud.create(secretType, "one", { name: "same" });
    await assert.rejects(cloud.create(secretType, "two", { name: "same" }), {
      code: "ResourceExistsException",
      message: "The operation failed because the secret same already exists.",
    });
  });

  it("refuses by name what it does not implement, and a property of the wrong type", async () => {
    const cloud = provisioner(createAccount());
    await assert.rejects(cloud.preview(secretType, "entry", { replicas: [{ region: "eu-west-1" }] }), {
      message: 'sandbox: aws:secretsmanager/secret:Secret does not implement the property "replicas"',
    });
    await assert.rejects(cloud.preview(secretType, "entry", { name: 5 }), /property "name" must be a string/);
  });

  it("refuses a policy for an entry that does not exist", async () => {
    await assert.rejects(
      provisioner(createAccount()).create(policyType, "tls", { secretArn: "arn:aws:x", policy: policy() }),
      { code: "ResourceNotFoundException" },
    );
  });
});

describe("AWS's functions for programs", () => {
  it("tell account, partition and region", async () => {
    const cloud = provisioner(
      createAccount({ id: "210987654321", partition: "aws-cn", region: "cn-north-1" }),
    );
    const identity = await cloud.invoke("aws:index/getCallerIdentity:getCallerIdentity");
    assert.equal(identity.accountId, "210987654321");
    const partition = await cloud.invoke("aws:index/getPartition:getPartition");
    assert.deepEqual([partition.partition, partition.dnsSuffix], ["aws-cn", "amazonaws.com.cn"]);
    const region = await cloud.invoke("aws:index/getRegion:getRegion");
    assert.equal(region.region, "cn-north-1");
  });

  it("fail for an OIDC provider that is not there, naming it", async () => {
    await assert.rejects(
      provisioner(createAccount()).invoke("aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", {
        url: "https://api.pulumi.com/oidc",
      }),
      {
        code: "NoSuchEntity",
        message: "OpenIDConnect Provider not found for url https://api.pulumi.com/oidc",
      },
    );
  });
});
