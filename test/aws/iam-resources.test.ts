import assert from "node:assert/strict";
import { createAccount } from "../../sandbox/aws/account";
import { Secret, UNKNOWN } from "../../sandbox/engine/values";
import { githubTrustPolicy } from "../../trust/index";
import { allow, githubProviderArn, pulumiProviderArn, stagingTrust } from "./laptop";
import { provisioner } from "./provision";

const roleType = "aws:iam/role:Role";
const rolePolicyType = "aws:iam/rolePolicy:RolePolicy";
const policyType = "aws:iam/policy:Policy";
const attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const providerType = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";

const trust = JSON.stringify(stagingTrust());

/** A trust policy for one provider, with this condition. */
function trusting(providerArn: string, condition?: object): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        ...(condition && { Condition: condition }),
      },
    ],
  });
}

describe("IAM resources", () => {
  it("create a role with its policies and its boundary", async () => {
    const account = createAccount();
    const cloud = provisioner(account);
    const boundary = await cloud.create(policyType, "limit", {
      name: "limit",
      policy: JSON.stringify(allow("s3:*", "*")),
    });
    const { id, outputs } = await cloud.create(roleType, "login", {
      name: "esc-staging",
      path: "/team/",
      assumeRolePolicy: trust,
      maxSessionDuration: 7200,
      permissionsBoundary: boundary.id,
      tags: { stage: "staging" },
    });
    assert.equal(id, "esc-staging");
    assert.equal(outputs.arn, "arn:aws:iam::123456789012:role/team/esc-staging");
    assert.match(String(outputs.uniqueId), /^AROA[A-Z2-7]{17}$/);
    const permissions = JSON.stringify(allow("secretsmanager:GetSecretValue", "*"));
    const inline = await cloud.create(rolePolicyType, "permissions", {
      role: id,
      name: "permissions",
      policy: permissions,
    });
    assert.equal(inline.id, "esc-staging:permissions");
    const attached = await cloud.create(attachmentType, "attached", { role: id, policyArn: boundary.id });
    assert.equal(attached.id, `esc-staging/${boundary.id}`);
    const role = account.roles.get("esc-staging");
    assert.deepEqual(
      [role?.maxSessionDurationSeconds, role?.permissionsBoundary, [...(role?.attachedPolicies ?? [])]],
      [7200, boundary.id, [boundary.id]],
    );
    assert.equal((await cloud.read(roleType, "login", "ESC-staging"))?.arn, outputs.arn);
  });

  it("register an issuer once, and find it by address and by ARN", async () => {
    const cloud = provisioner(createAccount());
    const inputs = { url: "https://api.pulumi.com/oidc", clientIdLists: ["aws:acme"] };
    const { id, outputs } = await cloud.create(providerType, "pulumi", inputs);
    assert.deepEqual(
      [id, outputs.arn, outputs.url],
      [pulumiProviderArn, pulumiProviderArn, "api.pulumi.com/oidc"],
    );
    await assert.rejects(cloud.create(providerType, "again", inputs), {
      code: "EntityAlreadyExists",
      message: "Provider with url https://api.pulumi.com/oidc already exists.",
    });
    for (const args of [{ url: inputs.url }, { arn: id }]) {
      const found = await cloud.invoke("aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", args);
      assert.deepEqual([found.arn, found.clientIdLists], [id, ["aws:acme"]]);
    }
  });

  it("preview what is not known yet", async () => {
    const cloud = provisioner(createAccount());
    const previewed = await cloud.preview(roleType, "login", { assumeRolePolicy: UNKNOWN, name: "role" });
    assert.deepEqual([previewed?.name, previewed?.arn], ["role", undefined]);
    assert.ok(await cloud.preview(rolePolicyType, "p", { role: UNKNOWN, policy: UNKNOWN, name: "p" }));
  });

  const pulumiKey = "api.pulumi.com/oidc:aud";
  const githubKey = "token.actions.githubusercontent.com:sub";
  const accepted: [string, string][] = [
    [
      "Pulumi's audience by StringEquals",
      trusting(pulumiProviderArn, { StringEquals: { [pulumiKey]: "aws:acme" } }),
    ],
    [
      "GitHub's subject by StringLike",
      trusting(githubProviderArn, { StringLike: { [githubKey]: "repo:acme/app:*" } }),
    ],
    [
      "the key in another case",
      trusting(githubProviderArn, {
        StringEquals: { [githubKey.toUpperCase()]: "repo:acme/app:pull_request" },
      }),
    ],
    [
      "what the trust builder makes",
      JSON.stringify(
        githubTrustPolicy({ providerArn: githubProviderArn, subjects: ["repo:acme/app:pull_request"] }),
      ),
    ],
    [
      "an issuer of one's own without a condition",
      trusting("arn:aws:iam::123456789012:oidc-provider/issuer.example.com"),
    ],
  ];
  for (const [title, assumeRolePolicy] of accepted) {
    it(`take a trust policy that evaluates ${title}`, async () => {
      await provisioner(createAccount()).create(roleType, "role", { name: "role", assumeRolePolicy });
    });
  }

  const refusedTrust: [string, string, RegExp][] = [
    [
      "GitHub without its subject",
      trusting(githubProviderArn),
      /actions\.githubusercontent\.com:sub which is not scoped to all$/,
    ],
    [
      "GitHub with any subject",
      trusting(githubProviderArn, { StringLike: { [githubKey]: "*" } }),
      /must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase/,
    ],
    [
      "GitHub with any subject among others",
      trusting(githubProviderArn, { StringLike: { [githubKey]: ["repo:acme/app:*", "*"] } }),
      /not scoped to all/,
    ],
    [
      "GitHub's subject only if it exists",
      trusting(githubProviderArn, { StringEqualsIfExists: { [githubKey]: "repo:acme/app:pull_request" } }),
      /not scoped to all/,
    ],
    [
      "Pulumi with a subject and no audience",
      trusting(pulumiProviderArn, { StringEquals: { "api.pulumi.com/oidc:sub": "x" } }),
      /api\.pulumi\.com\/oidc:aud which is not scoped to all$/,
    ],
    ["no JSON", "{", /trust policy/],
    ["a resource", trust.replace('"Action"', '"Resource":"*","Action"'), /Resource/],
    ["an action that is no login", trust.replace("sts:AssumeRoleWithWebIdentity", "s3:GetObject"), /sts/],
  ];
  for (const [title, assumeRolePolicy, message] of refusedTrust) {
    it(`refuse a trust policy with ${title}, in preview already`, async () => {
      await assert.rejects(provisioner(createAccount()).preview(roleType, "role", { assumeRolePolicy }), {
        code: "MalformedPolicyDocument",
        message,
      });
    });
  }

  const role = { name: "role", assumeRolePolicy: trust };
  const refused: { title: string; type: string; inputs: Record<string, unknown>; code: string }[] = [
    {
      title: "a role's name with a slash",
      type: roleType,
      inputs: { ...role, name: "a/b" },
      code: "ValidationError",
    },
    {
      title: "a path that ends open",
      type: roleType,
      inputs: { ...role, path: "/team" },
      code: "ValidationError",
    },
    {
      title: "sessions of half an hour",
      type: roleType,
      inputs: { ...role, maxSessionDuration: 1800 },
      code: "ValidationError",
    },
    {
      title: "a boundary that does not exist",
      type: roleType,
      inputs: { ...role, permissionsBoundary: "arn:aws:iam::123456789012:policy/none" },
      code: "NoSuchEntity",
    },
    {
      title: "one of AWS's own policies, which are not stored",
      type: roleType,
      inputs: { ...role, permissionsBoundary: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
      code: "NoSuchEntity",
    },
    {
      title: "a trust policy above the quota",
      type: roleType,
      inputs: { ...role, assumeRolePolicy: trust.replace('"Sid":"EscLogin"', `"Sid":"${"x".repeat(2048)}"`) },
      code: "LimitExceeded",
    },
    {
      title: "permissions for a role that does not exist",
      type: rolePolicyType,
      inputs: { role: "none", name: "p", policy: JSON.stringify(allow("s3:*", "*")) },
      code: "NoSuchEntity",
    },
    {
      title: "permissions with a principal",
      type: rolePolicyType,
      inputs: { role: "none", name: "p", policy: trust },
      code: "MalformedPolicyDocument",
    },
    {
      title: "an issuer over plain HTTP",
      type: providerType,
      inputs: { url: "http://api.pulumi.com", clientIdLists: ["a"] },
      code: "ValidationError",
    },
  ];
  for (const { title, type, inputs, code } of refused) {
    it(`refuse ${title}`, async () => {
      await assert.rejects(provisioner(createAccount()).create(type, "resource", inputs), { code });
    });
  }

  it("refuse a second role of the same name, whatever its case", async () => {
    const cloud = provisioner(createAccount());
    await cloud.create(roleType, "one", role);
    await assert.rejects(cloud.create(roleType, "two", { ...role, name: "ROLE" }), {
      code: "EntityAlreadyExists",
    });
  });

  it("refuse more inline policies than a role holds", async () => {
    const cloud = provisioner(createAccount());
    await cloud.create(roleType, "one", role);
    const policy = JSON.stringify(allow("s3:*", `arn:aws:s3:::${"x".repeat(6000)}`));
    await cloud.create(rolePolicyType, "a", { role: "role", name: "a", policy });
    await assert.rejects(cloud.create(rolePolicyType, "b", { role: "role", name: "b", policy }), {
      code: "LimitExceeded",
      message: "Maximum policy size of 10240 bytes exceeded for role role",
    });
  });
});

describe("KMS and SSM resources", () => {
  it("create a key and an alias by which it is found", async () => {
    const account = createAccount();
    const cloud = provisioner(account);
    const key = await cloud.create("aws:kms/key:Key", "key", { description: "for entries" });
    assert.equal(key.outputs.arn, `arn:aws:kms:us-east-1:123456789012:key/${key.id}`);
    const alias = await cloud.create("aws:kms/alias:Alias", "alias", {
      name: "alias/app",
      targetKeyId: key.id,
    });
    assert.equal(alias.outputs.targetKeyArn, key.outputs.arn);
    await assert.rejects(
      cloud.create("aws:kms/alias:Alias", "b", { name: "alias/aws/x", targetKeyId: key.id }),
      {
        code: "ValidationException",
      },
    );
    await assert.rejects(cloud.create("aws:kms/alias:Alias", "c", { name: "alias/x", targetKeyId: "none" }), {
      code: "ResourceNotFoundException",
    });
  });

  it("create a parameter, whose value comes back as a secret unless it is given as none", async () => {
    const account = createAccount();
    const cloud = provisioner(account);
    const type = "aws:ssm/parameter:Parameter";
    const hidden = await cloud.create(type, "hidden", {
      name: "/app/a",
      type: "SecureString",
      value: "hunter2",
    });
    assert.equal(hidden.outputs.arn, "arn:aws:ssm:us-east-1:123456789012:parameter/app/a");
    assert.ok(hidden.outputs.value instanceof Secret);
    assert.ok(!JSON.stringify(hidden).includes("hunter2"));
    const plain = await cloud.create(type, "plain", {
      name: "/app/b",
      type: "String",
      insecureValue: "https://x",
    });
    assert.equal(plain.outputs.insecureValue, "https://x");
    assert.ok(await cloud.preview(type, "later", { name: "/app/c", type: "String", insecureValue: UNKNOWN }));
    await assert.rejects(cloud.create(type, "none", { name: "/app/d", type: "String" }), /exactly one of/);
    await assert.rejects(cloud.create(type, "again", { name: "/app/a", type: "String", value: "x" }), {
      code: "ParameterAlreadyExists",
    });
  });
});
