import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { AdapterFrontDoor } from "../../components/adapter-http-api";
import { AdapterLambda, type AdapterLambdaArgs } from "../../components/adapter-lambda";
import { METRICS, METRICS_NAMESPACE } from "../../lambda/audit/log";
import { REPLAY_EXPIRY_ATTRIBUTE, REPLAY_KEY_ATTRIBUTE } from "../../lambda/auth/replay-dynamodb";
import { parseConfig } from "../../lambda/config";
import { builtInSources } from "../../lambda/sources/index";
import { evaluateAccess, type PolicyStatement } from "../../trust/index";
import { ACCOUNT } from "../support/aws";
import {
  isUnknown,
  isWireSecret,
  type MockOptions,
  mockPulumi,
  outputValue,
  type Recorder,
  settled,
} from "../support/pulumi";
import { programFailure } from "../support/rejections";

const FUNCTION = "aws:lambda/function:Function";
const URL_TYPE = "aws:lambda/functionUrl:FunctionUrl";
const PARAMETER = "aws:ssm/parameter:Parameter";
const POLICY = "aws:iam/rolePolicy:RolePolicy";
const ROLE = "aws:iam/role:Role";
const TABLE = "aws:dynamodb/table:Table";
const LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const DASHBOARD = "aws:cloudwatch/dashboard:Dashboard";
const API = (kind: string) => `aws:apigatewayv2/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;
const PERMISSION = "aws:lambda/permission:Permission";

const entry = path.join(__dirname, "fixtures/own-handler.ts");
const partner = "escapement/staging/partner";
const arnOf = (name: string) => `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}-AbCdEf`;
const rules = [
  { environment: "escapement/staging", entries: [{ name: partner, arn: arnOf(partner) }] },
  {
    environment: "shop/staging",
    rootEnvironment: "shop/all",
    entries: [{ name: partner, arn: arnOf(partner) }],
  },
];

/** What AWS says of a created resource. */
function created(type: string, { name }: Record<string, unknown>, at = `aws:SERVICE:eu-west-1`) {
  const arn = (service: string, resource: string) =>
    `arn:${at.replace("SERVICE", service)}:${ACCOUNT}:${resource}`;
  switch (type) {
    case TABLE:
      return { arn: arn("dynamodb", `table/${name}`) };
    case LOG_GROUP:
      return { arn: arn("logs", `log-group:${name}`) };
    case ROLE:
      return { arn: `arn:aws:iam::${ACCOUNT}:role/${name}` };
    case FUNCTION:
      return { arn: arn("lambda", `function:${name}`) };
    case API("Api"):
      return {
        apiEndpoint: "https://abc123.execute-api.eu-west-1.amazonaws.com",
        executionArn: arn("execute-api", "abc123"),
      };
    case API("DomainName"):
      return {
        domainNameConfiguration: { targetDomainName: "d-1.execute-api.aws", hostedZoneId: "Z1" },
      };
    case URL_TYPE:
      return { functionUrl: "https://abc.lambda-url.eu-west-1.on.aws/" };
    default:
      return {};
  }
}

async function create(args: Partial<AdapterLambdaArgs> = {}, options: MockOptions = {}) {
  const recorder = await mockPulumi({
    outputs: (type, _, inputs): Record<string, unknown> => (options.preview ? {} : created(type, inputs)),
    ...options,
  });
  const dependencies = recordDependencies();
  const adapter = new AdapterLambda("adapter", {
    organization: "acme",
    project: "escapement",
    stage: "staging",
    rules,
    entry,
    ...args,
  });
  return { adapter, recorder, dependencies };
}

/** Resource to the resources it waits for, by name, once they are registered. */
function recordDependencies(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = async (request, callback) => {
    const names = (request.getDependenciesList() as string[]).map((urn) => urn.split("::").at(-1) as string);
    found.set(request.getName(), names);
    return register(request, callback);
  };
  return found;
}

async function assetsOf(recorder: Recorder): Promise<Record<string, pulumi.asset.Asset>> {
  const { code } = recorder.find(FUNCTION, "adapter-function").inputs;
  return (await (code as pulumi.asset.AssetArchive).assets) as Record<string, pulumi.asset.Asset>;
}

async function configOf(recorder: Recorder): Promise<unknown> {
  const { "config.json": config } = await assetsOf(recorder);
  return JSON.parse(await (config as pulumi.asset.StringAsset).text);
}

const statementsOf = (recorder: Recorder) =>
  JSON.parse(recorder.find(POLICY, "adapter-role-permissions").inputs.policy as string).Statement;

describe("AdapterLambda's function", () => {
  it("runs on arm64 and the newest Node that the provider knows, and logs JSON to its own group", async () => {
    const { recorder } = await create();
    await settled();
    const { code, ...inputs } = recorder.find(FUNCTION, "adapter-function").inputs;
    assert.ok(pulumi.asset.AssetArchive.isInstance(code));
    const newest = Object.values(aws.lambda.Runtime)
      .filter((runtime) => runtime.startsWith("nodejs"))
      .sort((a, b) => Number.parseInt(a.slice(6), 10) - Number.parseInt(b.slice(6), 10))
      .at(-1);
    assert.deepEqual(inputs, {
      name: "escapement-staging-adapter",
      description: "Answers fn::open::external for escapement staging",
      role: `arn:aws:iam::${ACCOUNT}:role/escapement-staging-adapter`,
      handler: "index.handler",
      runtime: newest,
      architectures: ["arm64"],
      memorySize: 512,
      timeout: 25,
      loggingConfig: { logFormat: "JSON", logGroup: "/aws/lambda/escapement-staging-adapter" },
    });
    assert.deepEqual(recorder.find(LOG_GROUP, "adapter-logs").inputs, {
      name: "/aws/lambda/escapement-staging-adapter",
      retentionInDays: 90,
    });
  });

  it("carries the bundle as files and the configuration as text that a preview can show", async () => {
    const { recorder } = await create();
    await settled();
    const { "config.json": config, ...bundle } = await assetsOf(recorder);
    assert.ok(config instanceof pulumi.asset.StringAsset);
    assert.match(await config.text, /\n {2}"organization": "acme",\n/);
    assert.deepEqual(Object.keys(bundle), ["index.mjs"]);
    const file = await (bundle["index.mjs"] as pulumi.asset.FileAsset).path;
    assert.match(readFileSync(file, "utf8"), /statusCode:404/);
  });

  it("carries the adapter with its built-in sources unless it is given an entry", async () => {
    const { recorder } = await create({ entry: undefined });
    await settled();
    const { "index.mjs": index } = await assetsOf(recorder);
    assert.match(readFileSync(await (index as pulumi.asset.FileAsset).path, "utf8"), /access_denied/);
  });

  it("does not wait for its own address, while the audience waits for both", async () => {
    const { dependencies } = await create();
    await settled();
    const reach = (name: string): string[] => {
      const direct = dependencies.get(name) ?? [];
      return [...new Set([...direct, ...direct.flatMap(reach)])].sort();
    };
    assert.deepEqual(reach("adapter-function"), [
      "adapter-logs",
      "adapter-replay",
      "adapter-role",
      "adapter-role-permissions",
    ]);
    assert.ok(reach("adapter-url").includes("adapter-function"));
    assert.ok(reach("adapter-audience").includes("adapter-url"));
  });

  it("reserves concurrency, joins a network and sizes itself only when told", async () => {
    const { recorder } = await create({
      reservedConcurrency: 0,
      memoryMegabytes: 1024,
      timeoutSeconds: 10,
      logRetentionDays: 7,
      subnetIds: pulumi.output(["subnet-1"]),
      securityGroupIds: ["sg-1"],
    });
    await settled();
    const { inputs } = recorder.find(FUNCTION, "adapter-function");
    assert.equal(inputs.reservedConcurrentExecutions, 0);
    assert.equal(inputs.memorySize, 1024);
    assert.equal(inputs.timeout, 10);
    assert.deepEqual(inputs.vpcConfig, { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] });
    assert.equal(recorder.find(LOG_GROUP, "adapter-logs").inputs.retentionInDays, 7);
  });

  it("fails the first preview when the entry cannot be bundled", async () => {
    await create({ entry: "no/such/file.ts" }, { preview: true });
    assert.match((await programFailure()).message, /entry: cannot be bundled: .*no\/such\/file\.ts/s);
  });
});

describe("AdapterLambda's configuration", () => {
  it("is exactly the rules, in the form that the adapter takes", async () => {
    for (const preview of [false, true]) {
      const { recorder } = await create({}, { preview });
      await settled();
      const config = await configOf(recorder);
      const jwksUri = "https://api.pulumi.com/oidc/.well-known/jwks";
      assert.deepEqual(config, {
        organization: "acme",
        issuers: [
          { issuer: "https://api.pulumi.com/oidc", jwksUri },
          { issuer: "https://api.pulumi.com", jwksUri },
        ],
        routes: [
          { path: "/open", action: "open", audienceParameter: "/escapement/staging/adapter/audience" },
        ],
        access: [
          { environment: "escapement/staging", action: "open", source: "secrets-manager", names: [partner] },
          {
            environment: "shop/staging",
            rootEnvironment: "shop/all",
            action: "open",
            source: "secrets-manager",
            names: [partner],
          },
        ],
        sources: { "secrets-manager": {} },
        replay: { store: "dynamodb", table: "escapement-staging-adapter-replay" },
      });
      parseConfig(config, builtInSources);
    }
  });

  it("names own sources and their settings, which stay secret when they are", async () => {
    const { recorder } = await create({
      rules: [{ environment: "escapement/staging", source: "legacy", entries: [{ name: "billing" }] }],
      sourceSettings: { legacy: { url: pulumi.output("https://legacy.example.com") } },
      issuers: [{ issuer: "https://pulumi.example.com/oidc", jwksUri: "https://pulumi.example.com/jwks" }],
    });
    await settled();
    const { sources, access, issuers } = (await configOf(recorder)) as Record<string, unknown>;
    assert.deepEqual(sources, { legacy: { url: "https://legacy.example.com" } });
    assert.deepEqual(access, [
      { environment: "escapement/staging", action: "open", source: "legacy", names: ["billing"] },
    ]);
    assert.deepEqual(issuers, [
      { issuer: "https://pulumi.example.com/oidc", jwksUri: "https://pulumi.example.com/jwks" },
    ]);

    const secret = await create({ sourceSettings: pulumi.secret({ legacy: {} }) });
    await settled();
    assert.ok(isWireSecret(secret.recorder.find(FUNCTION, "adapter-function").inputs.code));
  });
});

describe("AdapterLambda's role", () => {
  const own = (partition = "aws", region = "eu-west-1") => ({
    table: `arn:${partition}:dynamodb:${region}:${ACCOUNT}:table/escapement-staging-adapter-replay`,
    parameter: `arn:${partition}:ssm:${region}:${ACCOUNT}:parameter/escapement/staging/adapter/audience`,
    logs: `arn:${partition}:logs:${region}:${ACCOUNT}:log-group:/aws/lambda/escapement-staging-adapter:*`,
  });
  const least = ({ table, parameter, logs }: ReturnType<typeof own>) => [
    { Sid: "RememberTokens", Effect: "Allow", Action: "dynamodb:PutItem", Resource: table },
    { Sid: "ReadAudience", Effect: "Allow", Action: "ssm:GetParameter", Resource: parameter },
    {
      Sid: "WriteLogs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: logs,
    },
  ];

  it("can read what the rules open, remember tokens, read its audience, write its logs: nothing else", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(statementsOf(recorder), [
      {
        Sid: "ReadEntries",
        Effect: "Allow",
        Action: "secretsmanager:GetSecretValue",
        Resource: [arnOf(partner)],
      },
      ...least(own()),
    ]);
  });

  it("is trusted to Lambda alone", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(JSON.parse(recorder.find(ROLE, "adapter-role").inputs.assumeRolePolicy as string), {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    });
  });

  it("can read no entry when only own sources are asked", async () => {
    const { recorder } = await create({
      rules: [{ environment: "escapement/staging", source: "legacy", entries: [{ name: "billing" }] }],
    });
    await settled();
    assert.deepEqual(statementsOf(recorder), least(own()));
  });

  it("follows the partition and the region of what it belongs to", async () => {
    const { recorder } = await create(
      {},
      { outputs: (type, _, inputs) => created(type, inputs, "aws-cn:SERVICE:cn-north-1") },
    );
    await settled();
    assert.deepEqual(statementsOf(recorder).slice(1), least(own("aws-cn", "cn-north-1")));
  });

  it("can decrypt by the given key, through Secrets Manager alone", async () => {
    const kmsKeyArn = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`;
    const { recorder } = await create({ kmsKeyArn });
    await settled();
    assert.deepEqual(statementsOf(recorder)[1], {
      Sid: "DecryptEntries",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: kmsKeyArn,
      Condition: { StringEquals: { "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com" } },
    });
  });

  it("can attach to a network only when there is one, and its code never can", async () => {
    const { recorder } = await create({ subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] });
    await settled();
    const network = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
    ];
    assert.deepEqual(statementsOf(recorder).slice(4), [
      { Sid: "AttachToNetwork", Effect: "Allow", Action: network, Resource: "*" },
      {
        Sid: "KeepNetworkFromCode",
        Effect: "Deny",
        Action: network,
        Resource: "*",
        Condition: {
          ArnEquals: {
            "lambda:SourceFunctionArn": `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:escapement-staging-adapter`,
          },
        },
      },
    ]);
  });
});

describe("AdapterLambda's front door", () => {
  it("is a function URL that anyone may call, without permissions of our own beside the provider's", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.find(URL_TYPE, "adapter-url").inputs, {
      functionName: "escapement-staging-adapter",
      authorizationType: "NONE",
    });
    assert.deepEqual(recorder.ofType("aws:lambda/permission:Permission"), []);
  });

  it("is written down as the audience once it exists, in plain sight", async () => {
    const { adapter, recorder } = await create();
    const url = "https://abc.lambda-url.eu-west-1.on.aws/open";
    assert.equal(await outputValue(adapter.url), url);
    await settled();
    assert.deepEqual(recorder.find(PARAMETER, "adapter-audience").inputs, {
      name: "/escapement/staging/adapter/audience",
      description: "The address of the ESC adapter, which is the audience of ESC's tokens for it",
      type: "String",
      insecureValue: url,
    });
  });
});

describe("AdapterLambda", () => {
  it("remembers tokens in the table that the adapter expects", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.find(TABLE, "adapter-replay").inputs, {
      name: "escapement-staging-adapter-replay",
      billingMode: "PAY_PER_REQUEST",
      hashKey: REPLAY_KEY_ATTRIBUTE,
      attributes: [{ name: REPLAY_KEY_ATTRIBUTE, type: "S" }],
      ttl: { attributeName: REPLAY_EXPIRY_ATTRIBUTE, enabled: true },
    });
  });

  it("is the parent of everything it creates, in a preview of an empty account too", async () => {
    const own = "escapement:index:AdapterLambda";
    for (const preview of [false, true]) {
      const { recorder } = await create({}, { preview });
      await settled();
      assert.deepEqual(recorder.parentage(), {
        adapter: own,
        ...Object.fromEntries(
          ["duration", "errors", "refusals", "stale-keys", "throttles"].map((kind) => [
            `adapter-alarm-${kind}`,
            `${own}$${ALARM}`,
          ]),
        ),
        "adapter-audience": `${own}$${PARAMETER}`,
        "adapter-dashboard": `${own}$${DASHBOARD}`,
        "adapter-function": `${own}$${FUNCTION}`,
        "adapter-logs": `${own}$${LOG_GROUP}`,
        "adapter-replay": `${own}$${TABLE}`,
        "adapter-role": `${own}$${ROLE}`,
        "adapter-role-permissions": `${own}$${POLICY}`,
        "adapter-url": `${own}$${URL_TYPE}`,
      });
    }
  });

  it("passes on the prefix, the path, the boundary and the tags", async () => {
    const permissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
    const { recorder } = await create({
      namePrefix: "acme-",
      rolePath: "/esc/",
      permissionsBoundary,
      tags: { team: "web" },
    });
    await settled();
    const named = (type: string) => recorder.ofType(type).map(({ inputs }) => [inputs.name, inputs.tags]);
    const tags = { team: "web" };
    assert.deepEqual([ROLE, FUNCTION, TABLE, LOG_GROUP, PARAMETER].flatMap(named), [
      ["acme-escapement-staging-adapter", tags],
      ["acme-escapement-staging-adapter", tags],
      ["acme-escapement-staging-adapter-replay", tags],
      ["/aws/lambda/acme-escapement-staging-adapter", tags],
      ["/acme-escapement/staging/adapter/audience", tags],
    ]);
    const { inputs } = recorder.find(ROLE, "adapter-role");
    assert.equal(inputs.path, "/esc/");
    assert.equal(inputs.permissionsBoundary, permissionsBoundary);
  });

  it("registers its outputs", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.registeredOutputs("adapter"), [
      "audienceParameterName",
      "functionArn",
      "functionName",
      "roleArn",
      "roleName",
      "tableName",
      "url",
    ]);
  });

  it("publishes names that are known in a preview, and addresses that are not", async () => {
    const { adapter } = await create({}, { preview: true });
    assert.equal(await outputValue(adapter.functionName), "escapement-staging-adapter");
    assert.equal(await outputValue(adapter.roleName), "escapement-staging-adapter");
    assert.equal(await outputValue(adapter.tableName), "escapement-staging-adapter-replay");
    assert.equal(
      await outputValue(adapter.audienceParameterName as pulumi.Output<string>),
      "/escapement/staging/adapter/audience",
    );
    for (const output of [adapter.url, adapter.functionArn, adapter.roleArn]) {
      assert.equal(await isUnknown(output), true);
    }
    await settled();
  });

  it("puts the bundle where no other user can read or write", async () => {
    const { recorder } = await create();
    await settled();
    const { "index.mjs": index } = await assetsOf(recorder);
    const folder = path.dirname(path.dirname(await (index as pulumi.asset.FileAsset).path));
    assert.match(path.basename(folder), /^escapement-adapter-/);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });
});

describe("AdapterLambda's arguments", () => {
  it("are refused all at once", async () => {
    await assert.rejects(
      create({
        organization: "acme corp",
        project: "aws-things",
        rules: [
          { environment: "escapement/staging@live", rootEnvironment: "staging", entries: [] },
          { environment: "escapement/staging", entries: [{ name: "a/*b*", arn: arnOf("a") }, { name: "b" }] },
          { environment: "escapement/staging", source: "own", entries: [{ name: "c", arn: arnOf("c") }] },
        ],
        issuers: [{ issuer: "http://issuer", jwksUri: "https://issuer/jwks" }, { issuer: "https://issuer" }],
        httpApi: {},
        memoryMegabytes: 64,
        timeoutSeconds: 0.5,
        reservedConcurrency: -1,
        logRetentionDays: 2,
        subnetIds: ["subnet-1"],
        kmsKeyArn: "alias/entries",
        rolePath: "/esc",
      }),
      (error: Error) => {
        for (const part of [
          'organization: "acme corp"',
          "namePrefix, project: must not begin with aws",
          'rules[0].environment: "escapement/staging@live"',
          'rules[0].rootEnvironment: "staging"',
          "rules[0].entries: must name at least one",
          'rules[1].entries[0].name: "a/*b*"',
          "rules[1].entries[0].arn: is required for the source secrets-manager and an exact name, and only there",
          "rules[1].entries[1].arn: is required",
          "rules[2].entries[0].arn: is required for the source secrets-manager and an exact name, and only there",
          'issuers[0].issuer: "http://issuer"',
          "issuers[1]: needs exactly one of jwksUri and keys",
          "httpApi: is only for the front door http-api",
          "memoryMegabytes: 64",
          "timeoutSeconds: 0.5",
          "reservedConcurrency: -1",
          "logRetentionDays: 2",
          "subnetIds, securityGroupIds: are given both",
          'kmsKeyArn: "alias/entries"',
          'rolePath: "/esc"',
        ]) {
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        }
        return true;
      },
    );
    await settled();
  });

  it("name no project like the organization, which the adapter could not tell apart", async () => {
    const environment = "acme/staging";
    await assert.rejects(
      create({ rules: [{ environment, entries: [{ name: partner, arn: arnOf(partner) }] }] }),
      /rules\[0\]\.environment: its project is named like the organization/,
    );
    await settled();
  });

  it("name at least one issuer when they name any", async () => {
    await assert.rejects(create({ issuers: [] }), /issuers: must name at least one/);
    await settled();
  });
});

describe("AdapterLambda with patterns", () => {
  const pattern = { name: "escapement/staging/*" };
  const allowed = (statements: PolicyStatement[], secret: string, id = secret) =>
    evaluateAccess({
      request: {
        principal: {
          kind: "session",
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/a/b`,
          roleArn: `arn:aws:iam::${ACCOUNT}:role/a`,
        },
        action: "secretsmanager:GetSecretValue",
        resource: arnOf(secret),
        context: { "secretsmanager:SecretId": id },
      },
      identityPolicies: [{ Version: "2012-10-17", Statement: statements }],
    }).allowed;

  it("lets its role read what the pattern means, and not what IAM's own * would add", async () => {
    const { recorder } = await create({
      rules: [{ environment: "escapement/pr-*", entries: [pattern, { name: "x/*/y" }, pattern] }],
    });
    await settled();
    const statements = statementsOf(recorder) as PolicyStatement[];
    assert.deepEqual(
      statements.slice(0, 3).map(({ Sid }) => Sid),
      ["ReadPattern1", "ReadPattern2", "ReadByBatch"],
    );
    for (const [secret, expected] of [
      ["escapement/staging/partner", true],
      ["escapement/staging/deep/partner", false],
      ["escapement/prod/partner", false],
      ["x/a/y", true],
      ["x/a/b/y", false],
    ] as const) {
      assert.equal(allowed(statements, secret), expected, secret);
      assert.equal(allowed(statements, secret, arnOf(secret)), expected, `${secret} by ARN`);
    }
    parseConfig(await configOf(recorder), builtInSources);
  });

  it("lets its role decrypt for patterns too, and pins an issuer's keys", async () => {
    const kmsKeyArn = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`;
    const issuers = [{ issuer: "https://a.example", keys: [{ kty: "RSA", kid: "1", n: "AQAB", e: "AQAB" }] }];
    const { recorder } = await create({
      rules: [{ environment: "escapement/staging", entries: [pattern] }],
      kmsKeyArn,
      issuers,
    });
    await settled();
    const sids = (statementsOf(recorder) as PolicyStatement[]).map(({ Sid }) => Sid);
    assert.deepEqual(sids.slice(0, 3), ["ReadPattern1", "ReadByBatch", "DecryptEntries"]);
    assert.deepEqual(parseConfig(await configOf(recorder), builtInSources).issuers, issuers);
  });
});

describe("AdapterLambda's alarms", () => {
  it("tell of refusals, errors, throttles, slow requests and stale keys, by what the adapter and Lambda count", async () => {
    const { recorder } = await create({
      alarmActions: ["arn:aws:sns:eu-west-1:1:oncall"],
      timeoutSeconds: 10,
    });
    await settled();
    const alarms = recorder.ofType(ALARM).map(({ inputs }) => inputs);
    const own = (metricName: string) => ({ metricName, namespace: METRICS_NAMESPACE });
    const watched = alarms.map(({ name, namespace, metricName, threshold, metricQueries }) => ({
      name,
      ...(metricQueries === undefined ? { namespace, metricName } : {}),
      threshold,
    }));
    const lambda = (metricName: string) => ({ metricName, namespace: "AWS/Lambda" });
    const name = (kind: string) => `escapement-staging-adapter-${kind}`;
    assert.deepEqual(
      watched.toSorted((a, b) => String(a.name).localeCompare(String(b.name))),
      [
        { name: name("duration"), ...lambda("Duration"), threshold: 8_000 },
        { name: name("errors"), threshold: 1 },
        { name: name("refusals"), ...own(METRICS.refused), threshold: 20 },
        { name: name("stale-keys"), ...own(METRICS.staleKeys), threshold: 1 },
        { name: name("throttles"), ...lambda("Throttles"), threshold: 1 },
      ],
    );
    for (const { alarmActions, treatMissingData } of alarms) {
      assert.deepEqual(
        [alarmActions, treatMissingData],
        [["arn:aws:sns:eu-west-1:1:oncall"], "notBreaching"],
      );
    }
    const { metricQueries } = recorder.find(ALARM, "adapter-alarm-errors").inputs;
    assert.match(JSON.stringify(metricQueries), new RegExp(`"${METRICS.failed}".*AWS/Lambda.*FILL`));
    assert.match(JSON.stringify(alarms), /"service":"escapement-staging-adapter"/);
  });

  it("come with a dashboard that names the function, its region and its log group", async () => {
    const { recorder } = await create();
    await settled();
    const { dashboardName, dashboardBody } = recorder.find(DASHBOARD, "adapter-dashboard").inputs;
    assert.equal(dashboardName, "escapement-staging-adapter");
    const { widgets } = JSON.parse(String(dashboardBody));
    assert.equal(widgets.length, 4);
    for (const { properties } of widgets) assert.equal(properties.region, "eu-west-1");
    const { rotated: _, rotationsFailed: __, rotationsOverdue: ___, ...own } = METRICS;
    for (const metric of Object.values(own)) assert.ok(String(dashboardBody).includes(`"${metric}"`), metric);
    assert.match(String(dashboardBody), /SOURCE '\/aws\/lambda\/escapement-staging-adapter'/);
  });
});

describe("AdapterLambda's HTTP API", () => {
  const frontDoor = AdapterFrontDoor.HttpApi;

  it("is its address, known to the configuration without a parameter", async () => {
    const { adapter, recorder } = await create({ frontDoor });
    const url = "https://abc123.execute-api.eu-west-1.amazonaws.com/open";
    assert.equal(await outputValue(adapter.url), url);
    assert.equal(adapter.audienceParameterName, undefined);
    await settled();
    const config = await configOf(recorder);
    assert.deepEqual((config as { routes: unknown }).routes, [
      { path: "/open", action: "open", audience: url },
    ]);
    parseConfig(config, builtInSources);
    for (const type of [URL_TYPE, PARAMETER]) assert.deepEqual(recorder.ofType(type), []);
    assert.ok(!JSON.stringify(statementsOf(recorder)).includes("ssm:"));
  });

  it("lets only POST on the one route through to the function, by payload format 2.0", async () => {
    const { recorder } = await create({ frontDoor });
    await settled();
    const { routeKey, authorizationType } = recorder.find(API("Route"), "adapter-route").inputs;
    assert.deepEqual([routeKey, authorizationType], ["POST /open", undefined]);
    const { integrationType, payloadFormatVersion } = recorder.find(
      API("Integration"),
      "adapter-integration",
    ).inputs;
    assert.deepEqual([integrationType, payloadFormatVersion], ["AWS_PROXY", "2.0"]);
    assert.deepEqual(recorder.find(PERMISSION, "adapter-api-permission").inputs, {
      function: "escapement-staging-adapter",
      action: "lambda:InvokeFunction",
      principal: "apigateway.amazonaws.com",
      statementId: "HttpApi",
      sourceArn: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:abc123/$default/POST/open`,
    });
  });

  it("throttles and writes an access log, which carries no header and no body", async () => {
    const { recorder } = await create({ frontDoor, httpApi: { requestsPerSecond: 5 }, logRetentionDays: 7 });
    await settled();
    const { defaultRouteSettings, accessLogSettings } = recorder.find(API("Stage"), "adapter-stage").inputs;
    assert.deepEqual(defaultRouteSettings, { throttlingRateLimit: 5, throttlingBurstLimit: 100 });
    const { format } = accessLogSettings as { format: string };
    assert.doesNotMatch(format, /authorizer|header|body|error/i);
    assert.deepEqual(recorder.find(LOG_GROUP, "adapter-access").inputs, {
      name: "/aws/vendedlogs/escapement-staging-adapter-access",
      retentionInDays: 7,
    });
  });

  it("by a domain of one's own has AWS's address off, and says where DNS has to point", async () => {
    const httpApi = {
      domainName: "adapter.example.com",
      certificateArn: "arn:aws:acm:eu-west-1:1:certificate/1",
    };
    const { adapter, recorder } = await create({ frontDoor, httpApi });
    assert.equal(await outputValue(adapter.url), "https://adapter.example.com/open");
    assert.equal(await outputValue(adapter.domainTarget as pulumi.Output<string>), "d-1.execute-api.aws");
    assert.equal(await outputValue(adapter.domainZoneId as pulumi.Output<string>), "Z1");
    await settled();
    assert.equal(recorder.find(API("Api"), "adapter-api").inputs.disableExecuteApiEndpoint, true);
    assert.equal(recorder.find(API("ApiMapping"), "adapter-mapping").inputs.domainName, "adapter-domain-id");
  });

  it("with its own mistakes is refused", async () => {
    const httpApi = { domainName: "Adapter", requestsPerSecond: 0 };
    await assert.rejects(create({ frontDoor, httpApi, timeoutSeconds: 60 }), (error: Error) => {
      for (const part of [
        "httpApi.requestsPerSecond: 0",
        "httpApi.domainName, httpApi.certificateArn: are given both",
        'httpApi.domainName: "Adapter"',
        "timeoutSeconds: an HTTP API waits 29 s at most",
      ]) {
        assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
      }
      return true;
    });
    await settled();
  });
});
