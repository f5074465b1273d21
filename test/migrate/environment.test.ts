import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { createEscClient } from "../../cli/esc-client";
import { Concealed } from "../../cli/migrate/concealed";
import { definitionContainer, formatPath, parsePath, writeValues } from "../../cli/migrate/definition";
import { readEnvironment } from "../../cli/migrate/environment";
import { startSandbox, type TestSandbox } from "../../sandbox/testing";
import { anyCharacter } from "../support/any-character";
import { soak } from "../support/soak";
import { migrate, openLine, type Ran, type Stop, Workplace } from "./support";

const MARK = "hush-";
const dollar = "$";
const token = `${MARK}${dollar}{region} ${dollar}${dollar}x "quoted" 'and' \\ back`;

describe("escapement migrate into and out of ESC", () => {
  let sandbox: TestSandbox;
  let desk: Workplace;

  before(async () => {
    sandbox = await startSandbox({
      environments: {
        "shop/dev": "# kept\nvalues:\n  region: eu-central-1 # kept, too\n  environmentVariables:\n",
        "shop/empty": "",
        "shop/cut": "values: {}\n",
        "shop/old": {
          values: {
            region: "eu-central-1",
            environmentVariables: {
              TOKEN: { "fn::secret": `${MARK}old token` },
              REGION: `${dollar}{region}`,
            },
            pulumiConfig: { "shop:dbPassword": { "fn::secret": `${MARK}password` } },
            nested: [{ key: { "fn::secret": `${MARK}nested` } }],
          },
        },
        "shop/entries": "imports: [shop/old]\n",
      },
    });
    desk = new Workplace();
    desk.install("pulumi", {
      "config --show-secrets --json --stack dev --cwd .": JSON.stringify({
        "shop:token": { value: token, secret: true },
        "aws:region": { value: "eu-central-1", secret: false },
      }),
    });
  });

  after(async () => {
    desk.remove();
    await sandbox.stop();
  });

  const run = (...args: string[]) => migrate(args, { ...sandbox.variables, ...desk.variables });

  function assertNothingShown({ out, error }: Ran): void {
    assert.ok(!`${out}${error}`.includes(MARK), "no value is shown");
  }

  it("puts variables and configuration where they belong, in one revision, and leaves the rest as it is", async () => {
    const file = desk.write(".env", `TOKEN=${MARK}abc\nPORT=8080\n`);
    const args = ["--from", `env:${file}`, "--to", "esc:acme/shop/dev", "--plain", "PORT"];
    const planned = await run(...args);
    assert.match(planned.out, /\+ TOKEN +\.env:1 → acme\/shop\/dev environmentVariables\.TOKEN/);
    const moved = await run(...args, "--yes", "--repository", desk.path("bin"));
    assertNothingShown(moved);
    assert.equal(moved.code, 0, moved.out + moved.error);

    const config = ["--from", "pulumi:dev", "--to", "esc:acme/shop/dev", "--yes"];
    const configured = await run(...config, "--map", 'shop:token=pulumiConfig["shop:token"]');
    assertNothingShown(configured);
    assert.match(configured.out, /· aws:region .*no secret there: it may stay/);
    assert.match(configured.out, /pulumi config rm shop:token --stack dev/);

    const opened = await sandbox.open("shop/dev");
    assert.deepEqual(opened.environmentVariables, { TOKEN: `${MARK}abc`, PORT: "8080" });
    assert.deepEqual(opened.values.pulumiConfig, { "shop:token": token });
    const client = await openClient();
    const name = { organization: "acme", project: "shop", name: "dev" };
    const { yaml } = await client.definition(name);
    assert.match(yaml, /^# kept\n/);
    assert.match(yaml, /region: eu-central-1 # kept, too/);
    assert.ok(!yaml.includes(MARK), "what is kept is encrypted");
    const revision = await client.revisionOf(name, "latest");
    const again = await run(...args, "--yes", "--repository", desk.path("bin"));
    assert.match(again.out, /0 written, 2 read back and the same/);
    assert.equal(await client.revisionOf(name, "latest"), revision, "nothing is written twice");
  });

  it("takes the secrets that stand in another environment's definition, and finds who imports it", async () => {
    desk.write("repository/dev.yaml", "imports:\n  - shop/old\n  - shop/older\n");
    execFileSync("git", ["init", "-q"], { cwd: desk.path("repository") });
    const moved = await run(
      ...["--from", "esc:acme/shop/old", "--to", "esc:acme/shop/empty", "--yes", "--json"],
      ...["--map", "nested[0].key=nested.key", "--repository", desk.path("repository")],
    );
    assertNothingShown(moved);
    const report = JSON.parse(moved.out);
    assert.deepEqual(report.verified.sort(), ["TOKEN", "nested[0].key", "shop:dbPassword"].sort());
    assert.deepEqual(report.references, [
      { file: "dev.yaml", line: 2, what: "names the environment shop/old" },
    ]);
    assert.equal(moved.code, 1, "the reference is a finding");
    assert.match(
      report.delete[0],
      /^delete environmentVariables\.TOKEN from the definition: pulumi env edit/,
    );
    const opened = await sandbox.open("shop/empty");
    assert.deepEqual(opened.values.nested, { key: `${MARK}nested` });
    assert.deepEqual(opened.values.pulumiConfig, { "shop:dbPassword": `${MARK}password` });
  });

  it("ends in the same place when the line is cut anywhere and it is run again, with one revision", async () => {
    let stop: { at: number; how: Stop } = { at: 0, how: "never" };
    const backend = sandbox.variables.PULUMI_BACKEND_URL ?? "";
    const line = await openLine(backend, (number) => (number === stop.at ? stop.how : "never"));
    const client = await openClient();
    const name = { organization: "acme", project: "shop", name: "cut" };
    try {
      const through = { ...sandbox.variables, ...desk.variables, PULUMI_BACKEND_URL: line.url };
      const requests = 4;
      for (let at = 1; at <= requests; at++) {
        const text = `${MARK}${at}`;
        const file = desk.write("cut.env", `TOKEN=${text}\n`);
        const args = ["--from", `env:${file}`, "--to", "esc:acme/shop/cut", "--overwrite", "--yes"];
        const more = ["--repository", desk.path("bin")];
        const before = (await client.revisionOf(name, "latest")) ?? 0;
        line.reset();
        stop = { at, how: at % 2 === 0 ? "before" : "after" };
        const interrupted = await migrate([...args, ...more], through);
        assertNothingShown(interrupted);
        assert.notEqual(interrupted.code, 0, `cut ${stop.how} request ${at}`);
        stop = { at: 0, how: "never" };
        const again = await migrate([...args, ...more], through);
        assert.equal(again.code, 0, again.out + again.error);
        assert.deepEqual((await sandbox.open("shop/cut")).environmentVariables, { TOKEN: text });
        assert.equal(await client.revisionOf(name, "latest"), before + 1, "one revision");
      }
    } finally {
      await line.close();
    }
  });

  it("tells of a file that git has, or is about to have", async () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: desk.path("kept") });
    const file = desk.write("kept/.env", `TOKEN=${MARK}abc\n`);
    const args = ["--from", `env:${file}`, "--to", "esc:acme/shop/dev", "--overwrite", "--yes", "--json"];
    const told = async () => {
      const { out } = await run(...args, "--repository", desk.path("kept"));
      return JSON.parse(out).references.map(({ what }: { what: string }) => what);
    };
    git("init", "-q");
    assert.deepEqual(await told(), ["is not ignored by git: the next git add takes it in"]);
    git("add", ".env");
    assert.deepEqual(await told(), ["is in git's history: give its values new ones after the move"]);
    git("rm", "-q", "--cached", ".env");
    desk.write("kept/.gitignore", ".env*\n");
    assert.deepEqual(await told(), []);
  });

  it("writes nothing over somebody's change, and says what is not there", async () => {
    const client = await openClient();
    const name = { organization: "acme", project: "shop", name: "entries" };
    const { yaml, etag } = await client.definition(name);
    await client.update(name, `${yaml}values: {a: 1}\n`, etag);
    await assert.rejects(client.update(name, yaml, etag), { name: "EscClientError", status: 409 });
    assert.equal((await readEnvironment(client, name)).found.length, 0);
    const file = desk.write("one.env", `TOKEN=${MARK}abc\n`);
    const missing = await run("--from", `env:${file}`, "--to", "esc:acme/shop/none");
    assert.equal(missing.code, 1);
    assert.match(missing.out, /does not exist: make it with pulumi env init acme\/shop\/none/);
    const nowhere = await run("--from", "esc:acme/shop/none", "--to", "esc:acme/shop/dev");
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.error, /acme\/shop\/none: .*does not exist/);
    const { PULUMI_ACCESS_TOKEN: _, ...withoutToken } = sandbox.variables;
    const anonymous = await migrate(["--from", `env:${file}`, "--to", "esc:acme/shop/dev"], {
      ...withoutToken,
      PULUMI_ACCESS_TOKEN: "",
    });
    assert.equal(anonymous.code, 2);
    assert.match(anonymous.error, /PULUMI_ACCESS_TOKEN is not set/);
  });

  it("any text survives being written into a definition, secret or plain", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter }),
        fc.boolean(),
        fc.string({ minLength: 1 }),
        (text, secret, key) => {
          fc.pre(!key.endsWith("\\"));
          const slot = formatPath(["environmentVariables", key]);
          assert.deepEqual(parsePath(slot), ["environmentVariables", key]);
          const item = { value: new Concealed(text), secret };
          const written = writeValues("values: {a: 1}\n", new Map([[slot, item]]));
          assert.equal(definitionContainer(written).standing(slot, item), "same");
        },
      ),
      { numRuns: soak ? 500 : 20 },
    );
  });

  async function openClient() {
    const { PULUMI_BACKEND_URL: url = "", PULUMI_ACCESS_TOKEN: accessToken = "" } = sandbox.variables;
    return createEscClient({ url, accessToken });
  }
});
