import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod/mini";
import type { NoticeRecord, RequestRecord } from "../../lambda/audit/record";
import { createAdapter } from "../../lambda/core";
import { createAdapterServer } from "../../lambda/server";
import { defineSource } from "../../lambda/sources/define-source";
import { ParameterType, type Role } from "../../sandbox/aws/account";
import { createPolicy } from "../../sandbox/aws/iam";
import { putParameter } from "../../sandbox/aws/parameters";
import { createSecret } from "../../sandbox/aws/secret-entries";
import { putVersion } from "../../sandbox/aws/secret-versions";
import { createEscProviders } from "../../sandbox/pulumi/esc-providers";
import { EscService, type EscServiceError } from "../../sandbox/pulumi/index";
import { PULUMI_ISSUER } from "../../trust/index";
import { allow, Laptop, stagingTrust } from "../aws/laptop";
import { openAndRead, plainValues, write } from "../service/support";

const password = "password-that-must-not-leak";
const adapterUrl = "https://adapter.example.com/open";

describe("ESC's providers in the sandbox", () => {
  const laptop = new Laptop();
  const tokens: string[] = [];
  let role: Role;
  let esc: EscService;
  let adapter: Server;
  let records: (RequestRecord | NoticeRecord)[];

  before(async () => {
    await laptop.start();
    laptop.registerProviders();
    const entry = createSecret(laptop.account, {
      name: "escapement/staging/database",
      version: { id: "0".repeat(32), value: { text: "the one before" } },
    });
    putVersion(laptop.account, entry, { id: "a".repeat(32), value: { text: password } });
    createSecret(laptop.account, {
      name: "escapement/staging/key",
      version: { id: "b".repeat(32), value: { binary: Uint8Array.of(0, 255) } },
    });
    createSecret(laptop.account, { name: "escapement/staging/empty" });
    createSecret(laptop.account, { name: "escapement/prod/database" });
    putParameter(laptop.account, {
      name: "/escapement/staging/zones",
      value: "a,b",
      type: ParameterType.StringList,
    });
    putParameter(laptop.account, {
      name: "/escapement/staging/pin",
      value: password,
      type: ParameterType.SecureString,
    });
    role = laptop.role("esc-staging", stagingTrust(), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["secretsmanager:GetSecretValue", "ssm:GetParameter"],
          Resource: [
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:escapement/staging/*",
            "arn:aws:ssm:us-east-1:123456789012:parameter/escapement/staging/*",
          ],
        },
      ],
    });
    adapter = await startAdapter();
    const mint = laptop.pulumi.mint.bind(laptop.pulumi);
    laptop.pulumi.mint = async (...args) => {
      const token = await mint(...args);
      tokens.push(token);
      return token;
    };
  });

  after(async () => {
    adapter.closeAllConnections();
    adapter.close();
    await laptop.stop();
  });

  beforeEach(() => {
    records = [];
    esc = new EscService({ organizations: ["acme"], providers: makeProviders() });
  });

  const makeProviders = () =>
    createEscProviders({ issuer: laptop.pulumi, awsUrl: laptop.url, fetch: laptop.routes.fetch });

  /** The adapter itself, with one entry for staging. */
  async function startAdapter(): Promise<Server> {
    const source = defineSource({
      name: "vault",
      request: z.strictObject({ name: z.string() }),
      names: ({ name }) => [name],
      connect: async () => async () => ({ value: password }),
    });
    const server = createAdapterServer(
      await createAdapter({
        config: {
          organization: "acme",
          issuers: [{ issuer: PULUMI_ISSUER, jwksUri: `${issuerAddress()}/.well-known/jwks` }],
          routes: [{ path: "/open", action: "open", audience: adapterUrl }],
          access: [
            { environment: "escapement/staging", action: "open", source: "vault", names: ["license"] },
          ],
          sources: { vault: {} },
          replay: { store: "memory" },
        },
        sources: [source],
        log: (record) => void records.push(record),
      }),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    laptop.routes.set(new URL(adapterUrl).origin, `http://127.0.0.1:${port}`);
    return server;
  }

  function issuerAddress(): string {
    return laptop.routes.resolve(PULUMI_ISSUER).href;
  }

  const login = (more: object = {}) => ({
    "fn::open::aws-login": {
      oidc: {
        roleArn: role.arn,
        sessionName: "esc-${context.pulumi.user.login}",
        duration: "1h",
        subjectAttributes: ["currentEnvironment.name"],
        ...more,
      },
    },
  });
  const entries = (get: object, more: object = {}) => ({
    values: { entries: { "fn::open::aws-secrets": { region: "us-east-1", login: login(more), get } } },
  });
  const database = { database: { secretId: "escapement/staging/database" } };

  const save = (name: string, definition: object) => write(esc, name, JSON.stringify(definition));

  /** What a refused open says. It holds no token and nothing secret. */
  async function refusal(name: string): Promise<string> {
    const error = await openAndRead(esc, name).then(
      () => assert.fail("was opened"),
      (thrown: EscServiceError) => thrown,
    );
    const all = JSON.stringify([error.message, error.diagnostics]);
    const sessions = [...laptop.account.sessions.values()].flatMap((session) => [
      session.secretAccessKey,
      session.sessionToken ?? [],
    ]);
    for (const secret of [password, ...tokens, ...sessions.flat()]) assert.ok(!all.includes(secret));
    return error.diagnostics
      .map(({ summary }) => summary.replace(/request id: [\w-]+/g, "request id: …"))
      .join("\n");
  }

  it("log in to the role that trusts the environment, and read its entries with that session", async () => {
    await save("escapement/staging", {
      values: {
        ...entries({
          ...database,
          key: { secretId: "escapement/staging/key" },
          before: { secretId: "escapement/staging/database", versionStage: "AWSPREVIOUS" },
          first: { secretId: "escapement/staging/database", versionId: "0".repeat(32) },
        }).values,
        parameters: {
          "fn::open::aws-parameter-store": {
            region: "us-east-1",
            login: login(),
            get: {
              zones: { name: "/escapement/staging/zones:1" },
              pin: { name: "/escapement/staging/pin", decrypt: true },
            },
          },
        },
        // Not decrypted: not the text.
        sealed: {
          "fn::open::aws-parameter-store": {
            region: "us-east-1",
            login: login(),
            get: { pin: { name: "/escapement/staging/pin" } },
          },
        },
      },
    });
    const { sealed, ...values } = plainValues(await openAndRead(esc, "escapement/staging")) as {
      sealed: { pin: string };
    };
    assert.deepEqual(values, {
      entries: { database: password, key: "AP8=", before: "the one before", first: "the one before" },
      parameters: { zones: ["a", "b"], pin: password },
    });
    assert.ok(sealed.pin.length > 0 && !sealed.pin.includes(password));
    assert.match(laptop.lastDecision.who, /assumed-role\/esc-staging\/esc-sandbox$/);
  });

  it("are trusted at a tag, whether it is opened, imported, or imported by a stack", async () => {
    await save("escapement/staging", entries(database));
    esc.store.createTag({ organization: "acme", project: "escapement", name: "staging" }, "live");
    await save("escapement/app", { imports: ["escapement/staging@live"] });

    const whole = { entries: { database: password } };
    assert.deepEqual(plainValues(await openAndRead(esc, "escapement/staging@live")), whole);
    assert.deepEqual(plainValues(await openAndRead(esc, "escapement/app")), whole);
    const { id } = await esc.openYaml("acme", 'imports: ["escapement/staging@live"]\n');
    assert.deepEqual(plainValues(esc.readSession("acme", id)), whole);
  });

  it("are refused in AWS's own words when the subject is another", async () => {
    await save("escapement/prod", entries(database));
    await save("other/staging", entries(database));
    await save("escapement/staging", entries(database, { subjectAttributes: [] }));
    for (const name of ["escapement/prod", "other/staging", "escapement/staging"]) {
      assert.equal(
        await refusal(name),
        "WebIdentityErr: failed to retrieve credentials\ncaused by: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity\n\tstatus code: 403, request id: …",
        name,
      );
      assert.match(laptop.lastDecision.because, /StringEquals api\.pulumi\.com\/oidc:sub/);
    }
  });

  it("present <yaml> for a stack's imports", async () => {
    await save("escapement/staging", entries(database, { subjectAttributes: [] }));
    await assert.rejects(esc.openYaml("acme", "imports: [escapement/staging]\n"));
    assert.match(laptop.lastDecision.who, /^pulumi:environments:org:acme:env:<yaml> /);
  });

  it("are refused the audience of the legacy project, which is not registered", async () => {
    await save("default/staging", entries(database));
    assert.match(await refusal("default/staging"), /InvalidIdentityToken: Incorrect token audience/);
  });

  it("are refused a session longer than the role's, as by ESC's default of two hours", async () => {
    await save("escapement/staging", entries(database, { duration: "2h" }));
    assert.match(
      await refusal("escapement/staging"),
      /ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role\./,
    );
  });

  it("narrow the session by the policies that the block lists", async () => {
    const policy = createPolicy(laptop.account, {
      name: "nothing-but-keys",
      document: JSON.stringify(
        allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:escapement/staging/key-*"),
      ),
    });
    const narrowed = { policyArns: [policy.arn] };
    await save("escapement/staging", entries({ key: { secretId: "escapement/staging/key" } }, narrowed));
    assert.deepEqual(plainValues(await openAndRead(esc, "escapement/staging")), { entries: { key: "AP8=" } });
    await esc.update(
      { organization: "acme", project: "escapement", name: "staging" },
      JSON.stringify(entries(database, narrowed)),
    );
    assert.match(await refusal("escapement/staging"), /^get\.database: AccessDeniedException: /);
    assert.match(laptop.lastDecision.because, /session policy/);
  });

  it("name each entry that AWS does not give", async () => {
    await save(
      "escapement/staging",
      entries({
        ...database,
        empty: { secretId: "escapement/staging/empty" },
        prod: { secretId: "escapement/prod/database" },
      }),
    );
    const [empty, , prod] = (await refusal("escapement/staging")).split("\n");
    assert.equal(
      empty,
      "get.empty: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    );
    assert.match(
      prod ?? "",
      /^get\.prod: AccessDeniedException: User: .* is not authorized to perform: secretsmanager:GetSecretValue on resource: escapement\/prod\/database/,
    );
  });

  it("ask the adapter, which lets in the environment in which the block is written", async () => {
    const asking = (name: string) => ({
      values: { asked: { "fn::open::external": { url: adapterUrl, request: { name } } } },
    });
    await save("escapement/staging", asking("license"));
    await save("escapement/app", { imports: ["escapement/staging"] });
    const whole = { asked: { response: { value: password } } };
    assert.deepEqual(plainValues(await openAndRead(esc, "escapement/staging")), whole);
    assert.deepEqual(plainValues(await openAndRead(esc, "escapement/app")), whole);
    const { id } = await esc.openYaml("acme", "imports: [escapement/staging]\n");
    assert.deepEqual(plainValues(esc.readSession("acme", id)), whole);

    await save("escapement/prod", asking("license"));
    assert.match(
      await refusal("escapement/prod"),
      /^the adapter at https:\/\/adapter\.example\.com\/open answered 403 access_denied \(request [\w-]+\)$/,
    );
    assert.equal(
      tokens.some((token) => JSON.stringify(records).includes(token)),
      false,
    );
  });

  it("take nothing from the AWS configuration of whoever runs them", async () => {
    const before = { ...process.env };
    const hostile = {
      AWS_PROFILE: "missing",
      AWS_CONFIG_FILE: __filename,
      AWS_SHARED_CREDENTIALS_FILE: __filename,
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1",
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAELSEWHERE",
      AWS_SECRET_ACCESS_KEY: "elsewhere",
      AWS_SESSION_TOKEN: "elsewhere",
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_USE_DUALSTACK_ENDPOINT: "true",
      AWS_RETRY_MODE: "nonsense",
      AWS_MAX_ATTEMPTS: "nonsense",
      AWS_DEFAULTS_MODE: "nonsense",
    };
    Object.assign(process.env, hostile);
    try {
      esc = new EscService({ organizations: ["acme"], providers: makeProviders() });
      await save("escapement/staging", entries(database));
      assert.deepEqual(plainValues(await openAndRead(esc, "escapement/staging")), {
        entries: { database: password },
      });
    } finally {
      for (const name of Object.keys(hostile)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });
});
