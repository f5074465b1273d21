import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
} from "@aws-sdk/client-secrets-manager";
import { build } from "esbuild";
import { secretsManagerClient } from "../../sandbox/aws-clients";
import { startSandbox, type TestSandbox } from "../../sandbox/testing";
import { soak } from "../support/soak";
import { type Line, migrate, openLine, type Ran, type Stop, Workplace } from "./support";

/** Every secret of the tests begins with it: none of it may be seen anywhere. */
const MARK = "hush-";
const database = `postgresql://app:${MARK}0123456789@db.internal/app`;
const signingKey = `${MARK}9Jq2vYd0Wm7rTzB4LxKc1NfH`;
/** What shells, YAML and JSON each would like to read. */
const awkward = [`${MARK}first line\n${MARK}second `, "$", "{x} $$ 'it'", "`", "\\"].join("");
const env = [
  "# moved from the wiki",
  `DATABASE_URL="${database}"`,
  'export JWT_SECRET="op://Team/API keys/jwt"',
  `REPLICA_URL=${MARK}replica`,
  `SMTP_PASSWORD="${awkward}"`,
  "EMPTY=",
  "",
].join("\n");
const maps = ["--map", "REPLICA_URL=database#replica", "--map", "SMTP_PASSWORD=smtp"];
const entries = ["database", "jwt", "smtp"];

describe("escapement migrate into Secrets Manager", () => {
  let sandbox: TestSandbox;
  let desk: Workplace;
  /** A number of its own for each test's entries. */
  let project = 0;

  before(async () => {
    sandbox = await startSandbox();
    desk = new Workplace();
    desk.write(".env.staging", env);
    desk.write("repository/README.md", "");
    desk.install("op", { "read --no-newline op://Team/API keys/jwt": signingKey });
  });

  after(async () => {
    desk.remove();
    await sandbox.stop();
  });

  beforeEach(async () => {
    project++;
    await makeEntries();
  });

  /** Empty, as a program makes them. */
  async function makeEntries(): Promise<void> {
    const aws = client();
    for (const name of entries) await aws.send(new CreateSecretCommand({ Name: `${prefix()}/${name}` }));
  }

  const client = () => secretsManagerClient(sandbox.awsClientOptions, sandbox.awsClientOptions.credentials);
  const prefix = () => `shop${project}/staging`;
  const variables = () => ({ ...sandbox.variables, ...desk.variables, AWS_MAX_ATTEMPTS: "1" });
  const args = (...more: string[]) => [
    ...["--from", `env:${desk.path(".env.staging")}`, "--to", `aws:${prefix()}`],
    ...["--repository", desk.path("repository"), ...maps, ...more],
  ];
  const run = (...more: string[]) => migrate(args(...more), variables());
  const currentOf = async (name: string) => {
    const command = new GetSecretValueCommand({ SecretId: `${prefix()}/${name}` });
    return client()
      .send(command)
      .then(
        ({ SecretString }) => SecretString,
        () => undefined,
      );
  };

  async function assertMoved(): Promise<void> {
    assert.deepEqual(JSON.parse((await currentOf("database")) ?? "{}"), {
      url: database,
      replica: `${MARK}replica`,
    });
    assert.deepEqual(JSON.parse((await currentOf("jwt")) ?? "{}"), { secret: signingKey });
    assert.equal(await currentOf("smtp"), awkward);
    for (const name of entries) {
      const command = new ListSecretVersionIdsCommand({ SecretId: `${prefix()}/${name}` });
      const { Versions = [] } = await client().send(command);
      assert.equal(Versions.length, 1, `${name} was written once`);
    }
    assert.equal(desk.read(".env.staging"), env, "the old place is left as it was");
  }

  function assertNothingShown({ out, error }: Pick<Ran, "out" | "error">): void {
    assert.ok(!`${out}${error}`.includes(MARK), "no value is shown");
  }

  it("shows the plan and writes nothing until --yes", async () => {
    const planned = await run();
    assertNothingShown(planned);
    assert.equal(planned.code, 0);
    assert.equal(
      planned.out,
      [
        `+ DATABASE_URL   .env.staging:2 → ${prefix()}/database#url`,
        `+ JWT_SECRET     op://Team/API keys/jwt → ${prefix()}/jwt#secret`,
        `+ REPLICA_URL    .env.staging:4 → ${prefix()}/database#replica`,
        `+ SMTP_PASSWORD  .env.staging:5 → ${prefix()}/smtp`,
        "· EMPTY          .env.staging:7 (it has no value)",
        "",
      ].join("\n"),
    );
    assert.equal(await currentOf("database"), undefined);
  });

  it("moves, reads back, and ends with what to delete and where it is still referred to", async () => {
    desk.write("repository/compose.yaml", "services:\n  api:\n    env_file: .env.staging\n");
    desk.write(
      "repository/run.sh",
      'op read "op://Team/API keys/jwt"\n# .env.staging.example is another file\n',
    );
    desk.write("repository/src/old.ts", `const replica = "${MARK}replica";\n`);
    const moved = await run("--yes", "--json");
    desk.write("repository/compose.yaml", "");
    desk.write("repository/run.sh", "");
    desk.write("repository/src/old.ts", "");
    assertNothingShown(moved);
    assert.equal(moved.code, 1, "something still refers to the old place");
    const report = JSON.parse(moved.out);
    const names = ["DATABASE_URL", "JWT_SECRET", "REPLICA_URL", "SMTP_PASSWORD"];
    assert.deepEqual([...report.written].sort(), names);
    assert.deepEqual([...report.verified].sort(), names);
    assert.deepEqual(report.delete, [
      "delete .env.staging:2",
      "delete .env.staging:3, and archive op://Team/API keys/jwt once nobody else reads it",
      "delete .env.staging:4",
      "delete .env.staging:5",
    ]);
    assert.deepEqual(
      report.references.map(({ file, line, what }: Record<string, string>) => `${file}:${line} ${what}`),
      [
        "compose.yaml:3 names .env.staging",
        "run.sh:1 reads op://Team/API keys/jwt",
        "src/old.ts:1 holds the value of REPLICA_URL",
      ],
    );
    await assertMoved();

    const again = await run("--yes");
    assertNothingShown(again);
    assert.equal(again.code, 0);
    assert.match(again.out, /0 written, 4 read back and the same/);
    await assertMoved();
  });

  it("keeps what else is in an entry, and replaces another value only when it is told to", async () => {
    await sandbox.putSecret(`${prefix()}/other`, { url: "somebody's", user: "app" });
    const other = args("--map", "DATABASE_URL=other#url", "--skip", "JWT_SECRET", "--skip", "SMTP_PASSWORD");
    const refused = await migrate([...other, "--yes"], variables());
    assert.equal(refused.code, 1);
    assert.match(refused.out, /✗ DATABASE_URL .* \(another value is there: .*--overwrite\)/);
    assert.deepEqual(JSON.parse((await currentOf("other")) ?? ""), { url: "somebody's", user: "app" });
    assert.equal(await currentOf("database"), undefined, "nothing is written while something is refused");
    const replaced = await migrate([...other, "--yes", "--overwrite"], variables());
    assert.equal(replaced.code, 0);
    assert.deepEqual(JSON.parse((await currentOf("other")) ?? ""), { url: database, user: "app" });
  });

  it("refuses what it cannot place, saying what to do", async () => {
    const cases: [string[], number, RegExp][] = [
      [["--map", "SMTP_PASSWORD=nowhere"], 1, /there is no entry .*nowhere: declare it in the inventory/],
      [["--map", "SMTP_PASSWORD=jwt"], 1, /JWT_SECRET goes to .*jwt#secret as well/],
      [["--map", "SMTP_PASSWORD=a b"], 2, /must be entry or entry#member/],
      [["--skip", "NOT_THERE"], 2, /NOT_THERE: there is no such name/],
      [["--from", "env:/no/such/file"], 2, /cannot be read \(ENOENT\)/],
      [["--repository", "/no/such/folder"], 2, /--repository: there is no folder/],
      [["--from", "ftp:file"], 2, /must begin with env:/],
    ];
    for (const [more, code, message] of cases) {
      const ran = await run(...more, "--yes");
      assertNothingShown(ran);
      assert.equal(ran.code, code, more.join(" "));
      assert.match(`${ran.out}${ran.error}`, message);
    }
    const unmapped = await migrate(
      [
        "--from",
        `env:${desk.write("other.env", `NEW_KEY=${MARK}new\nPORT=8080\nAPI_URL=https://x.example\n`)}`,
        "--to",
        `aws:${prefix()}`,
      ],
      variables(),
    );
    assert.match(
      unmapped.out,
      /✗ NEW_KEY .*nobody says where it goes: add --map NEW_KEY=… or --skip NEW_KEY/,
    );
    assert.match(unmapped.out, /· API_URL .*it is a setting/);
    desk.write("form.env", `DATABASE_URL=${MARK}\nJWT_SECRET=changeme\n`);
    const malformed = await migrate(
      ["--from", `env:${desk.path("form.env")}`, "--to", `aws:${prefix()}`],
      variables(),
    );
    assertNothingShown(malformed);
    assert.match(
      malformed.out,
      /✗ DATABASE_URL .*its value .*postgresql:.*mend it, or map the name elsewhere/,
    );
    assert.match(malformed.out, /✗ JWT_SECRET .*its value .*placeholder/);
    const cutOff = desk.write("quotes.env", `JWT_SECRET='${MARK}it's'\n`);
    const quoted = await migrate(["--from", `env:${cutOff}`, "--to", `aws:${prefix()}`], variables());
    assertNothingShown(quoted);
    assert.equal(quoted.code, 2);
    assert.match(quoted.error, /quotes\.env:1 has text behind its closing quote/);
    desk.write("bad.env", "JWT_SECRET=op://Team/none/none\n");
    const failed = await migrate(
      ["--from", `env:${desk.path("bad.env")}`, "--to", `aws:${prefix()}`],
      variables(),
    );
    assert.equal(failed.code, 2);
    assert.match(failed.error, /JWT_SECRET: op read op:\/\/Team\/none\/none failed: no item for/);
    assert.equal(await currentOf("jwt"), undefined);
  });

  describe("interrupted anywhere and run again", () => {
    let line: Line;
    let stop: { at: number; how: Stop };
    let cut: () => void;

    before(async () => {
      const stopping = (number: number) => (number === stop.at ? stop.how : "never");
      line = await openLine(sandbox.variables.AWS_ENDPOINT_URL ?? "", stopping, () => cut());
    });

    beforeEach(() => {
      stop = { at: 0, how: "never" };
      cut = () => {};
      line.reset();
    });

    after(() => line.close());

    const throughLine = () => ({ ...variables(), AWS_ENDPOINT_URL: line.url });

    it("ends in the same place: the line is cut before a request arrives, or after it was done", async function () {
      this.timeout(soak ? 180_000 : 30_000);
      assert.equal((await migrate(args("--yes"), throughLine())).code, 0);
      const requests = line.count;
      assert.ok(requests > 8, `${requests} requests`);
      // All of them, both ways, in the long run; here every third, one way.
      for (let at = 1; at <= requests; at += soak ? 1 : 3) {
        for (const how of soak
          ? (["before", "after"] as const)
          : [at % 2 === 0 ? ("before" as const) : ("after" as const)]) {
          project++;
          await makeEntries();
          line.reset();
          stop = { at, how };
          const interrupted = await migrate(args("--yes"), throughLine());
          assertNothingShown(interrupted);
          assert.equal(interrupted.code, 1, `cut ${how} request ${at}`);
          stop = { at: 0, how: "never" };
          assert.equal((await migrate(args("--yes"), throughLine())).code, 0);
          await assertMoved();
        }
      }
    });

    const kills = soak ? 50 : 5;
    it(`ends in the same place: killed (SIGKILL) at ${kills} moments`, async function () {
      this.timeout(kills * 6000);
      // The command as one file: it starts in a fraction of the time that tsx takes.
      const script = desk.path("migrate.cjs");
      await build({
        stdin: {
          contents: `import { migrateCommand } from "./cli/commands/migrate";
            void migrateCommand().parseAsync(process.argv.slice(2), { from: "user" });`,
          resolveDir: path.join(__dirname, "../.."),
        },
        outfile: script,
        bundle: true,
        platform: "node",
        external: ["@pulumi/esc-sdk"],
        tsconfigRaw: {},
      });
      for (let kill = 0; kill < kills; kill++) {
        project++;
        await makeEntries();
        line.reset();
        // Spread over all moments, the first five included: a plan asks 5 or 6 times, then come the writes.
        stop = { at: 1 + ((kill * 7 + 8) % 15), how: kill % 2 === 0 ? "after" : "before" };
        const child = spawn(process.execPath, [script, ...args("--yes")], {
          env: { ...process.env, ...throughLine() },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let shown = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (shown += text));
        cut = () => child.kill("SIGKILL");
        const [, signal] = await once(child, "close");
        assert.equal(signal, "SIGKILL", `killed ${stop.how} request ${stop.at}`);
        assertNothingShown({ out: shown, error: "" });
        stop = { at: 0, how: "never" };
        const again = await run("--yes");
        assert.equal(again.code, 0, again.out + again.error);
        await assertMoved();
      }
    });
  });
});
