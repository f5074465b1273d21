import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import path from "node:path";
import { readFunctionCode } from "../../sandbox/aws/function-code";
import { type LambdaFunction, updateFunction } from "../../sandbox/aws/functions";
import { putRolePolicy } from "../../sandbox/aws/iam";
import { type Deployment, deploy, type Operation, readStackSettings } from "../../sandbox/engine/index";
import { Archive, Asset, UNKNOWN } from "../../sandbox/engine/values";
import { Issuer, type IssuerServer, startIssuerServer } from "../../sandbox/issuers/index";
import { type PolicyDocument, PULUMI_ISSUER } from "../../trust/index";
import { startInline } from "../support/inline";
import { Laptop } from "./support";

const ENTRY = "escapement/staging/database";
const SECRET = "a-password-that-must-not-leak";
const SESSION =
  "arn:aws:sts::123456789012:assumed-role/escapement-staging-adapter/escapement-staging-adapter";

/*
 * The component, provisioned by a program, and what came of it: the real bundle behind its function URL,
 * asked as ESC asks.
 */
describe("The deployed adapter", () => {
  const laptop = new Laptop();
  const issuer = new Issuer({ url: PULUMI_ISSUER });
  const tokens: string[] = [];
  let issuers: IssuerServer;
  let previewed: Deployment;
  let deployed: Deployment;
  let url: string;
  let fn: LambdaFunction;

  before(async () => {
    await laptop.start();
    issuers = await startIssuerServer([issuer]);
    for (const [known, target] of Object.entries(issuers.routes)) laptop.routes.set(known, target);
    [previewed, deployed] = await Promise.all([run("preview"), run("up")]);
    assert.equal(deployed.failure, undefined);
    url = String(deployed.outputs.url);
    [fn] = laptop.account.functions.values() as Iterable<LambdaFunction> as [LambdaFunction];
    const [entry] = laptop.account.secrets.keys();
    await laptop.putValue(String(entry), JSON.stringify({ password: SECRET }));
  });
  after(async () => {
    await issuers.close();
    await laptop.stop();
  });

  async function run(operation: Operation): Promise<Deployment> {
    const settings = await readStackSettings({
      directory: path.join(__dirname, "program"),
      stack: "staging",
    });
    return deploy({
      operation,
      organization: "acme",
      settings,
      cloud: laptop.cloud,
      startRunner: startInline,
    });
  }

  /** Asks as the environment `escapement/staging` does, with the token of this request or of an earlier one. */
  async function ask(
    request: object,
    { token, environment = "staging" }: { token?: string; environment?: string } = {},
  ) {
    const body = JSON.stringify(request);
    const minted =
      token ??
      (await issuer.mint({
        sub: "pulumi:environments:org:acme:env:<yaml>",
        aud: url,
        org: "acme",
        env: "<yaml>",
        current_env: `acme/escapement/${environment}`,
        root_env: `acme/escapement/${environment}`,
        trigger_user: "alice",
        body_hash: `sha256-${createHash("sha256").update(body).digest("base64")}`,
      }));
    tokens.push(minted);
    const response = await laptop.routes.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${minted}` },
      body,
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      token: minted,
    };
  }

  it("is provisioned whole, in a preview of an empty account too", () => {
    assert.equal(previewed.failure, undefined);
    assert.equal(previewed.outputs.url, UNKNOWN);
    assert.match(url, /^https:\/\/[a-z2-7]{32}\.lambda-url\.eu-central-1\.on\.aws\/open$/);
    assert.deepEqual(
      [...fn.code.files.keys()].filter((name) => !name.startsWith("chunk-")),
      ["config.json", "index.mjs"],
    );
    assert.equal(laptop.account.tables.size, 1);
    const [parameter] = laptop.account.parameters.values();
    assert.equal(parameter?.versions.at(-1)?.value, url);
  });

  it("opens an entry, by its role's session, through its parameter, its table and Secrets Manager", async () => {
    const before = laptop.decisions.length;
    const { status, body } = await ask({ name: ENTRY, key: "password" });
    assert.deepEqual([status, body], [200, { value: SECRET }]);
    const decisions = laptop.decisions.slice(before).filter(({ action }) => !action.startsWith("logs:"));
    assert.deepEqual(
      decisions.map(({ action, who, allowed }) => [action, who, allowed]),
      [
        ["sts:AssumeRole", "lambda.amazonaws.com", true],
        ["ssm:GetParameter", SESSION, true],
        ["dynamodb:PutItem", SESSION, true],
        ["secretsmanager:GetSecretValue", SESSION, true],
      ],
    );
  });

  it("refuses a token that was used, an entry that no rule lists, another environment, and no token", async () => {
    const { token } = await ask({ name: ENTRY });
    const codes = [
      await ask({ name: ENTRY }, { token }),
      await ask({ name: "escapement/prod/database" }),
      await ask({ name: ENTRY }, { environment: "prod" }),
    ].map(({ status, body }) => [status, body.code]);
    assert.deepEqual(codes, [
      [401, "token_replayed"],
      [403, "access_denied"],
      [403, "access_denied"],
    ]);
    const headers = { "content-type": "application/json" };
    assert.equal((await laptop.routes.fetch(url, { method: "POST", headers, body: "{}" })).status, 401);
  });

  it("fails where its role is broken, and the decision names what is missing", async () => {
    const role = laptop.account.roles.get("escapement-staging-adapter");
    const text = role?.inlinePolicies.get("permissions") as string;
    const policy = JSON.parse(text) as PolicyDocument & { Statement: { Sid: string }[] };
    const without = { ...policy, Statement: policy.Statement.filter(({ Sid }) => Sid !== "ReadEntries") };
    putRolePolicy(laptop.account, "escapement-staging-adapter", "permissions", JSON.stringify(without));
    try {
      const { status, body } = await ask({ name: ENTRY });
      assert.deepEqual([status, body.code], [502, "source_denied"]);
      const denied = laptop.decisions.filter(({ allowed }) => !allowed).at(-1);
      assert.equal(denied?.action, "secretsmanager:GetSecretValue");
    } finally {
      putRolePolicy(laptop.account, "escapement-staging-adapter", "permissions", text);
    }
    assert.equal((await ask({ name: ENTRY })).status, 200);
  });

  it("fails where its configuration is broken, and its log names every problem", async () => {
    const { code } = fn;
    const config = JSON.parse(Buffer.from(code.files.get("config.json") ?? "").toString());
    const broken = { ...config, organization: "", replay: { store: "memory" } };
    const assets = [...code.files].map(([name, contents]) => {
      const text = name === "config.json" ? JSON.stringify(broken) : Buffer.from(contents).toString();
      return [name, new Asset({ text })];
    });
    updateFunction(laptop.account, fn, {
      code: readFunctionCode(new Archive({ assets: Object.fromEntries(assets) }), "."),
    });
    try {
      const response = await laptop.routes.fetch(url, { method: "POST", body: "{}" });
      assert.equal(response.status, 502);
      assert.match(laptop.logOf(fn).join("\n"), /config\.replay\.store: must be dynamodb/);
    } finally {
      updateFunction(laptop.account, fn, { code });
    }
    assert.equal((await ask({ name: ENTRY })).status, 200);
  });

  it("leaves no secret and no token in its log, nor in any decision", () => {
    const log = laptop.logOf(fn);
    const records = log.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    assert.deepEqual(
      records.flatMap(({ status }) => status ?? []),
      [200, 200, 401, 403, 403, 401, 502, 200, 200],
    );
    const shown = JSON.stringify([log, laptop.decisions]);
    const { secretAccessKey = "", sessionToken = "" } =
      [...laptop.account.sessions.values()].find(({ arn }) => arn === SESSION) ?? {};
    for (const hidden of [
      SECRET,
      secretAccessKey,
      sessionToken,
      ...tokens.map((token) => token.split(".")[2] ?? ""),
    ]) {
      assert.ok(hidden !== "" && hidden !== undefined);
      assert.ok(!shown.includes(hidden));
    }
  });
});
