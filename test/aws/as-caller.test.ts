import assert from "node:assert/strict";
import { deployPolicy, previewPolicy } from "../../components/deploy-permissions";
import { boundaryPolicy } from "../../components/stage-boundary";
import { stageResources } from "../../components/stage-resources";
import { asCaller } from "../../sandbox/aws/as-caller";
import { Authorizer } from "../../sandbox/aws/authorize";
import type { AccessDecision } from "../../sandbox/aws/decisions";
import { createOidcProvider, createPolicy, createRole } from "../../sandbox/aws/iam";
import { createAccount, openSession } from "../../sandbox/aws/index";
import { createAwsCloud } from "../../sandbox/aws/resources";
import type { CallContext, ResourceType } from "../../sandbox/engine/cloud";
import { Archive, Asset } from "../../sandbox/engine/values";
import type { PolicyDocument, PolicyStatement } from "../../trust/index";

const id = "123456789012";
const boundaryArn = `arn:aws:iam::${id}:policy/shop-boundary-staging`;
const scope = {
  partition: "aws",
  accountId: id,
  project: "shop",
  stage: "staging",
  rolePath: "/",
  boundaryArn,
};
const lambdaTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const anything = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:ListBucket", Resource: "*" }],
});
const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const types = stageResources({ httpApis: true, more: [attachment] });
const context: CallContext = {
  operation: "up",
  organization: "acme",
  project: "shop",
  stage: "staging",
  directory: ".",
  provider: undefined,
  signal: new AbortController().signal,
} as never;

/** An account as base leaves it, and AWS in it for the holder of a policy. */
function stageAccount(policy: PolicyDocument = deployPolicy(scope, types)) {
  const account = createAccount({ id });
  createPolicy(account, {
    name: "shop-boundary-staging",
    document: JSON.stringify(boundaryPolicy(scope, scope)),
  });
  createPolicy(account, { name: "wider", document: anything });
  createOidcProvider(account, { url: "https://api.pulumi.com/oidc", audiences: ["aws:acme"] });
  const role = createRole(account, { name: "shop-deploy-staging", trustPolicy: lambdaTrust });
  role.inlinePolicies.set("permissions", JSON.stringify(policy));
  const decisions: AccessDecision[] = [];
  const authorizer = new Authorizer({ account, onDecision: (decision) => decisions.push(decision) });
  const caller = openSession(account, role, { name: "ci", durationSeconds: 3600 });
  const cloud = asCaller(createAwsCloud(account), { account, authorizer, caller });
  const typeOf = (type: string) => cloud.resources[type] as Required<ResourceType>;
  const request = (type: string, inputs: Record<string, unknown>) => ({
    ...context,
    urn: `urn:${type}`,
    type,
    name: "it",
    inputs,
  });
  return {
    account,
    decisions,
    cloud,
    async create(type: string, inputs: Record<string, unknown>): Promise<Made> {
      const { id, outputs = {} } = await typeOf(type).create(request(type, inputs));
      return { type, id, inputs, outputs: { ...inputs, ...outputs } };
    },
    async update({ type, id, inputs, outputs }: Made, change: Record<string, unknown>): Promise<Made> {
      const next = { ...inputs, ...change };
      for (const [name, value] of Object.entries(next)) if (value === undefined) delete next[name];
      const made = await typeOf(type).update({ ...request(type, next), old: { id, inputs, outputs } });
      return { type, id, inputs: next, outputs: { ...outputs, ...next, ...made } };
    },
    async remove({ type, id, inputs, outputs }: Made): Promise<void> {
      await typeOf(type).delete({ ...request(type, inputs), id, outputs });
    },
    async look(token: string, args: Record<string, unknown> = {}) {
      return cloud.invokes[token]?.(args, context);
    },
  };
}

interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

const code = (text: string) =>
  new Archive({ assets: { "index.js": new Asset({ text }) } }, `digest of ${text}`);
const tags = { team: "shop" };
const other = { team: "web" };
const alarm = {
  name: "shop-staging-adapter-errors",
  comparisonOperator: "GreaterThanThreshold",
  evaluationPeriods: 1,
  threshold: 1,
  metricName: "Errors",
  namespace: "AWS/Lambda",
  period: 60,
  statistic: "Sum",
};
const region = "us-east-1";

/** One of everything that a stage registers: made, changed in every way that has a call of its own, and taken away. */
async function live(aws: ReturnType<typeof stageAccount>): Promise<void> {
  const made: Made[] = [];
  const have = async (
    type: string,
    inputs: Record<string, unknown>,
    ...changes: Record<string, unknown>[]
  ) => {
    let resource = await aws.create(type, inputs);
    for (const change of changes) resource = await aws.update(resource, change);
    made.push(resource);
    return resource;
  };
  await aws.look("aws:index/getCallerIdentity:getCallerIdentity");
  await aws.look("aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", {
    url: "https://api.pulumi.com/oidc",
  });
  const secret = await have(
    "aws:secretsmanager/secret:Secret",
    { name: "shop/staging/jwt", tags, region },
    { description: "signs" },
    { tags: other },
  );
  await aws.look("aws:secretsmanager/getSecretVersions:getSecretVersions", { secretId: "shop/staging/jwt" });
  const statement = { Effect: "Deny", Principal: "*", Action: "secretsmanager:*", Resource: secret.id };
  const policyOf = (Sid: string) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid, ...statement }] });
  await have(
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    { secretArn: secret.id, policy: policyOf("One"), region },
    { policy: policyOf("Two") },
  );
  const role = await have(
    "aws:iam/role:Role",
    { name: "shop-staging-adapter", assumeRolePolicy: lambdaTrust, permissionsBoundary: boundaryArn, tags },
    { assumeRolePolicy: lambdaTrust.replace("{", '{"Id":"two",') },
    { description: "the adapter" },
    { maxSessionDuration: 7200 },
    { tags: other },
  );
  await have(
    "aws:iam/rolePolicy:RolePolicy",
    { role: role.id, name: "permissions", policy: anything },
    { policy: anything.replace("ListBucket", "GetObject") },
  );
  await have(attachment, { role: role.id, policyArn: `arn:aws:iam::${id}:policy/wider` });
  const group = await have(
    "aws:cloudwatch/logGroup:LogGroup",
    { name: "/aws/lambda/shop-staging-adapter", retentionInDays: 7, tags, region },
    { retentionInDays: 14 },
    { tags: other },
  );
  const fn = await have(
    "aws:lambda/function:Function",
    {
      name: "shop-staging-adapter",
      role: role.outputs.arn,
      code: code("exports.handler = () => 1"),
      handler: "index.handler",
      runtime: "nodejs24.x",
      tags,
      region,
    },
    { code: code("exports.handler = () => 2") },
    { memorySize: 512 },
    { reservedConcurrentExecutions: 1 },
    { tags: other },
  );
  await have("aws:lambda/functionUrl:FunctionUrl", {
    functionName: fn.id,
    authorizationType: "NONE",
    region,
  });
  await have(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    { ...alarm, tags, region },
    { threshold: 2 },
    { tags: other },
  );
  const rule = await have(
    "aws:cloudwatch/eventRule:EventRule",
    { name: "shop-staging-rotate-watch", scheduleExpression: "rate(1 day)", tags, region },
    { scheduleExpression: "rate(2 days)" },
    { tags: other },
  );
  await have("aws:cloudwatch/eventTarget:EventTarget", {
    rule: rule.id,
    targetId: "rotate",
    arn: fn.outputs.arn,
    region,
  });
  const dashboard = { dashboardName: "shop-staging-adapter", region };
  await have(
    "aws:cloudwatch/dashboard:Dashboard",
    { ...dashboard, dashboardBody: '{"widgets":[]}' },
    { dashboardBody: '{"widgets":[],"start":"-PT3H"}' },
  );
  const table = {
    name: "shop-staging-adapter-replay",
    billingMode: "PAY_PER_REQUEST",
    hashKey: "id",
    attributes: [{ name: "id", type: "S" }],
  };
  await have(
    "aws:dynamodb/table:Table",
    { ...table, tags, region },
    { ttl: { attributeName: "expires", enabled: true } },
    { tags: other },
  );
  const parameter = { name: "/shop/staging/adapter/audience", type: "String", insecureValue: "https://one/" };
  await have(
    "aws:ssm/parameter:Parameter",
    { ...parameter, tags, region },
    { insecureValue: "https://two/" },
    { tags: other },
  );
  const api = await have(
    "aws:apigatewayv2/api:Api",
    { name: "shop-staging-adapter", protocolType: "HTTP", tags, region },
    { description: "the door" },
    { tags: other },
  );
  await have("aws:apigatewayv2/stage:Stage", {
    apiId: api.id,
    name: "$default",
    autoDeploy: true,
    accessLogSettings: { destinationArn: group.outputs.arn, format: "$context.requestId" },
    region,
  });
  await have("aws:lambda/permission:Permission", {
    action: "lambda:InvokeFunction",
    function: fn.id,
    principal: "apigateway.amazonaws.com",
    statementId: "api",
    region,
  });
  for (const resource of made.reverse()) await aws.remove(resource);
}

/** The policy without one action. */
function without(action: string, { Version, Statement }: PolicyDocument): PolicyDocument {
  const statements = [Statement]
    .flat()
    .map((each: PolicyStatement) =>
      each.Effect === "Allow"
        ? { ...each, Action: [each.Action ?? []].flat().filter((one) => one !== action) }
        : each,
    );
  return { Version, Statement: statements.filter(({ Action }) => Action === undefined || Action.length > 0) };
}

describe("AWS in the name of a deploy role", () => {
  it("makes, changes and takes away one of everything that a stage registers", async () => {
    const aws = stageAccount();
    await live(aws);
    assert.deepEqual(
      aws.decisions.filter(({ allowed }) => !allowed),
      [],
    );
    assert.equal(aws.account.functions.size + aws.account.tables.size + aws.account.httpApis.size, 0);
  });

  it("fails by name for every single action that the role is without", async () => {
    const whole = stageAccount();
    await live(whole);
    const asked = [...new Set(whole.decisions.map(({ action }) => action))];
    assert.ok(asked.length > 60, `only ${asked.length} were asked`);
    for (const action of asked) {
      await assert.rejects(
        live(stageAccount(without(action, deployPolicy(scope, types)))),
        ({ message }: Error) =>
          message.includes(`is not authorized to perform: ${action}`) &&
          message.includes(`allows the ${action} action`),
        action,
      );
    }
  });

  it("refuses a role without the stage's boundary, its change and its removal, and says so", async () => {
    const aws = stageAccount();
    const role = { name: "shop-staging-x", assumeRolePolicy: lambdaTrust };
    const denied = /iam:\w+ on resource: arn:aws:iam::\d+:role\/shop-staging-x with an explicit deny/;
    await assert.rejects(aws.create("aws:iam/role:Role", role), denied);
    assert.match(aws.decisions.at(-1)?.because ?? "", /iam:PermissionsBoundary/);
    const wider = `arn:aws:iam::${id}:policy/wider`;
    await assert.rejects(aws.create("aws:iam/role:Role", { ...role, permissionsBoundary: wider }), denied);
    const made = await aws.create("aws:iam/role:Role", { ...role, permissionsBoundary: boundaryArn });
    await assert.rejects(aws.update(made, { permissionsBoundary: wider }), /PutRolePermissionsBoundary/);
    await assert.rejects(
      aws.update(made, { permissionsBoundary: undefined }),
      /DeleteRolePermissionsBoundary/,
    );
  });

  it("gives a role that has no boundary yet the stage's, and changes its policies only then", async () => {
    const aws = stageAccount();
    createRole(aws.account, { name: "shop-staging-old", trustPolicy: lambdaTrust });
    const inputs = { name: "shop-staging-old", assumeRolePolicy: lambdaTrust };
    const old: Made = { type: "aws:iam/role:Role", id: "shop-staging-old", inputs, outputs: inputs };
    const policy = { role: old.id, name: "permissions", policy: anything };
    await assert.rejects(aws.create("aws:iam/rolePolicy:RolePolicy", policy), /iam:PutRolePolicy/);
    await aws.update(old, { permissionsBoundary: boundaryArn });
    await aws.create("aws:iam/rolePolicy:RolePolicy", policy);
  });

  it("refuses another stage's names and what no row speaks of", async () => {
    const aws = stageAccount();
    const secret = "aws:secretsmanager/secret:Secret";
    await assert.rejects(aws.create(secret, { name: "shop/prod/jwt" }), /secretsmanager:CreateSecret/);
    assert.equal(aws.account.secrets.size, 0);
    await assert.rejects(
      aws.create("aws:kms/key:Key", {}),
      /^TypeError: aws:kms\/key:Key: no deploy role could make it, for the table of actions/,
    );
    const network = aws.cloud.remoteComponents["awsx:ec2:Vpc"];
    assert.throws(
      () => network?.construct({ ...context, inputs: {} } as never),
      /^TypeError: awsx:ec2:Vpc: no deploy/,
    );
    const made = await aws.create(secret, { name: "shop/staging/jwt" });
    await assert.rejects(aws.update(made, { replicas: [] }), /does not say what changes "replicas"/);
  });
});

describe("AWS in the name of the preview role", () => {
  it("looks up what a preview looks up, and makes nothing", async () => {
    const aws = stageAccount(previewPolicy(scope));
    const found = await aws.look("aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", {
      url: "https://api.pulumi.com/oidc",
    });
    assert.deepEqual(found?.clientIdLists, ["aws:acme"]);
    const { arn } = (await aws.look("aws:index/getCallerIdentity:getCallerIdentity")) ?? {};
    assert.equal(arn, `arn:aws:sts::${id}:assumed-role/shop-deploy-staging/ci`);
    await assert.rejects(
      aws.create("aws:secretsmanager/secret:Secret", { name: "shop/staging/jwt" }),
      /secretsmanager:CreateSecret/,
    );
  });
});
