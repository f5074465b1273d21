import assert from "node:assert/strict";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { AdapterFrontDoor } from "../../components/adapter-http-api";
import { AdapterRotate, type AdapterRotateArgs } from "../../components/adapter-rotate";
import { METRICS } from "../../lambda/audit/log";
import { parseConfig } from "../../lambda/config";
import { builtInRotators } from "../../lambda/rotators/index";
import { JOURNAL_KEY_ATTRIBUTE } from "../../lambda/rotators/journal-aws";
import { evaluateAccess } from "../../trust/index";
import { ACCOUNT } from "../support/aws";
import { mockPulumi, outputValue, type Recorder, settled } from "../support/pulumi";

const AT = "eu-west-1";
const arnOf = (service: string, resource: string) => `arn:aws:${service}:${AT}:${ACCOUNT}:${resource}`;
const ADMIN = arnOf("secretsmanager", "secret:shop/staging/orders-admin-AbCdEf");
const KEY = arnOf("kms", "key/0f1e2d3c");
const settings = {
  host: "db.internal",
  database: "orders",
  users: ["orders_a", "orders_b"],
  adminEntry: "shop/staging/orders-admin",
};
const orders = { name: "orders", environment: "shop/rotated-staging-orders", settings, entryArns: [ADMIN] };

function created(type: string, { name }: Record<string, unknown>): Record<string, unknown> {
  switch (type) {
    case "aws:dynamodb/table:Table":
      return { arn: arnOf("dynamodb", `table/${name}`) };
    case "aws:cloudwatch/logGroup:LogGroup":
      return { arn: arnOf("logs", `log-group:${name}`) };
    case "aws:secretsmanager/secret:Secret":
      return { arn: arnOf("secretsmanager", `secret:${name}-AbCdEf`) };
    case "aws:lambda/function:Function":
      return { arn: arnOf("lambda", `function:${name}`) };
    case "aws:iam/role:Role":
      return { arn: `arn:aws:iam::${ACCOUNT}:role/${name}` };
    case "aws:apigatewayv2/api:Api":
      return { apiEndpoint: "https://def.execute-api.eu-west-1.amazonaws.com" };
    case "aws:lambda/functionUrl:FunctionUrl":
      return { functionUrl: "https://abc.lambda-url.eu-west-1.on.aws/" };
    default:
      return {};
  }
}

async function create(args: Partial<AdapterRotateArgs> = {}, preview = false) {
  const recorder = await mockPulumi({
    preview,
    outputs: (type, _, inputs) => (preview ? {} : created(type, inputs)),
  });
  const rotate = new AdapterRotate("rotate", {
    organization: "acme",
    project: "shop",
    stage: "staging",
    targets: [orders],
    entry: path.join(__dirname, "fixtures/own-handler.ts"),
    ...args,
  });
  return { rotate, recorder };
}

async function configOf(recorder: Recorder): Promise<unknown> {
  await settled();
  const { code } = recorder.find("aws:lambda/function:Function", "rotate-function").inputs;
  const assets = await (code as { assets: Promise<Record<string, pulumi.asset.StringAsset>> }).assets;
  return JSON.parse(await (assets["config.json"] as pulumi.asset.StringAsset).text);
}

async function allows(recorder: Recorder, action: string, resource: string): Promise<boolean> {
  await settled();
  const { policy } = recorder.find("aws:iam/rolePolicy:RolePolicy", "rotate-role-permissions").inputs;
  return evaluateAccess({
    request: {
      principal: {
        kind: "session",
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/shop-staging-rotate/rotate`,
        roleArn: `arn:aws:iam::${ACCOUNT}:role/shop-staging-rotate`,
      },
      action,
      resource,
      context: { "kms:ViaService": `secretsmanager.${AT}.amazonaws.com` },
    },
    identityPolicies: [JSON.parse(String(policy))],
  }).allowed;
}

// Under mocks: what is registered. That it works is test/rotation/demo.test.ts.
describe("AdapterRotate", () => {
  it("deploys a configuration that the adapter takes, which rotates and opens nothing", async () => {
    const { recorder } = await create({
      timeoutSeconds: 30,
      targets: [
        orders,
        { ...orders, name: "stock", settings: { ...settings, users: ["stock_a", "stock_b"] } },
      ],
    });
    const config = parseConfig(await configOf(recorder), [], builtInRotators);
    assert.deepEqual(config.routes, [
      { path: "/rotate", action: "rotate", audienceParameter: "/shop/staging/rotate/audience" },
    ]);
    assert.deepEqual(config.access[0], {
      environment: "shop/rotated-staging-orders",
      action: "rotate",
      source: "postgres",
      names: ["orders"],
    });
    assert.deepEqual(Object.keys(config.rotators?.postgres ?? {}), ["orders", "stock"]);
    assert.deepEqual(config.journal, {
      table: "shop-staging-rotate-journal",
      entryPrefix: "shop/staging/rotation/",
    });
    assert.equal(config.limits.requestMilliseconds, 30_000);
  });

  it("keeps the journal in a table of its own that forgets nothing, and an entry for each target", async () => {
    const { rotate, recorder } = await create({ kmsKeyArn: KEY });
    await settled();
    const { inputs } = recorder.find("aws:dynamodb/table:Table", "rotate-journal");
    assert.deepEqual(
      [inputs.name, inputs.hashKey, inputs.ttl],
      ["shop-staging-rotate-journal", JOURNAL_KEY_ATTRIBUTE, undefined],
    );
    const entry = recorder.find("aws:secretsmanager/secret:Secret", "rotate-journal-postgres-orders").inputs;
    assert.deepEqual([entry.name, entry.kmsKeyId], ["shop/staging/rotation/postgres/orders", KEY]);
    assert.equal(recorder.ofType("aws:secretsmanager/secretVersion:SecretVersion").length, 0);
    assert.equal(recorder.ofType("aws:secretsmanager/secretPolicy:SecretPolicy").length, 1);
    assert.deepEqual(Object.keys(await outputValue(rotate.journalEntryArns)), ["postgres/orders"]);
  });

  it("lets the function do what a rotation needs, and nothing else", async () => {
    const { recorder } = await create({ kmsKeyArn: KEY });
    const journal = arnOf("secretsmanager", "secret:shop/staging/rotation/postgres/orders-AbCdEf");
    const tables = (name: string) => arnOf("dynamodb", `table/shop-staging-rotate-${name}`);
    const may = [
      ["secretsmanager:GetSecretValue", ADMIN],
      ["secretsmanager:GetSecretValue", journal],
      ["secretsmanager:PutSecretValue", journal],
      ["dynamodb:UpdateItem", tables("journal")],
      ["dynamodb:PutItem", tables("replay")],
      ["kms:GenerateDataKey", KEY],
      ["kms:Decrypt", KEY],
      ["ssm:GetParameter", arnOf("ssm", "parameter/shop/staging/rotate/audience")],
    ] as const;
    const mayNot = [
      ["secretsmanager:PutSecretValue", ADMIN],
      ["secretsmanager:DeleteSecret", journal],
      ["secretsmanager:GetSecretValue", arnOf("secretsmanager", "secret:shop/staging/partner-AbCdEf")],
      ["dynamodb:DeleteItem", tables("journal")],
      ["dynamodb:PutItem", tables("journal")],
      ["dynamodb:UpdateItem", tables("replay")],
    ] as const;
    for (const [action, resource] of may)
      assert.ok(await allows(recorder, action, resource), `${action} ${resource}`);
    for (const [action, resource] of mayNot) {
      assert.ok(!(await allows(recorder, action, resource)), `${action} ${resource}`);
    }
  });

  it("has an address, an audience and a role of its own", async () => {
    const { rotate, recorder } = await create();
    assert.equal(await outputValue(rotate.url), "https://abc.lambda-url.eu-west-1.on.aws/rotate");
    await settled();
    assert.equal(
      recorder.find("aws:ssm/parameter:Parameter", "rotate-audience").inputs.name,
      "/shop/staging/rotate/audience",
    );
    assert.equal(recorder.find("aws:iam/role:Role", "rotate-role").inputs.name, "shop-staging-rotate");
    for (const [name, types] of Object.entries(recorder.parentage())) {
      if (name !== "rotate") assert.match(types, /^escapement:index:AdapterRotate\$/, name);
    }
    assert.deepEqual(recorder.registeredOutputs("rotate"), [
      "audienceParameterName",
      "functionArn",
      "functionName",
      "journalEntryArns",
      "journalTableName",
      "roleArn",
      "roleName",
      "url",
    ]);
  });

  it("stands behind an HTTP API, by argument, whose address it knows from the start", async () => {
    const { rotate, recorder } = await create({ frontDoor: AdapterFrontDoor.HttpApi });
    const url = "https://def.execute-api.eu-west-1.amazonaws.com/rotate";
    assert.equal(await outputValue(rotate.url), url);
    const { routes } = parseConfig(await configOf(recorder), [], builtInRotators);
    assert.deepEqual(routes, [{ path: "/rotate", action: "rotate", audience: url }]);
    assert.equal(
      recorder.find("aws:apigatewayv2/route:Route", "rotate-route").inputs.routeKey,
      "POST /rotate",
    );
    assert.equal(recorder.ofType("aws:lambda/functionUrl:FunctionUrl").length, 0);
    assert.equal(recorder.ofType("aws:ssm/parameter:Parameter").length, 0);
    assert.ok(
      !(await allows(recorder, "ssm:GetParameter", arnOf("ssm", "parameter/shop/staging/rotate/audience"))),
    );
  });

  it("rings the same alarms as the function that opens, and two of its own by what it counts", async () => {
    const topic = arnOf("sns", "on-call");
    const { recorder } = await create({ alarmActions: [topic] });
    await settled();
    const alarms = recorder.ofType("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ inputs }) => inputs);
    assert.deepEqual(
      alarms.map(({ name }) => name).sort(),
      [
        "duration",
        "errors",
        "refusals",
        "rotation-failed",
        "rotation-overdue",
        "stale-keys",
        "throttles",
      ].map((kind) => `shop-staging-rotate-${kind}`),
    );
    for (const { alarmActions } of alarms) assert.deepEqual(alarmActions, [topic]);
    const own = alarms.filter(({ name }) => String(name).includes("-rotation-"));
    assert.deepEqual(
      own.map(({ metricName }) => metricName),
      [METRICS.rotationsFailed, METRICS.rotationsOverdue],
    );
  });

  it("is asked once a day what is overdue, and tells events to the bus that it is given", async () => {
    const bus = arnOf("events", "event-bus/rotations");
    const { recorder } = await create({ eventBus: bus, targets: [{ ...orders, overdueHours: 200 }] });
    const config = parseConfig(await configOf(recorder), [], builtInRotators);
    assert.deepEqual(config.rotation, {
      eventBus: bus,
      expectations: { "postgres/orders": { overdueHours: 200 } },
    });
    assert.ok(await allows(recorder, "events:PutEvents", bus));
    assert.ok(!(await allows(recorder, "events:PutEvents", arnOf("events", "event-bus/default"))));
    const rule = recorder.find("aws:cloudwatch/eventRule:EventRule", "rotate-watch").inputs;
    assert.deepEqual([rule.name, rule.scheduleExpression], ["shop-staging-rotate-watch", "rate(1 day)"]);
    const target = recorder.find("aws:cloudwatch/eventTarget:EventTarget", "rotate-watch-target").inputs;
    assert.deepEqual(JSON.parse(String(target.input)), { escapement: { operation: "watch" } });
    const { principal } = recorder.find("aws:lambda/permission:Permission", "rotate-watch-permission").inputs;
    assert.equal(principal, "events.amazonaws.com");
  });

  it("can be previewed in an empty account", async () => {
    const { recorder } = await create({}, true);
    await settled();
    assert.equal(recorder.ofType("aws:lambda/function:Function").length, 1);
  });

  it("refuses arguments that cannot be used, all at once", async () => {
    const refused = create({
      organization: "ac me",
      targets: [
        { ...orders, name: "or/ders", environment: "shop/rotated-*" },
        orders,
        { ...orders, environment: "shop/other" },
      ],
      timeoutSeconds: 1,
      subnetIds: [],
    });
    await assert.rejects(refused, ({ message }: Error) => {
      for (const says of [
        /organization: "ac me"/,
        /targets\[0\]\.name/,
        /targets\[0\]\.environment: .*exactly one/,
        /targets\[2\]\.name: "orders" is given twice/,
        /timeoutSeconds/,
        /subnetIds, securityGroupIds/,
      ]) {
        assert.match(message, says);
      }
      return true;
    });
    await settled();
  });
});
