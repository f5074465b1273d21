import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEscClient, EscClientError } from "../../cli/esc-client";
import { verify } from "../../cli/verify";
import { createEscServer, EscService } from "../../sandbox/pulumi";
import { buildPackage, root } from "../support/build";

const accessToken = "pul-0123456789abcdef-of-the-test";
const id = { organization: "acme", project: "shop", name: "staging" };
const target = { ...id, version: undefined };
const inventory = {
  title: "Secrets",
  stages: ["staging"],
  items: [
    {
      name: "key",
      description: "Key",
      kind: "secret",
      livesIn: "aws-secrets",
      stages: ["staging"],
      values: [{ form: "text", variable: "KEY" }],
      owner: "team",
      obtain: "Ask",
      rotateWithinDays: 30,
      consumers: ["API"],
    },
  ],
};

describe("escapement verify", () => {
  let service: EscService;
  let url: string;
  let stop: () => Promise<void>;

  before(buildPackage);
  beforeEach(async () => {
    service = new EscService({ organizations: ["acme"] });
    service.store.create(id);
    const server = createEscServer({ service, accessToken });
    url = await server.start({});
    stop = () => server.stop();
  });

  afterEach(() => stop());

  const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        ["--", path.join(root, "dist", "cli", "main.js"), "verify", ...args],
        {
          cwd: root,
          env: {
            ...process.env,
            GITHUB_ACTIONS: "",
            AWS_ACCESS_KEY_ID: "",
            PULUMI_BACKEND_URL: url,
            PULUMI_ACCESS_TOKEN: accessToken,
            ...environment,
          },
        },
        (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });

  it("answers people and programs, with names and no value; 0, 1 or 2", async function () {
    this.timeout(30_000);
    await service.update(
      id,
      "values: { environmentVariables: { KEY: { fn::secret: hush-hush }, PORT: 8080 } }",
    );
    const folder = mkdtempSync(path.join(tmpdir(), "escapement-verify-"));
    const [inventoryFile, summary] = [path.join(folder, "inventory.json"), path.join(folder, "summary.md")];
    writeFileSync(inventoryFile, JSON.stringify(inventory));
    const github = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    // Each costs a start of Node, so there is one for each way to end.
    const [people, json, refused, misused] = await Promise.all([
      run(["acme/shop/staging", "--promote", "--no-inventory"]),
      run(["acme/shop/staging", "acme/shop/prod", "--json", "--inventory", inventoryFile], github),
      run(["acme/shop/staging"], { PULUMI_ACCESS_TOKEN: "pul-wrong" }),
      run(["acme/shop/staging@live", "--promote"]),
    ]);
    assert.equal(
      people?.out,
      "✓ acme/shop/staging\n" +
        "  revision 2 opens with 2 variables, not held against an inventory; live is there now (it is new)\n",
    );
    assert.equal(people?.err, "acme/shop/staging: opening\nacme/shop/staging: opened\n");
    const nothing = {
      ok: false,
      opens: false,
      variables: [],
      lines: [],
      problems: ["environment acme/shop/prod does not exist"],
    };
    const undeclared = {
      code: "undeclared",
      reason: "is not in the inventory",
      fix: "declare it there, or take it out of the definition",
    };
    assert.deepEqual(JSON.parse(json?.out ?? ""), {
      ok: false,
      environments: [
        {
          environment: "acme/shop/staging",
          ok: false,
          opens: true,
          stage: "staging",
          variables: ["KEY", "PORT"],
          lines: [
            { name: "KEY", item: "key", problems: [], unknown: "its age cannot be told" },
            { name: "PORT", problems: [undeclared] },
            {
              name: "values.environmentVariables.KEY",
              problems: [
                {
                  code: "in-definition",
                  reason:
                    "line 1 of the definition holds a secret, and the inventory has none that lives there",
                  fix: "put it into an entry, or declare that it lives in `esc`",
                },
              ],
            },
          ],
          problems: [],
          revision: 2,
        },
        { environment: "acme/shop/prod", ...nothing },
      ],
    });
    assert.match(refused?.err ?? "", /Unauthorized/);
    assert.match(misused?.err ?? "", /--promote takes what is newest: write shop\/staging without @live/);
    const all = [people, json, refused, misused];
    assert.deepEqual(
      all.map((one) => one?.code),
      [0, 1, 2, 2],
    );
    // To the runner go masks, to whom the value has to be said; nothing else of it is anywhere.
    const [masks, rest] = [/^::add-mask::.*\n/gm, json?.err.replace(/^::add-mask::.*\n/gm, "")];
    assert.deepEqual(json?.err.match(masks), ["::add-mask::hush-hush\n"]);
    assert.match(
      rest ?? "",
      /^::error title=acme\/shop\/staging%3A PORT::PORT is not in the inventory; declare it there/m,
    );
    assert.match(readFileSync(summary, "utf8"), /^\| ❌ \| `PORT` \| {2}\| is not in the inventory → /m);
    const shown = [people?.out, people?.err, json?.out, rest, readFileSync(summary, "utf8")];
    for (const text of [...shown, refused?.err, misused?.err]) assert.ok(!/hush|pul-/.test(text ?? ""), text);
    assert.equal(service.store.tag(id, "live").revision, 2);
    rmSync(folder, { recursive: true });
  });

  it("moves nothing when a newer revision is written while it opens", async () => {
    await service.update(id, "values: { a: 1 }");
    const client = await createEscClient({ url, accessToken });
    const racing = {
      ...client,
      async open(...args: Parameters<typeof client.open>) {
        const properties = await client.open(...args);
        await service.update(id, "values: { a: 2 }");
        return properties;
      },
    };
    const result = await verify(racing, target, { promote: true });
    assert.deepEqual([result.ok, result.opens, result.revision, result.live], [false, true, 2, undefined]);
    assert.match(result.problems.join(), /a newer revision was written/);
    assert.deepEqual(
      service.store.tags(id).map(({ name }) => name),
      ["latest"],
    );
  });

  it("keeps a revision that does not open from consumers, and says where live is", async () => {
    await service.update(id, "values: { a: 1 }");
    const client = await createEscClient({ url, accessToken });
    assert.equal((await verify(client, target, { promote: true })).live, 2);
    await service.update(
      id,
      "values: { a: { fn::open::external: { url: 'https://x.example/', request: {} } } }",
    );
    const result = await verify(client, target, { promote: true });
    assert.deepEqual(
      [result.ok, result.opens, result.revision, result.live, result.liveWas],
      [false, false, 3, 2, undefined],
    );
    assert.match(result.problems.join(), /^shop\/staging:1:\d+: .*values\.a/);
    assert.equal(service.store.tag(id, "live").revision, 2);
  });

  it("never shows the request: an error of the SDK holds the token, what it throws does not", async () => {
    const answers = [
      { status: 500, body: { message: `the token ${accessToken} is odd` } },
      { status: 400, body: { message: "no", diagnostics: [{ summary: `saw ${accessToken}` }] } },
      { status: 201, body: {} },
    ];
    const server: Server = createServer((_, response) => {
      const { status, body } = answers.shift() ?? { status: 500, body: {} };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = await createEscClient({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      accessToken,
    });
    try {
      for (let count = answers.length; count > 0; count -= 1) {
        const error = await client.open(id).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof EscClientError);
        const shown = `${error.stack} ${JSON.stringify(error)} ${error.findings} ${String(error.cause)}`;
        assert.ok(!shown.includes(accessToken), error.message);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("Consumers of a stage", () => {
  it("import it at @live, in every stack file of this repository", () => {
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*Pulumi.*.yaml"], {
      cwd: root,
      encoding: "utf8",
    });
    const imports = files
      .split("\n")
      .filter(Boolean)
      .flatMap(
        (file) =>
          readFileSync(path.join(root, file), "utf8").match(/^\s*- escapement\/(staging|prod).*$/gm) ?? [],
      );
    assert.ok(imports.length > 0);
    for (const line of imports) assert.match(line, /@live$/);
  });
});
