import assert from "node:assert/strict";
import { secret } from "../../esc/evaluator/index";
import { EscService, EscServiceError } from "../../sandbox/pulumi/index";
import { openAndRead, plainValues, type StartedService, startService, write } from "./support";

/** What a refused check or open found. */
async function findings(call: Promise<unknown>): Promise<string[]> {
  const error = await call.then(
    () => assert.fail("was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EscServiceError, String(error));
  return error.diagnostics.map(({ summary }) => summary);
}

describe("Environments evaluated by the ESC service", () => {
  let service: EscService;

  beforeEach(() => {
    service = new EscService({
      organizations: ["acme", "umbrella"],
      providers: ({ organization }) => ({
        echo: { open: async (inputs) => ({ organization, inputs, token: secret("correct horse") }) },
      }),
    });
  });

  it("merge their imports, whose secrets are decrypted with their own key", async () => {
    await write(service, "web/base", "values:\n  port: 80\n  token: {fn::secret: correct horse}\n");
    await write(service, "web/dev", `imports: [web/base]\nvalues:\n  port: 8080\n  copy: \${token}\n`);
    const json = await openAndRead(service, "web/dev");
    assert.deepEqual(plainValues(json), { copy: "correct horse", port: 8080, token: "correct horse" });
    assert.equal(JSON.parse(json).properties.copy.secret, true);
  });

  it("import a pinned revision or tag, and the latest of what is not pinned", async () => {
    await write(service, "web/base", "values: {color: blue}\n");
    const base = { organization: "acme", project: "web", name: "base" };
    service.store.createTag(base, "live");
    await service.update(base, "values: {color: green}\n");
    const color = async (reference: string) => {
      const { id } = await service.openYaml("acme", `imports: ["${reference}"]\n`);
      return (plainValues(service.readSession("acme", id)) as { color?: string }).color;
    };
    assert.deepEqual(
      await Promise.all(
        ["web/base", "web/base@latest", "web/base@live", "web/base@2", "web/base@3"].map(color),
      ),
      ["green", "green", "blue", "blue", "green"],
    );
    service.store.moveTag(base, "live", 3);
    assert.equal(await color("web/base@live"), "green");
    assert.deepEqual(await findings(color("web/base@next")), [
      'environment acme/web/base has no revision or tag "next"',
    ]);
  });

  it("refer to others in place, pinned or not", async () => {
    await write(service, "web/base", "values: {host: {name: db, password: {fn::secret: correct horse}}}\n");
    service.store.createTag({ organization: "acme", project: "web", name: "base" }, "live");
    await write(
      service,
      "web/dev",
      `values:\n  host: \${environments.web.base.host.name}\n  pinned: \${environments.web["base@live"].host.password}\n`,
    );
    assert.deepEqual(plainValues(await openAndRead(service, "web/dev")), {
      host: "db",
      pinned: "correct horse",
    });
  });

  it("find imports in their own organization and project only; a bare name is the legacy project's", async () => {
    service.store.create({ organization: "umbrella", project: "web", name: "base" });
    await write(service, "web/base", "values: {a: 1}\n");
    const importing = (name: string) => service.checkYaml("acme", `imports: [${name}]\n`);
    assert.deepEqual(await findings(importing("api/base")), ["environment acme/api/base does not exist"]);
    assert.deepEqual(await findings(importing("base")), ["environment acme/default/base does not exist"]);
    assert.match((await findings(importing("umbrella/web/base"))).join(), /without an organization/);
    await write(service, "default/base", "values: {a: 2}\n");
    assert.match((await importing("base")).environment, /"value":2/);
  });

  it("notice a cycle instead of following it", async () => {
    await write(service, "web/a", "values: {x: 1}\n");
    await write(service, "web/b", "imports: [web/a]\n");
    const a = { organization: "acme", project: "web", name: "a" };
    assert.deepEqual(await findings(service.update(a, "imports: [web/b]\n")), ["cyclic import of web/a"]);
  });

  it("know who opens them and for how long", async () => {
    const context = [
      "pulumi.user.login",
      "pulumi.organization.login",
      "pulumi.token.type",
      "pulumi.openDuration",
    ];
    const names = ["currentEnvironment.name", "rootEnvironment.name"];
    const lines = [...context, ...names].map((key, index) => `  k${index}: "\${context.${key}}"`);
    await write(service, "web/who", `values:\n${lines.join("\n")}\n`);
    assert.deepEqual(Object.values(plainValues(await openAndRead(service, "web/who")) as object), [
      "sandbox",
      "acme",
      "personal",
      "1h0m0s",
      "web/who",
      "web/who",
    ]);
    await write(service, "default/who", "imports: [web/who]\n");
    const legacy = plainValues(await openAndRead(service, "default/who")) as Record<string, string>;
    assert.deepEqual([legacy.k4, legacy.k5], ["web/who", "who"]);
  });

  it("call providers when they are opened, for the organization they belong to", async () => {
    await write(service, "web/call", "values:\n  answer:\n    fn::open::echo: {a: 1}\n");
    const json = await openAndRead(service, "web/call");
    assert.deepEqual(plainValues(json), {
      answer: { inputs: { a: 1 }, organization: "acme", token: "correct horse" },
    });
    assert.equal(JSON.parse(json).properties.answer.value.token.secret, true);
  });

  it("can use a provider that the sandbox does not have: they check, are saved, and fail to open by its name", async () => {
    const yaml = [
      "values:",
      "  aws:",
      "    fn::open::aws-secrets:",
      "      region: eu-central-1",
      "      login:",
      "        fn::open::aws-login:",
      "          oidc: {roleArn: arn:aws:iam::123456789012:role/esc, sessionName: esc}",
      "      get: {db: {secretId: web/db}}",
      "  reply:",
      "    fn::open: {provider: external, inputs: {url: https://adapter.example.com}}",
      "  echo: {fn::open::echo: {}}",
      "",
    ].join("\n");
    await write(service, "web/aws", yaml);
    const id = { organization: "acme", project: "web", name: "aws" };
    assert.match((await service.check(id)).environment, /"unknown":true/);
    assert.deepEqual(service.missingProviders(id), ["aws-login", "aws-secrets", "external"]);
    const found = await findings(service.open(id));
    assert.equal(found.length, 2);
    assert.match(found[0] ?? "", /^provider "aws-login" is not available in this sandbox/);
    assert.match(found[1] ?? "", /^provider "external" is not available in this sandbox/);
    assert.deepEqual(await findings(service.update(id, yaml.replace("eu-central-1", "1"))), [
      "expected string, got number",
    ]);
    assert.match(
      (await findings(service.update(id, "values: {x: {fn::open::vault: {}}}\n"))).join(),
      /vault/,
    );
  });

  it("are checked against their imports as they are now", async () => {
    await write(service, "web/base", "values: {port: 80}\n");
    await write(service, "web/dev", `imports: [web/base]\nvalues: {again: '\${port}'}\n`);
    const dev = { organization: "acme", project: "web", name: "dev" };
    await service.check(dev);
    await service.update({ ...dev, name: "base" }, "values: {}\n");
    assert.deepEqual(await findings(service.check(dev)), ['unknown property "port"']);
  });

  it("do not see each other: two environments with the same keys stay apart", async () => {
    const names = ["web/one", "web/two"];
    for (const name of names) {
      await write(service, name, `values: {who: ${name}, secret: {fn::secret: of ${name}}}\n`);
    }
    const opened = await Promise.all(names.map((name) => openAndRead(service, name)));
    assert.deepEqual(opened.map(plainValues), [
      { secret: "of web/one", who: "web/one" },
      { secret: "of web/two", who: "web/two" },
    ]);
  });

  it("do not accept another environment's ciphertext", async () => {
    await write(service, "web/one", "values: {secret: {fn::secret: correct horse}}\n");
    const one = { organization: "acme", project: "web", name: "one" };
    const { yaml } = service.store.read(one);
    await service.update(one, `${yaml}# read and written back\n`);
    assert.deepEqual(plainValues(await openAndRead(service, "web/one")), { secret: "correct horse" });
    await write(service, "web/thief", yaml);
    assert.match(
      (await findings(openAndRead(service, "web/thief"))).join(),
      /^decrypting: .*another|^decrypting: /,
    );
  });
});

describe("Numbers", () => {
  let esc: StartedService;

  before(async () => {
    esc = await startService();
    const yaml =
      'values:\n  big: 9007199254740993\n  json: {fn::fromJSON: "[1.50, 1E5, 12345678901234567890]"}\n';
    await write(esc.service, "web/numbers", yaml);
  });

  after(() => esc.stop());

  it("keep their text from the definition to the client, whole and by property", async () => {
    const { id } = (await (await esc.request("POST", "/acme/web/numbers/open")).json()) as { id: string };
    const whole = await (await esc.request("GET", `/acme/web/numbers/open/${id}`)).text();
    for (const text of [
      '"value":9007199254740993,',
      '"value":1.50,',
      '"value":1E5,',
      '"value":12345678901234567890,',
    ]) {
      assert.ok(whole.includes(text), text);
    }
    const property = async (path: string) =>
      (await esc.request("GET", `/acme/web/numbers/open/${id}?property=${encodeURIComponent(path)}`)).text();
    assert.match(await property("big"), /^\{"value":9007199254740993,/);
    assert.match(await property("json[0]"), /^\{"value":1\.50,/);
  });

  it("keep their text in a check with warnings, too", async () => {
    const response = await esc.request("POST", "/acme/yaml/check", {
      body: "x: 1\nvalues: {big: 9007199254740993}\n",
    });
    const text = await response.text();
    assert.match(text, /"value":9007199254740993/);
    assert.match(text, /"diagnostics":\[\{"severity":"warning"/);
    JSON.parse(text);
  });
});
