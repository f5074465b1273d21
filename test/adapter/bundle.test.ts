import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { type AdapterBundle, bundleAdapter } from "../../lambda/bundle";
import type { AdapterConfig } from "../../lambda/config";
import type { HttpEvent } from "../../lambda/handler";
import { bundleAnew } from "./support/anew";
import { type Call, type Reply, startAws } from "./support/aws";
import { AUDIENCE, escClaims, ISSUER, ORGANIZATION, SECRET } from "./support/fixture";
import { signToken, startJwksServer } from "./support/issuer";
import { startLambdaHost } from "./support/lambda-host";

const ROOT = path.join(__dirname, "../..");
const MAX_BYTES = 720_000;
const JWKS = "https://api.pulumi.com/oidc/.well-known/jwks";
const BODY = JSON.stringify({ name: "app/database", key: "password" });

const config: AdapterConfig = {
  organization: ORGANIZATION,
  issuers: [{ issuer: ISSUER, jwksUri: JWKS }],
  routes: [{ path: "/open", action: "open", audienceParameter: "/app/staging/audience" }],
  access: [
    { environment: "app/staging", action: "open", source: "secrets-manager", names: ["app/database"] },
  ],
  sources: { "secrets-manager": {} },
  replay: { store: "dynamodb", table: "replay" },
};

// Proves what is deployed: the bundle itself, not its sources. Its load time is measured in bench/adapter.ts.
describe("the adapter's bundle", () => {
  let folder: string;
  let bundle: AdapterBundle;
  bundleAnew();
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-bundle-"));
    bundle = await bundleAdapter();
  });
  after(() => rmSync(folder, { recursive: true }));

  it(`is at most ${MAX_BYTES} bytes, with every AWS client, every source and PostgreSQL's client`, () => {
    assert.ok(bundle.bytes <= MAX_BYTES, `${bundle.bytes}`);
    assert.equal(
      bundle.bytes,
      Object.values(bundle.files).reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
  });

  it("names no folder of the machine that made it", () => {
    for (const contents of Object.values(bundle.files)) {
      const code = Buffer.from(contents).toString();
      assert.ok(!code.includes(ROOT) && !code.includes("node_modules/"));
    }
  });

  it("is the same bytes from another folder, and installed as a dependency", async () => {
    const clone = path.join(folder, "clone/deeper");
    const installed = path.join(folder, "project/node_modules/escapement");
    for (const root of [clone, installed]) {
      mkdirSync(root, { recursive: true });
      for (const part of ["lambda", "package.json"]) {
        cpSync(path.join(ROOT, part), path.join(root, part), { recursive: true });
      }
    }
    symlinkSync(path.join(ROOT, "node_modules"), path.join(clone, "node_modules"));
    for (const name of ["jose", "zod", "@aws-sdk", "@aws-lambda-powertools", "esbuild", "pg"]) {
      symlinkSync(path.join(ROOT, "node_modules", name), path.join(installed, "..", name));
    }
    for (const root of [clone, installed]) {
      const require = createRequire(path.join(root, "package.json"));
      const copied = require("./lambda/bundle.ts") as { bundleAdapter: typeof bundleAdapter };
      assert.notEqual(copied.bundleAdapter, bundleAdapter);
      assert.equal((await copied.bundleAdapter()).sha256, bundle.sha256);
    }
  });

  it("loads what only rotation needs where something rotates: events' client, PostgreSQL's, the engine", () => {
    const textOf = (name: string) => Buffer.from(bundle.files[name] ?? "").toString();
    const loaded = new Set(["index.mjs"]);
    // What is imported by a call is loaded when that is reached; a Set's iterator also visits what is added on the way.
    for (const name of loaded) {
      for (const [, chunk = ""] of textOf(name).matchAll(/(?:from|import)\s*"\.\/([\w-]+\.mjs)"/g)) {
        loaded.add(chunk);
      }
    }
    assert.ok(loaded.size > 1);
    for (const word of ["AWSEvents", "clock_timestamp()", "somebody has changed or ended it by hand"]) {
      const holders = Object.keys(bundle.files).filter((name) => textOf(name).includes(word));
      assert.ok(holders.length > 0, word);
      assert.deepEqual(
        holders.filter((name) => loaded.has(name)),
        [],
        word,
      );
    }
  });

  it("takes an adopter's own entry", async () => {
    const entry = path.join(folder, "entry.ts");
    const handler = path.join(ROOT, "lambda/handler.js");
    writeFileSync(
      entry,
      `import { createHandler, startFromFolder } from ${JSON.stringify(handler)};
       const own: string = "my-own-source";
       export const handler = createHandler(startFromFolder(__dirname, { sources: [{ name: own } as never] }));`,
    );
    const { files } = await bundleAdapter({ entry });
    assert.match(Buffer.from(files["index.mjs"] ?? "").toString(), /my-own-source/);
  });

  it("deployed, verifies by the issuer's real address, reads its address and the secret, and refuses a replay", async () => {
    const used = new Set<unknown>();
    const aws = await startAws((call) => answerOf(call, used));
    const jwks = await startJwksServer();
    const host = await startLambdaHost({
      folder: path.join(folder, "deployed"),
      files: bundle.files,
      config,
      awsEndpoint: aws.endpoint,
      routes: { [JWKS]: jwks.uri },
    });
    const event = await eventOf(BODY);
    try {
      const first = await host.invoke(event);
      assert.deepEqual([first.statusCode, JSON.parse(first.body)], [200, { value: SECRET }]);
      const second = await host.invoke(event);
      assert.deepEqual([second.statusCode, JSON.parse(second.body).code], [401, "token_replayed"]);
      assert.equal((await host.invoke(await eventOf(BODY))).statusCode, 200);
    } finally {
      const printed = await host.stop();
      await Promise.all([aws.close(), jwks.close()]);
      assert.ok(!printed.includes(SECRET), "the log holds the secret");
      assert.deepEqual(
        printed
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
          .map(({ status, cold, service, Answered, Refused, _aws }) => {
            const [{ Namespace, Dimensions }] = _aws.CloudWatchMetrics;
            assert.deepEqual(
              [Namespace, Dimensions, service],
              ["Escapement/Adapter", [["service"]], "adapter"],
            );
            return `${status} ${cold} ${Answered ?? 0} ${Refused ?? 0}`;
          })
          .sort(),
        ["200 false 1 0", "200 true 1 0", "401 false 0 1"],
      );
    }
    assert.equal(jwks.fetches(), 1);
    assert.deepEqual(
      aws.calls.map(({ service, operation }) => `${service} ${operation}`),
      [
        "ssm GetParameter",
        "dynamodb PutItem",
        "secretsmanager GetSecretValue",
        "dynamodb PutItem",
        "dynamodb PutItem",
        "dynamodb PutItem",
        "secretsmanager GetSecretValue",
      ],
    );
  });

  it("deployed with a wrong configuration ends at start and says all that is wrong", async () => {
    const wrong = { ...config, organization: "", routes: [] };
    const deployed = path.join(folder, "wrong");
    const invoke = async () => {
      const options = {
        folder: deployed,
        files: bundle.files,
        config: wrong,
        awsEndpoint: "http://127.0.0.1:9",
      };
      const host = await startLambdaHost({ ...options, routes: {} });
      return host.invoke(await eventOf(BODY));
    };
    await assert.rejects(
      invoke,
      /config\.organization: must not be empty[\s\S]*config\.routes: must not be empty/,
    );
  });

  it("does not load the clients of what is not configured", async () => {
    const files = Object.fromEntries(
      Object.entries(bundle.files).filter(
        ([, contents]) => !/AmazonSSM|"secretsmanager"/.test(Buffer.from(contents).toString()),
      ),
    );
    assert.equal(Object.keys(files).length, Object.keys(bundle.files).length - 2);
    const host = await startLambdaHost({
      folder: path.join(folder, "partial"),
      files,
      config: {
        ...config,
        routes: [{ path: "/open", action: "open", audience: AUDIENCE }],
        access: [],
        sources: {},
      },
      awsEndpoint: "http://127.0.0.1:9",
      routes: {},
    });
    try {
      const { statusCode, body } = await host.invoke({ ...(await eventOf(BODY)), headers: {} });
      assert.deepEqual([statusCode, JSON.parse(body).code], [415, "content_type"]);
    } finally {
      await host.stop();
    }
  });
});

async function eventOf(body: string): Promise<HttpEvent> {
  return {
    version: "2.0",
    rawPath: "/open",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await signToken(escClaims(body))}`,
    },
    body,
    requestContext: { http: { method: "POST" } },
  };
}

function answerOf({ operation, input }: Call, used: Set<unknown>): Reply {
  switch (operation) {
    case "GetParameter":
      assert.equal(input.Name, "/app/staging/audience");
      return { status: 200, body: { Parameter: { Name: input.Name, Value: AUDIENCE } } };
    case "PutItem": {
      const { Item, ConditionExpression } = input as {
        Item: { id: { S: string } };
        ConditionExpression: string;
      };
      if (ConditionExpression.startsWith("#s = :returned"))
        return { status: 400, body: { __type: "ConditionalCheckFailedException" } };
      assert.equal(
        ConditionExpression,
        "attribute_not_exists(#i) OR #e < :now OR (#u = :use AND #s = :used)",
      );
      if (used.has(Item.id.S)) return { status: 400, body: { __type: "ConditionalCheckFailedException" } };
      used.add(Item.id.S);
      return { status: 200, body: {} };
    }
    case "GetSecretValue":
      assert.equal(input.SecretId, "app/database");
      return {
        status: 200,
        body: { Name: "app/database", SecretString: JSON.stringify({ password: SECRET }) },
      };
    default:
      return assert.fail(`an unexpected call: ${operation}`);
  }
}
