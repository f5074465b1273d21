import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAwsCloud } from "../../sandbox/aws/resources";
import { Archive, Asset, UNKNOWN } from "../../sandbox/engine/values";
import { archiveOf, LAMBDA_TRUST, Laptop } from "./support";

const FUNCTION = "aws:lambda/function:Function";
const URL_TYPE = "aws:lambda/functionUrl:FunctionUrl";
const PERMISSION = "aws:lambda/permission:Permission";
const TABLE = "aws:dynamodb/table:Table";
const GROUP = "aws:cloudwatch/logGroup:LogGroup";
const code = archiveOf({ "index.mjs": "export const handler = async () => 1;" });
const functionInputs = { role: UNKNOWN, code, handler: "index.handler", runtime: "nodejs24.x" };
const tableInputs = {
  hashKey: "id",
  attributes: [{ name: "id", type: "S" }],
  billingMode: "PAY_PER_REQUEST",
};

// Nothing runs here: an account, and what an up does to it.
describe("What an up makes for a function", () => {
  it("is a function with the ARNs that AWS gives it", async () => {
    const laptop = new Laptop();
    const role = await laptop.role("adapter");
    const { id, outputs } = await laptop.create(FUNCTION, "adapter", {
      ...functionInputs,
      name: "adapter",
      role,
      tags: { stage: "staging" },
    });
    const arn = "arn:aws:lambda:us-east-1:123456789012:function:adapter";
    const { lastModified, codeSha256, ...rest } = outputs ?? {};
    assert.equal(id, "adapter");
    assert.deepEqual(rest, {
      name: "adapter",
      arn,
      invokeArn: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`,
      responseStreamingInvokeArn: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/response-streaming-invocations`,
      qualifiedArn: `${arn}:$LATEST`,
      qualifiedInvokeArn: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}:$LATEST/invocations`,
      version: "$LATEST",
      sourceCodeSize: 37,
      memorySize: 128,
      timeout: 3,
      region: "us-east-1",
      tagsAll: { stage: "staging" },
    });
    assert.match(String(lastModified), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    assert.match(String(codeSha256), /^[A-Za-z0-9+/]{43}=$/);
  });

  it("is previewed with what the inputs tell, and no more", async () => {
    const previewed = await new Laptop().preview(FUNCTION, "adapter", {
      ...functionInputs,
      name: "adapter",
      code: UNKNOWN,
    });
    assert.deepEqual(previewed, {
      name: "adapter",
      memorySize: 128,
      timeout: 3,
      region: "us-east-1",
      tagsAll: {},
    });
  });

  it("has one public address, with the two permissions that the provider grants along with it", async () => {
    const laptop = new Laptop();
    await laptop.create(FUNCTION, "adapter", {
      ...functionInputs,
      name: "adapter",
      role: await laptop.role("adapter"),
    });
    const inputs = { functionName: "adapter", authorizationType: "NONE" };
    assert.deepEqual(await laptop.preview(URL_TYPE, "adapter", inputs), {
      invokeMode: "BUFFERED",
      region: "us-east-1",
    });
    const { id, outputs } = await laptop.create(URL_TYPE, "adapter", inputs);
    const [fn] = laptop.account.functions.values();
    assert.equal(id, "adapter");
    assert.equal(outputs?.functionUrl, `https://${outputs?.urlId}.lambda-url.us-east-1.on.aws/`);
    assert.equal(outputs?.functionArn, fn?.arn);
    assert.deepEqual(
      [...(fn?.permissions.keys() ?? [])],
      ["FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"],
    );
    await assert.rejects(async () => laptop.create(URL_TYPE, "again", inputs), {
      code: "ResourceConflictException",
    });

    const permission = {
      action: "lambda:InvokeFunction",
      function: fn?.arn,
      principal: "apigateway.amazonaws.com",
      sourceArn: "arn:aws:execute-api:us-east-1:123456789012:api/*/*",
    };
    const { id: statement } = await laptop.create(PERMISSION, "api", {
      ...permission,
      statementIdPrefix: "api-",
    });
    assert.match(statement, /^api-[0-9a-f]{26}$/);
    assert.deepEqual(fn?.permissions.get(statement), {
      action: "lambda:InvokeFunction",
      principal: "apigateway.amazonaws.com",
      conditions: { "AWS:SourceArn": permission.sourceArn },
    });
    await assert.rejects(
      async () =>
        laptop.create(PERMISSION, "own", { ...permission, statementId: "FunctionURLAllowPublicAccess" }),
      { code: "ResourceConflictException" },
    );
  });

  it("has the files of its archive, of folders and archives in it too", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "escapement-archive-"));
    try {
      mkdirSync(path.join(folder, "inner"));
      writeFileSync(path.join(folder, "index.js"), "exports.handler = async () => 1;");
      writeFileSync(path.join(folder, "inner/data.bin"), Buffer.from([0, 255]));
      const laptop = new Laptop();
      const role = await laptop.role("adapter");
      const filesOf = async (name: string, archive: Archive) => {
        const { outputs } = await laptop.create(FUNCTION, name, {
          ...functionInputs,
          name,
          role,
          code: archive,
        });
        const fn = [...laptop.account.functions.values()].find((candidate) => candidate.name === name);
        return { files: [...(fn?.code.files.keys() ?? [])], sha256: outputs?.codeSha256 };
      };
      const whole = await filesOf("whole", new Archive({ path: folder }));
      assert.deepEqual(whole.files, ["index.js", "inner/data.bin"]);
      const parts = await filesOf(
        "parts",
        new Archive({
          assets: {
            inner: new Archive({ path: path.join(folder, "inner") }),
            "index.js": new Asset({ text: "exports.handler = async () => 1;" }),
          },
        }),
      );
      assert.deepEqual(parts, whole);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is a table and a log group with AWS's ARNs", async () => {
    const laptop = new Laptop();
    const table = await laptop.create(TABLE, "replay", {
      ...tableInputs,
      name: "replay",
      ttl: { attributeName: "expires", enabled: true },
    });
    assert.deepEqual(
      [table.id, table.outputs?.arn],
      ["replay", "arn:aws:dynamodb:us-east-1:123456789012:table/replay"],
    );
    const group = await laptop.create(GROUP, "logs", { name: "/aws/lambda/adapter", retentionInDays: 90 });
    assert.deepEqual(
      [group.id, group.outputs?.arn],
      ["/aws/lambda/adapter", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/adapter"],
    );
  });

  it("is a network of ids, for a function whose role may enter it", async () => {
    const laptop = new Laptop();
    const { remoteComponents } = createAwsCloud(laptop.account);
    const vpc = await remoteComponents["awsx:ec2:Vpc"]?.construct({
      operation: "up",
      organization: "acme",
      project: "escapement",
      stack: "staging",
      directory: ".",
      provider: undefined,
      signal: new AbortController().signal,
      urn: "urn",
      type: "awsx:ec2:Vpc",
      name: "net",
      inputs: { numberOfAvailabilityZones: 2 },
    });
    const subnetIds = vpc?.privateSubnetIds as string[];
    assert.match(String(vpc?.vpcId), /^vpc-[0-9a-f]{17}$/);
    assert.equal(new Set(subnetIds).size, 2);
    const { id: groupId } = await laptop.create("aws:ec2/securityGroup:SecurityGroup", "adapter", {
      vpcId: vpc?.vpcId,
    });
    const { id: endpointId } = await laptop.create("aws:ec2/vpcEndpoint:VpcEndpoint", "ssm", {
      vpcId: vpc?.vpcId,
      serviceName: "com.amazonaws.us-east-1.ssm",
      subnetIds,
      securityGroupIds: [groupId],
    });
    assert.match(`${groupId} ${endpointId}`, /^sg-[0-9a-f]{17} vpce-[0-9a-f]{17}$/);

    const inNetwork = { ...functionInputs, vpcConfig: { subnetIds, securityGroupIds: [groupId] } };
    const outside = await laptop.role("outside");
    await assert.rejects(async () => laptop.create(FUNCTION, "outside", { ...inNetwork, role: outside }), {
      code: "InvalidParameterValueException",
      message:
        /^The provided execution role does not have permissions to call CreateNetworkInterface on EC2 \(User: \S+assumed-role\/outside\/\S+ is not authorized to perform: ec2:CreateNetworkInterface/,
    });
    const inside = await laptop.role("inside", [
      { Effect: "Allow", Action: "ec2:*NetworkInterface*", Resource: "*" },
    ]);
    await laptop.create(FUNCTION, "inside", { ...inNetwork, role: inside });
    assert.equal(laptop.account.sessions.size, 0);
  });

  const invalid = "InvalidParameterValueException";
  const refused: {
    title: string;
    type?: string;
    inputs: Record<string, unknown>;
    code?: string;
    message?: RegExp;
  }[] = [
    {
      title: "a layer",
      inputs: { layers: ["arn:aws:lambda:…"] },
      message: /does not implement the property "layers"/,
    },
    {
      title: "an image",
      inputs: { imageUri: "example.com/image" },
      message: /does not implement the property "imageUri"/,
    },
    {
      title: "a property of a structure that is not implemented",
      inputs: { loggingConfig: { logFormat: "JSON", systemLogLevel: "WARN" } },
      message: /does not implement the property "loggingConfig\.systemLogLevel"/,
    },
    { title: "another language", inputs: { runtime: "python3.13" }, code: invalid },
    {
      title: "an architecture as the provider's documentation spells it",
      inputs: { architectures: ["x8664"] },
      code: "ValidationException",
    },
    {
      title: "a handler that is in no file",
      inputs: { handler: "main.handler" },
      code: invalid,
      message: /^sandbox: the handler main\.handler is in no file of the archive \(index\.mjs\)$/,
    },
    { title: "a name with a slash", inputs: { name: "a/b" }, code: "ValidationException" },
    { title: "1000 seconds", inputs: { timeout: 1000 }, code: "ValidationException" },
    { title: "64 MB", inputs: { memorySize: 64 }, code: "ValidationException" },
    {
      title: "a variable that is Lambda's own",
      inputs: { environment: { variables: { AWS_REGION: "eu-west-1" } } },
      code: invalid,
      message: /reserved keys .*: AWS_REGION$/,
    },
    {
      title: "4 KB of variables",
      inputs: { environment: { variables: { A_B: "x".repeat(4096) } } },
      code: invalid,
    },
    {
      title: "a part that is not there",
      inputs: { code: new Archive({ assets: { "index.mjs": new Asset({ path: "/nowhere/index.mjs" }) } }) },
      code: invalid,
      message: /part index\.mjs cannot be read/,
    },
    {
      title: "a part that leads out of the folder",
      inputs: { code: archiveOf({ "../index.mjs": "" }) },
      code: invalid,
      message: /a part called \.\.\/index\.mjs/,
    },
    {
      title: "an archive file",
      inputs: { code: new Archive({ path: __filename }) },
      code: invalid,
      message: /sandbox: code from an archive file/,
    },
    {
      title: "code from elsewhere",
      inputs: { code: new Archive({ uri: "https://example.com/a.zip" }) },
      code: invalid,
    },
    { title: "no code", inputs: { code: new Archive({ assets: {} }) }, code: invalid },
    {
      title: "an address by IAM",
      type: URL_TYPE,
      inputs: { functionName: "adapter", authorizationType: "AWS_IAM" },
      message: /implements only "NONE" as "authorizationType"/,
    },
    {
      title: "an address for browsers",
      type: URL_TYPE,
      inputs: { functionName: "adapter", authorizationType: "NONE", cors: { allowOrigins: ["*"] } },
      message: /does not implement the property "cors"/,
    },
    {
      title: "a retention of 8 days",
      type: GROUP,
      inputs: { retentionInDays: 8 },
      code: "InvalidParameterException",
    },
    {
      title: "a table without its key's type",
      type: TABLE,
      inputs: { ...tableInputs, attributes: [] },
      code: "ValidationException",
    },
    {
      title: "a table with an attribute that is no key",
      type: TABLE,
      inputs: { ...tableInputs, attributes: [...tableInputs.attributes, { name: "expires", type: "N" }] },
      message: /all attributes must be indexed. Unused attribute: "expires"/,
    },
    {
      title: "a provisioned table without capacity",
      type: TABLE,
      inputs: { ...tableInputs, billingMode: undefined },
      code: "ValidationException",
    },
    {
      title: "an index",
      type: TABLE,
      inputs: { ...tableInputs, globalSecondaryIndexes: [{ name: "by-owner" }] },
      message: /does not implement the property "globalSecondaryIndexes"/,
    },
  ];
  for (const { title, type = FUNCTION, inputs, ...expected } of refused) {
    it(`is refused in preview, with what AWS or the sandbox cannot take: ${title}`, async () => {
      const given = type === FUNCTION ? { ...functionInputs, ...inputs } : inputs;
      await assert.rejects(async () => new Laptop().preview(type, "refused", given), expected);
    });
  }

  it("is refused at up with a role that Lambda does not get", async () => {
    const laptop = new Laptop();
    const untrusting = await laptop.role("untrusting", [], {
      ...LAMBDA_TRUST,
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    for (const [given, because] of [
      [untrusting, /ec2\.amazonaws\.com/],
      ["arn:aws:iam::123456789012:role/nobody", /does not exist/],
    ] as const) {
      await assert.rejects(
        async () => laptop.create(FUNCTION, "adapter", { ...functionInputs, role: given }),
        (error: Error) => {
          assert.match(error.message, /^The role defined for the function cannot be assumed by Lambda\. \(/);
          assert.match(error.message, because);
          return true;
        },
      );
    }
    assert.equal(laptop.account.functions.size, 0);
  });
});
