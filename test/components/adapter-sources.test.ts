import assert from "node:assert/strict";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AdapterFrontDoor } from "../../components/adapter-http-api";
import { AdapterLambda, type AdapterLambdaArgs } from "../../components/adapter-lambda";
import {
  type AdapterNorthflankArgs,
  AdapterNorthflankModePolicy,
  AdapterNorthflankOwnerPolicy,
} from "../../components/adapter-northflank";
import { parseConfig } from "../../lambda/config";
import { builtInSources } from "../../lambda/sources/index";
import type { PolicyStatement } from "../../trust/index";
import { ACCOUNT } from "../support/aws";
import { mockPulumi, outputValue, settled } from "../support/pulumi";
import { programFailure } from "../support/rejections";

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}`;
/** Nothing that these tests look at is in the built-in bundle. */
const handler = path.join(__dirname, "fixtures/own-handler.ts");
const ownSource = path.join(__dirname, "fixtures/own-source.ts");

async function begin(args: Partial<AdapterLambdaArgs>, preview = false) {
  const recorder = await mockPulumi({
    preview,
    outputs: (type, _, { name }) => {
      const arn = (service: string, resource: string) =>
        `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`;
      if (preview) return {};
      if (type.endsWith(":Table")) return { arn: arn("dynamodb", `table/${name}`) };
      if (type.endsWith(":LogGroup")) return { arn: arn("logs", `log-group:${name}`) };
      if (type.endsWith(":FunctionUrl")) return { functionUrl: "https://abc.lambda-url.eu-west-1.on.aws/" };
      if (type.endsWith(":Api")) {
        return {
          apiEndpoint: "https://abc123.execute-api.eu-west-1.amazonaws.com",
          executionArn: arn("execute-api", "abc123"),
        };
      }
      return {};
    },
  });
  const adapter = new AdapterLambda("adapter", {
    organization: "acme",
    project: "shop",
    stage: "staging",
    rules: [],
    entry: handler,
    ...args,
  });
  return { adapter, recorder };
}

async function create(args: Partial<AdapterLambdaArgs>) {
  const created = await begin(args);
  await settled();
  return created;
}

type Created = Awaited<ReturnType<typeof create>>;

/** The role's statements that are about reading. */
function reading({ recorder }: Created): PolicyStatement[] {
  const { policy } = recorder.find("aws:iam/rolePolicy:RolePolicy", "adapter-role-permissions").inputs;
  const own = ["RememberTokens", "ReadAudience", "WriteLogs"];
  const { Statement } = JSON.parse(policy as string) as { Statement: PolicyStatement[] };
  return Statement.filter(({ Sid = "" }) => !own.includes(Sid));
}

async function configOf({ recorder }: Created): Promise<Record<string, unknown>> {
  const { code } = recorder.find("aws:lambda/function:Function", "adapter-function").inputs;
  const assets = (await (code as pulumi.asset.AssetArchive).assets) as Record<
    string,
    pulumi.asset.StringAsset
  >;
  const config = JSON.parse((await assets["config.json"]?.text) ?? "");
  return config;
}

const northflank: AdapterNorthflankArgs = {
  sharedSecret: "shop/staging/northflank",
  overlapSeconds: 3_600,
  rules: [
    {
      project: "shop",
      object: "api-*",
      objectTypes: ["job"],
      secrets: [
        { key: "DATABASE_URL", request: { name: "shop/staging/database", key: "url" } },
        {
          path: "/etc/app/key.pem",
          source: "parameter-store",
          request: { name: "/shop/staging/key" },
          owner: { policy: AdapterNorthflankOwnerPolicy.AlwaysSetExplicit, value: "app" },
          group: { policy: AdapterNorthflankOwnerPolicy.KeepOrSetInherited },
          permissions: { policy: AdapterNorthflankModePolicy.AlwaysSet, mode: "0400" },
        },
      ],
    },
    { project: "*", object: "*", secrets: [] },
  ],
};

describe("What the sources take reaches the role of AdapterLambda", () => {
  it("for entries, parameters and the credentials of HTTP systems, by what rules and settings name", async () => {
    const created = await create({
      rules: [
        {
          environment: "shop/staging",
          entries: [
            { name: "shop/staging/a", arn: `${secretArn("shop/staging/a")}-AbCdEf` },
            { name: "shop/staging/a#AWSPREVIOUS", arn: `${secretArn("shop/staging/a")}-AbCdEf` },
            { name: "shop/staging/b", arn: pulumi.output(`${secretArn("shop/staging/b")}-AbCdEf`) },
          ],
        },
        {
          environment: "shop/staging",
          source: "parameter-store",
          entries: [{ name: "/shop/staging/x" }, { name: "/shop/staging/all/" }],
        },
        { environment: "shop/staging", source: "http", entries: [{ name: "legacy/name=*" }] },
      ],
      sourceSettings: {
        http: {
          upstreams: {
            legacy: {
              origin: "https://legacy.example.com",
              path: "/v1/{name}",
              credential: { entry: "shop/staging/legacy" },
            },
          },
        },
      },
      kmsKeyArn: `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`,
    });
    const parameter = `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/shop/staging`;
    assert.deepEqual(
      reading(created).map(({ Sid, Action, Resource }) => [Sid, Action, Resource]),
      [
        [
          "ReadEntries",
          "secretsmanager:GetSecretValue",
          [`${secretArn("shop/staging/a")}-AbCdEf`, `${secretArn("shop/staging/b")}-AbCdEf`],
        ],
        ["ReadByBatch", "secretsmanager:BatchGetSecretValue", ["*"]],
        ["ReadParameters", "ssm:GetParameter", [`${parameter}/x`]],
        ["ReadParameterPaths", "ssm:GetParametersByPath", [`${parameter}/all`]],
        ["ReadCredentials", "secretsmanager:GetSecretValue", [`${secretArn("shop/staging/legacy")}-??????`]],
        ["DecryptEntries", "kms:Decrypt", `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`],
      ],
    );
  });

  it("for an adopter's own, as its entry defines them", async () => {
    const created = await create({
      entry: ownSource,
      rules: [
        { environment: "shop/staging", source: "table-of-ours", entries: [{ name: "a" }, { name: "b" }] },
      ],
      sourceSettings: { "table-of-ours": { table: pulumi.output("things") } },
    });
    assert.deepEqual(reading(created), [
      {
        Sid: "TableOfOurs1",
        Effect: "Allow",
        Action: "dynamodb:GetItem",
        Resource: [`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/things`],
        Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["a", "b"] } },
      },
    ]);
  });

  it("of the region that its settings name", async () => {
    const created = await create({
      rules: [{ environment: "shop/staging", entries: [{ name: "shop/staging/*" }] }],
      sourceSettings: { "secrets-manager": { region: "eu-central-1" } },
    });
    const [pattern] = reading(created);
    assert.deepEqual(pattern?.Resource, [
      `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:shop/staging/*-??????`,
    ]);
  });

  it("and fails the first preview when there is no such source", async () => {
    const rules = [{ environment: "shop/staging", source: "tabel-of-ours", entries: [{ name: "a" }] }];
    await begin({ entry: ownSource, rules }, true);
    assert.match(
      (await programFailure()).message,
      /rules\[0\]\.source: "tabel-of-ours" is none of .*, table-of-ours/,
    );
  });

  it("and says which setting does not fit its source", async () => {
    await begin({
      sourceSettings: { http: { upstreams: { legacy: { origin: "http://a.example", path: "x" } } } },
    });
    const { message } = await programFailure();
    assert.match(message, /sourceSettings\.http\.upstreams\.legacy\.origin: must be https/);
    assert.match(message, /sourceSettings\.http\.upstreams\.legacy\.path: must be a path/);
  });

  it("and nothing for a source that nothing names", async () => {
    assert.deepEqual(reading(await create({})), []);
  });
});

describe("AdapterLambda's door for Northflank", () => {
  it("is configured as the adapter takes it, and may read its secret and what its rules ask", async () => {
    const created = await create({ northflank });
    const config = await configOf(created);
    parseConfig(config, builtInSources);
    assert.deepEqual(config.sources, { "secrets-manager": {}, "parameter-store": {} });
    const [first] = northflank.rules[0]?.secrets ?? [];
    assert.deepEqual(config.northflank, {
      path: "/northflank",
      sharedSecret: { entry: "shop/staging/northflank", overlapSeconds: 3_600 },
      rules: [
        {
          project: "shop",
          object: "api-*",
          objectTypes: ["job"],
          secrets: [
            { type: "ENV", source: "secrets-manager", ...first },
            {
              type: "FILE",
              path: "/etc/app/key.pem",
              source: "parameter-store",
              request: { name: "/shop/staging/key" },
              owner: { policy: "AlwaysSetExplicit", value: "app" },
              group: { policy: "KeepOrSetInherited" },
              permissions: { policy: "AlwaysSet", mode: "0400" },
            },
          ],
        },
        { project: "*", object: "*", secrets: [] },
      ],
    });
    assert.deepEqual(
      reading(created).map(({ Sid, Resource }) => [Sid, Resource]),
      [
        ["ReadEntries", [`${secretArn("shop/staging/database")}-??????`]],
        ["ReadParameters", [`arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/shop/staging/key`]],
        ["ReadSharedSecret", [`${secretArn("shop/staging/northflank")}-??????`]],
      ],
    );
    assert.equal(
      await outputValue(pulumi.output(created.adapter.northflankUrl)),
      "https://abc.lambda-url.eu-west-1.on.aws/northflank",
    );
  });

  it("is not there unless it is asked for", async () => {
    const created = await create({});
    assert.equal(created.adapter.northflankUrl, undefined);
    assert.equal((await configOf(created)).northflank, undefined);
  });

  it("is one more route of the HTTP API, for GET alone", async () => {
    const { adapter, recorder } = await create({ northflank, frontDoor: AdapterFrontDoor.HttpApi });
    const route = recorder.find("aws:apigatewayv2/route:Route", "adapter-northflank-route").inputs;
    assert.equal(route.routeKey, "GET /northflank");
    const permission = recorder.find(
      "aws:lambda/permission:Permission",
      "adapter-northflank-permission",
    ).inputs;
    assert.deepEqual(
      [permission.statementId, permission.sourceArn],
      ["HttpApi-northflank", `arn:aws:execute-api:eu-west-1:${ACCOUNT}:abc123/$default/GET/northflank`],
    );
    assert.equal(
      await outputValue(pulumi.output(adapter.northflankUrl)),
      "https://abc123.execute-api.eu-west-1.amazonaws.com/northflank",
    );
  });

  it("is refused with everything that is wrong with it, before anything is deployed", async () => {
    const request = { name: "shop/staging/database" };
    const wrong: AdapterNorthflankArgs = {
      sharedSecret: "shop/*/northflank",
      rules: [{ project: "shop", object: "a", secrets: [{ request }, { key: "A", path: "/a", request }] }],
    };
    await assert.rejects(create({ northflank: wrong }), (error: Error) => {
      for (const part of [
        "northflank.rules[0].secrets[0]: needs exactly one of key and path",
        "northflank.rules[0].secrets[1]: needs exactly one of key and path",
        "northflank.sharedSecret: must be one entry",
      ]) {
        assert.ok(error.message.includes(part), part);
      }
      return true;
    });
    const rules = [
      { project: "*", object: "a", secrets: [{ key: "A B", request }] },
      {
        project: "shop",
        object: "a",
        secrets: [
          { path: "a", request, permissions: { policy: AdapterNorthflankModePolicy.AlwaysSet, mode: "rw" } },
          {
            path: "/b",
            request,
            owner: { policy: AdapterNorthflankOwnerPolicy.AlwaysSetInherited, value: "x" },
          },
        ],
      },
    ];
    await assert.rejects(create({ northflank: { ...northflank, rules } }), (error: Error) => {
      for (const part of [
        "northflank.rules[0].project: must not be open",
        "northflank.rules[0].secrets[0].key: must be the name of a variable",
        "northflank.rules[1].secrets[0].path: must be an absolute path",
        "northflank.rules[1].secrets[0].permissions.mode: must be three or four octal digits",
        "northflank.rules[1].secrets[1].owner.value: is not known",
      ]) {
        assert.ok(error.message.includes(part), `${part}\n${error.message}`);
      }
      return true;
    });
  });

  it("fails the first preview when a request does not fit its source", async () => {
    const rules = [{ project: "shop", object: "a", secrets: [{ key: "A", request: { nam: "x" } }] }];
    await begin({ northflank: { ...northflank, rules } }, true);
    assert.match(
      (await programFailure()).message,
      /northflank\.rules\[0\]\.secrets\[0\]\.request: .*request\.nam: is not known/,
    );
  });
});
