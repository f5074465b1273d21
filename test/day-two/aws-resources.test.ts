import assert from "node:assert/strict";
import { type Account, createAccount } from "../../sandbox/aws/account";
import { createAwsCloud } from "../../sandbox/aws/resources";
import type { CallContext, ResourceType } from "../../sandbox/engine/cloud";
import { Archive, Asset } from "../../sandbox/engine/values";

const context: CallContext = {
  operation: "up",
  organization: "acme",
  project: "escapement",
  stack: "staging",
  directory: ".",
  provider: undefined,
  signal: new AbortController().signal,
};

/** Creates, updates and deletes as the engine does. */
function resourcesOf(account: Account) {
  const { resources } = createAwsCloud(account);
  return async (type: string, inputs: Record<string, unknown>) => {
    const found: ResourceType | undefined = resources[type];
    assert.ok(found);
    const request = { ...context, urn: `urn:${type}`, type, name: "it", inputs };
    const { id, outputs = {} } = await found.create(request);
    let old = { id, inputs, outputs: { ...inputs, ...outputs } };
    return {
      id,
      async update(next: Record<string, unknown>) {
        assert.ok(found.update);
        const answer = await found.update({ ...request, inputs: next, old });
        old = { id, inputs: next, outputs: { ...old.outputs, ...next, ...answer } };
        return answer;
      },
      remove: async () => found.delete?.({ ...context, urn: request.urn, type, name: "it", ...old }),
    };
  };
}

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const allow = (action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });

describe("AWS resources, changed and deleted", () => {
  let account: Account;
  let create: ReturnType<typeof resourcesOf>;

  beforeEach(() => {
    account = createAccount();
    create = resourcesOf(account);
  });

  it("a role changes in place, and goes only after its policies", async () => {
    const role = await create("aws:iam/role:Role", {
      name: "login",
      assumeRolePolicy: trust,
      maxSessionDuration: 7200,
    });
    const policy = await create("aws:iam/rolePolicy:RolePolicy", {
      name: "p",
      role: "login",
      policy: allow("s3:GetObject"),
    });
    await role.update({ name: "login", assumeRolePolicy: trust, description: "now said" });
    await policy.update({ name: "p", role: "login", policy: allow("s3:PutObject") });
    const stored = account.roles.get("login");
    assert.deepEqual([stored?.description, stored?.maxSessionDurationSeconds], ["now said", 3600]);
    assert.deepEqual([...(stored?.inlinePolicies.values() ?? [])], [allow("s3:PutObject")]);
    await assert.rejects(role.remove(), { code: "DeleteConflict" });
    await policy.remove();
    await role.remove();
    await role.remove();
    assert.equal(account.roles.size, 0);
  });

  it("a managed policy goes only when no role has it", async () => {
    await create("aws:iam/role:Role", { name: "login", assumeRolePolicy: trust });
    const policy = await create("aws:iam/policy:Policy", { name: "p", policy: allow("s3:GetObject") });
    const attachment = await create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {
      role: "login",
      policyArn: policy.id,
    });
    await policy.update({ name: "p", policy: allow("s3:PutObject") });
    assert.equal(account.managedPolicies.get(policy.id)?.document, allow("s3:PutObject"));
    await assert.rejects(policy.remove(), { code: "DeleteConflict" });
    await attachment.remove();
    await policy.remove();
    assert.equal(account.managedPolicies.size, 0);
  });

  it("an entry keeps its name for its recovery window, or gives it up at once when there is none", async () => {
    const type = "aws:secretsmanager/secret:Secret";
    const entry = await create(type, { name: "kept", recoveryWindowInDays: 7 });
    await entry.update({ name: "kept", recoveryWindowInDays: 7, description: "of the test" });
    assert.equal(account.secrets.get(entry.id)?.description, "of the test");
    await entry.remove();
    const deletion = account.secrets.get(entry.id)?.deletion;
    assert.equal(Number(deletion?.goneAt) - Number(deletion?.requestedAt), 7 * 24 * 60 * 60 * 1000);
    await assert.rejects(create(type, { name: "kept" }), { code: "InvalidRequestException" });
    const other = await create(type, { name: "other", recoveryWindowInDays: 0 });
    await other.remove();
    await create(type, { name: "other" });
  });

  it("an entry's own update leaves the policy that SecretPolicy has put on it", async () => {
    const entry = await create("aws:secretsmanager/secret:Secret", { name: "db" });
    const document = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Principal: "*", Action: "secretsmanager:*", Resource: "*" }],
    });
    const policy = await create("aws:secretsmanager/secretPolicy:SecretPolicy", {
      secretArn: entry.id,
      policy: document,
    });
    await entry.update({ name: "db", description: "x" });
    assert.equal(account.secrets.get(entry.id)?.resourcePolicy, document);
    await policy.remove();
    assert.equal(account.secrets.get(entry.id)?.resourcePolicy, undefined);
  });

  it("a function is deployed anew under its name; its address can be taken away and given again", async () => {
    await create("aws:iam/role:Role", { name: "fn", assumeRolePolicy: trust });
    const inputs = (text: string) => ({
      name: "adapter",
      role: [...account.roles.values()][0]?.arn,
      handler: "index.handler",
      runtime: "nodejs22.x",
      code: new Archive({ assets: { "index.mjs": new Asset({ text }) } }),
    });
    const fn = await create("aws:lambda/function:Function", inputs("one"));
    const before = [...account.functions.values()][0]?.code.sha256;
    await fn.update({ ...inputs("two"), timeout: 9, reservedConcurrentExecutions: 1 });
    const [stored] = account.functions.values();
    assert.notEqual(stored?.code.sha256, before);
    assert.deepEqual([stored?.configuration.timeoutSeconds, stored?.reservedConcurrency], [9, 1]);
    const address = { functionName: "adapter", authorizationType: "NONE" };
    const first = await create("aws:lambda/functionUrl:FunctionUrl", address);
    await first.remove();
    assert.equal(stored?.url, undefined);
    // The statements of the first address are still there: the provider does not remove them.
    assert.equal(stored?.permissions.size, 2);
    await create("aws:lambda/functionUrl:FunctionUrl", address);
    await fn.remove();
    assert.equal(account.functions.size, 0);
  });

  it("a name that was made up stays through updates", async () => {
    const group = await create("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 7 });
    const answer = await group.update({ retentionInDays: 14 });
    assert.equal(answer.name, group.id);
    assert.equal([...account.logGroups.values()][0]?.retentionDays, 14);
    await group.remove();
    assert.equal(account.logGroups.size, 0);
  });

  it("a parameter's update is its next version; a provider's audiences are those it is given", async () => {
    const parameter = await create("aws:ssm/parameter:Parameter", {
      name: "/a",
      type: "String",
      insecureValue: "1",
    });
    assert.equal((await parameter.update({ name: "/a", type: "String", insecureValue: "2" })).version, 2);
    await parameter.remove();
    assert.equal(account.parameters.size, 0);
    const url = "https://issuer.example.com";
    const provider = await create("aws:iam/openIdConnectProvider:OpenIdConnectProvider", {
      url,
      clientIdLists: ["a"],
    });
    await provider.update({ url, clientIdLists: ["a", "b"] });
    assert.deepEqual(account.oidcProviders.get(provider.id)?.audiences, ["a", "b"]);
    await provider.remove();
    assert.equal(account.oidcProviders.size, 0);
  });
});
