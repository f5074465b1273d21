import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { buildSync } from "esbuild";
import type { Credential } from "../../lambda/rotators/credential";
import { rotate } from "../../lambda/rotators/engine";
import type { JournalDocument } from "../../lambda/rotators/journal";
import type { PostgresSettings } from "../../lambda/rotators/postgres";
import { createAccount, openAdministratorSession, startAws } from "../../sandbox/aws";
import { createSecret } from "../../sandbox/aws/secret-entries";
import { createTable } from "../../sandbox/aws/tables";
import { type PostgresServer, startPostgres } from "../../sandbox/postgres/server";
import { soak } from "../support/soak";
import { callOf, JOURNAL, type KillableCall, portsOf, TARGET } from "./killed-caller";
import { ADMIN, canLogIn, prepareServer } from "./support";

const KILLS = soak ? 50 : 5;
const REGION = "us-east-1";
/** Leases are over by then, and a day's rotations do not fill an entry with versions (AWS keeps 100 for a day). */
const LATER = 3_600_000;

// Proves with SIGKILL, a real server and the journal in AWS what the crash model proves with its own. Where in a call the
// kill comes is left to chance; what became of it is looked up.
describe("a rotation of a real PostgreSQL login", function () {
  this.timeout(soak ? 300_000 : 60_000);
  const folder = mkdtempSync(path.join(tmpdir(), "escapement-killed-"));
  const script = path.join(folder, "caller.cjs");
  const printed: string[] = [];
  const passwords = new Set<string>([ADMIN.password]);
  const children = new Set<ChildProcess>();
  /** How far the account's clock is ahead of this machine's. */
  let ahead = 0;
  const account = createAccount({ now: () => Date.now() + ahead });
  const environment = { ...process.env };
  let server: PostgresServer;
  let settings: PostgresSettings;
  let aws: Awaited<ReturnType<typeof startAws>>;
  let variables: Record<string, string>;

  before(async () => {
    buildSync({
      entryPoints: [path.join(__dirname, "killed-caller.ts")],
      outfile: script,
      bundle: true,
      platform: "node",
      external: ["pg-native"],
      logLevel: "silent",
    });
    [server, aws] = await Promise.all([startPostgres(), startAws({ account, fetch })]);
    settings = await prepareServer(server);
    createTable(account, {
      name: JOURNAL.table,
      region: REGION,
      hashKey: { name: "id", type: "S" },
      billingMode: "PAY_PER_REQUEST",
    });
    createSecret(account, { name: JOURNAL.entryPrefix + TARGET, region: REGION });
    const { accessKeyId, secretAccessKey } = openAdministratorSession(account);
    variables = {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
    Object.assign(process.env, variables);
  });
  after(async () => {
    for (const name of Object.keys(variables)) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    for (const child of children) child.kill("SIGKILL");
    await Promise.all([server.stop(), aws.close()]);
    rmSync(folder, { recursive: true });
  });

  /** One call in this process, after every lease is over. */
  async function call(state: Credential | null): Promise<Credential> {
    ahead += LATER;
    const options: KillableCall = { settings, state, ahead };
    const answer = await rotate(portsOf(options), callOf(options));
    learn(answer);
    return answer;
  }

  /** How long a call takes in such a process. */
  let usual = 0;

  async function loadedCaller(): Promise<ChildProcess> {
    const child = fork(script, {
      env: { ...variables, ESCAPEMENT_KILLED_CALLER: "1" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    children.add(child);
    for (const output of [child.stdout, child.stderr])
      output?.on("data", (text) => printed.push(String(text)));
    await once(child, "message");
    return child;
  }

  /** The same in a process that is killed after so long, unless it is done by then. */
  async function killedCall(state: Credential | null, milliseconds: number): Promise<Credential | undefined> {
    const child = await loadedCaller();
    ahead += LATER;
    const answered = once(child, "message").then(
      ([message]) => message as { answer?: Credential; code?: string },
    );
    const exited = once(child, "exit");
    child.send({ settings, state, ahead } satisfies KillableCall);
    const begun = performance.now();
    const outcome = await Promise.race([answered, wait(milliseconds, undefined, { ref: false })]);
    usual = Math.max(usual, outcome === undefined ? 0 : performance.now() - begun);
    child.kill("SIGKILL");
    await exited;
    children.delete(child);
    // What the server has received, it may still be doing.
    await wait(20);
    if (outcome === undefined) return undefined;
    assert.ok(outcome.answer, outcome.code);
    learn(outcome.answer);
    return outcome.answer;
  }

  function learn(state: Credential): void {
    for (const login of [state, state.previous] as (Credential | undefined)[]) {
      if (login !== undefined) passwords.add(String(login.password));
    }
  }

  async function readJournal(): Promise<JournalDocument | undefined> {
    ahead += LATER;
    const lease = await portsOf({ settings, state: null, ahead }).journal.acquire(TARGET, {
      holder: "inspector",
      milliseconds: 1,
    });
    assert.ok(lease);
    await lease.release();
    const { head, pending } = lease.document ?? {};
    for (const step of [head, pending]) {
      for (const issued of [step?.current, step?.previous]) if (issued) learn(issued.credential);
    }
    return lease.document;
  }

  async function mustWork(login: Credential | undefined, what: string): Promise<void> {
    if (login !== undefined) assert.ok(await canLogIn(server, login), `${what} is dead`);
  }

  it(`survives ${KILLS} kills at any moment, with ESC retrying, forgetting and restoring`, async () => {
    let state = await call(null);
    const revisions = [state];
    // A process that nobody kills tells how long one has to live.
    const spared = await killedCall(state, 20_000);
    assert.ok(spared);
    state = spared;
    revisions.push(state);
    const met = { "before anything was written": 0, "with a rotation begun": 0, "after it was done": 0 };

    for (let kill = 0; kill < KILLS; kill += 1) {
      const answer = await killedCall(state, ((kill + Math.random()) / KILLS) * usual * 1.1);
      const { head, pending } = (await readJournal()) ?? {};
      const done = head?.current.version !== state.version;
      met[done ? "after it was done" : pending ? "with a rotation begun" : "before anything was written"] +=
        1;

      await mustWork(state, "ESC's current credential");
      await mustWork(head?.current.credential, "the journal's current credential");
      const replaced = pending !== undefined && (await canLogIn(server, pending.current.credential));
      if (!replaced) await mustWork(head?.previous?.credential, "the previous credential");

      // What ESC makes of it: it heard the answer, asks again, has lost everything, or has an older revision.
      const known =
        answer ?? [state, state, null, revisions[kill % revisions.length] as Credential][kill % 4] ?? null;
      const next = await call(known);
      await mustWork(next, "an answer");
      await mustWork(next.previous as Credential | undefined, "an answer's previous credential");
      state = await call(next);
      assert.notEqual(state.version, next.version, "the call after that did not rotate");
      await mustWork(state, "an answer");
      await mustWork(next, "what ESC had before");
      revisions.push(next, state);
    }
    if (soak) console.log(`      killed ${KILLS} times: ${JSON.stringify(met)}`);

    const alive = new Set<unknown>();
    for (const revision of revisions) if (await canLogIn(server, revision)) alive.add(revision.password);
    assert.equal(alive.size, 2, "more or fewer than two credentials live");
    if (soak)
      assert.ok(
        Object.values(met).every((times) => times > 0),
        JSON.stringify(met),
      );
  });

  it("leaves no password in the server's log, in what the callers print, or in the journal's table", async () => {
    const client = new DynamoDBClient({ systemClockOffset: ahead });
    const { Item } = await client.send(
      new GetItemCommand({ TableName: JOURNAL.table, Key: { id: { S: TARGET } } }),
    );
    client.destroy();
    assert.deepEqual(Object.keys(Item ?? {}).sort(), ["id", "receipts", "version"]);
    const places = { log: server.log(), printed: printed.join(""), item: JSON.stringify(Item) };
    assert.ok(passwords.size > KILLS && places.log.includes("SCRAM-SHA-256$4096:"));
    for (const [place, text] of Object.entries(places)) {
      for (const password of passwords) assert.ok(!text.includes(password), `${place} holds a password`);
    }
  });
});
