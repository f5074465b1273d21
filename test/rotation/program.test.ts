import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { rotateCommand } from "../../cli/commands/rotate";
import { createEscClient } from "../../cli/esc-client";
import { CommandFailure } from "../../cli/exit";
import { createFunctionClient, type FunctionClient } from "../../cli/function-client";
import { isWell, runRotation } from "../../cli/rotate";
import type { TargetReport } from "../../lambda/rotators/inspect";
import type { UnstickReport, UnstickWish } from "../../lambda/rotators/unstick";
import { openAdministratorSession } from "../../sandbox/aws";
import { ringingAlarms } from "../../sandbox/aws/metrics";
import { secretsManagerClient } from "../../sandbox/aws-clients";
import { LaptopCloud } from "../../sandbox/cloud";
import { createEscServer, type EscServer } from "../../sandbox/pulumi";
import { TurnableClock } from "../../sandbox/testing/clock";
import { readOpened } from "../../sandbox/testing/opened";
import { startInline } from "../support/inline";

const ID = { organization: "acme", project: "partner", name: "rotated-staging-key" };
const REGION = "eu-west-1";
const ADMIN = "admin-Token-3f";
/** Past what status calls too soon in this program. Not a day: a function starts anew after twelve hours. */
const LATER = 3600 + 60;
const DAY = 24 * 3600;

/** What is wrong with the API: nothing answers; it makes no key; a key's answer is lost; a new key does not work yet. */
type Fault = "down" | "makes none" | "loses the answer" | "slow";

/** An API with room for two keys, that can be broken. */
class KeyServer {
  readonly keys = new Map<string, { id: string; name: string; secret: string }>();
  fault: Fault | undefined;
  #made = 0;
  /** The key that was made while keys were slow to work, by id. */
  #slow: string | undefined;
  readonly server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { status, content } = this.#answer(`${request.method} ${request.url}`, request.headers, body);
    if (request.method === "POST" && this.fault === "loses the answer") {
      request.socket.destroy();
      return;
    }
    response.writeHead(status);
    response.end(content === undefined ? "" : JSON.stringify(content));
  });

  #answer(
    asked: string,
    headers: NodeJS.Dict<string | string[]>,
    body: string,
  ): { status: number; content?: unknown } {
    if (this.fault === "down" || (this.fault === "makes none" && asked === "POST /keys"))
      return { status: 500 };
    if (asked === "GET /me") {
      const key = [...this.keys.values()].find(({ secret }) => secret === headers["x-api-key"]);
      const isKey = key !== undefined && (this.fault !== "slow" || this.#slow !== key.id);
      return { status: isKey ? 200 : 401 };
    }
    if (headers.authorization !== `Bearer ${ADMIN}`) return { status: 401 };
    if (asked === "GET /keys") return { status: 200, content: [...this.keys.values()] };
    if (asked.startsWith("DELETE "))
      return { status: this.keys.delete(asked.split("/").at(-1) ?? "") ? 204 : 404 };
    if (this.keys.size === 2) return { status: 409 };
    this.#made += 1;
    const key = {
      id: `k${this.#made}`,
      name: JSON.parse(body).name,
      secret: `secret-${this.#made}-${"x".repeat(20)}`,
    };
    this.keys.set(key.id, key);
    if (this.fault === "slow") this.#slow = key.id;
    return { status: 201, content: key };
  }
}

// Proves rotation as code: one program, brought up twice, a key of an HTTP API, ESC's schedule, events, alarms, and what the
// person on call asks, all by the deployed function in its deployed role.
describe("a program with a rotated credential", function () {
  this.timeout(60_000);
  const clock = new TurnableClock();
  const api = new KeyServer();
  let cloud: LaptopCloud;
  let esc: EscServer;
  let escUrl: string;
  let onCall: FunctionClient;
  const environment = { ...process.env };

  before(async () => {
    api.server.listen(0, "127.0.0.1");
    await once(api.server, "listening");
    cloud = await LaptopCloud.start({ now: clock.now });
    cloud.routes.set(
      "https://keys.example.com",
      `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`,
    );
    esc = createEscServer({ service: cloud.esc, accessToken: "pul-test" });
    escUrl = await esc.start();
    await up({});
    const administrator = openAdministratorSession(cloud.account);
    const entry = [...cloud.account.secrets.values()].find(({ name }) => name === "partner/staging/admin");
    await secretsManagerClient(cloud.awsClientOptions(REGION), administrator).send(
      new PutSecretValueCommand({ SecretId: entry?.arn, SecretString: JSON.stringify({ token: ADMIN }) }),
    );
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: cloud.aws.url,
      AWS_ACCESS_KEY_ID: administrator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: administrator.secretAccessKey,
      AWS_REGION: REGION,
      PULUMI_BACKEND_URL: escUrl,
      PULUMI_ACCESS_TOKEN: "pul-test",
      ESCAPEMENT_ROTATE_FUNCTION: String(cloud.outputs("partner/staging")?.functionName),
    });
    onCall = await createFunctionClient({
      functionName: String(cloud.outputs("partner/staging")?.functionName),
      region: REGION,
      now: clock.now,
    });
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
    await esc.stop();
    await cloud.stop();
    api.server.close();
    api.server.closeAllConnections();
  });

  async function up(config: Record<string, string>): Promise<void> {
    const { failure } = await cloud.deploy({
      directory: path.join(__dirname, "program"),
      stack: "staging",
      operation: "up",
      config,
      startRunner: startInline,
    });
    assert.equal(failure?.message, undefined);
  }

  const run = async (first = false) => {
    const client = await createEscClient({ url: escUrl, accessToken: "pul-test" });
    return runRotation(client, ID, { first, functionClient: onCall });
  };
  /** `escapement rotate …`, with what it prints and exits with. */
  async function command(...words: string[]): Promise<{ readonly code: number; readonly out: string }> {
    const { write } = process.stdout;
    let out = "";
    process.stdout.write = ((text: string) => {
      out += text;
      return true;
    }) as typeof write;
    try {
      await rotateCommand().parseAsync(words, { from: "user" });
      return { code: 0, out };
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      return { code: error.exitCode, out: out + error.message };
    } finally {
      process.stdout.write = write;
    }
  }
  const status = async () => {
    const { targets } = (await onCall.operate({ operation: "status" })) as unknown as {
      targets: [TargetReport];
    };
    return targets[0];
  };
  async function unstick(wish: UnstickWish = {}): Promise<UnstickReport> {
    const target = `acme/${ID.project}/${ID.name}`;
    const answer = await onCall.operate({ operation: "unstick", target, yes: true, ...wish });
    return (answer as unknown as { unstick: UnstickReport }).unstick;
  }
  const codes = async () => (await status())?.findings.map(({ code }) => code);
  /** ESC has what was mended from its next rotation. */
  async function told(): Promise<void> {
    assert.match((await run()).problems[0] ?? "", /it has that now; run it again to rotate/);
    clock.advance(LATER);
  }
  /** Rotations work again: the next two go through, the last two keys work, and nobody finds anything. */
  async function goesOn(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      const before = await current();
      assert.deepEqual((await run()).problems, []);
      clock.advance(LATER);
      if (round === 0) continue;
      const after = await current();
      assert.ok(works(after.key) && works(before.key) && after.previous?.key === before.key);
    }
    assert.deepEqual(await codes(), []);
  }
  async function current(): Promise<{ key: string; version: string; previous?: { key: string } }> {
    const session = await cloud.esc.open(ID);
    const { rotated } = readOpened(cloud.esc.readSession(ID, session.id)).values as {
      rotated: { key: { current: { key: string; version: string; previous?: { key: string } } } };
    };
    return rotated.key.current;
  }
  const works = (key: string) => [...api.keys.values()].some(({ secret }) => secret === key);
  /** What EventBridge has taken since. */
  function eventsSince(count: number) {
    return [...cloud.account.events.values()]
      .slice(count)
      .map(({ detailType, sentTo }) => [detailType, sentTo.length]);
  }
  const eventCount = () => cloud.account.events.size;

  it("is refused in the preview of a stage that imports it before it was rotated, with the command that does it", async () => {
    const { ok, failure } = await cloud.deploy({
      directory: path.join(__dirname, "program"),
      stack: "staging",
      operation: "preview",
      config: { "partner:stage": "true" },
    });
    assert.equal(ok, false);
    assert.match(
      String(failure?.message),
      /has not been rotated yet, .*run "escapement rotate run --first acme\/partner\/rotated-staging-key"/,
    );
  });

  it("is rotated for the first time when somebody says that it is the first", async () => {
    const name = "acme/partner/rotated-staging-key";
    const before = await command("status");
    assert.deepEqual([before.code, /never_rotated: .*--first/.test(before.out)], [1, true], before.out);
    const early = await command("run", name);
    assert.deepEqual([early.code, /run it with --first/.test(early.out)], [1, true], early.out);
    const count = eventCount();
    const first = await command("run", name, "--first", "--json");
    const { ok, versions, revisions } = JSON.parse(first.out);
    assert.deepEqual(
      [first.code, ok, versions.before, revisions],
      [0, true, undefined, { before: 2, after: 3 }],
    );
    assert.ok(works((await current()).key));
    assert.deepEqual(eventsSince(count), [["Rotation succeeded", 1]]);
    assert.deepEqual(ringingAlarms(cloud.account), []);
    const again = await command("run", name, "--first");
    assert.deepEqual([again.code, /without --first/.test(again.out)], [1, true]);
  });

  it("is looked at, and has nothing to be mended", async () => {
    const { version } = await current();
    const shown = await command("status", "http-api/key");
    assert.equal(shown.code, 0, shown.out);
    assert.match(shown.out, new RegExp(`✓ http-api/key, .*\\n  version ${version} in slot a, rotated at 20`));
    assert.match(
      (await command("receipts", "http-api/key")).out,
      new RegExp(`rotated for .*: ${version} in slot a`),
    );
    const plan = await command("unstick", "http-api/key");
    assert.deepEqual([plan.code, /Nothing can be mended/.test(plan.out)], [0, true]);
    for (const [words, says] of [
      [["status", "nobody"], /nobody is not one of the targets here: http-api\/key/],
      [["status", "--function", "elsewhere"], /Function not found/],
      [["run", "acme/partner/none"], /does not exist/],
    ] as const) {
      const { code, out } = await command(...words);
      assert.ok(code > 0 && says.test(out), out);
    }
    delete process.env.ESCAPEMENT_ROTATE_FUNCTION;
    assert.deepEqual(await command("status"), {
      code: 2,
      out: "--function is required: the function of AdapterRotate, its output functionName",
    });
  });

  it("goes on when its adapter's address changes, and Pulumi does not write what ESC wrote", async () => {
    const before = { url: cloud.outputs("partner/staging")?.url, revision: cloud.esc.store.read(ID) };
    await up({ "partner:httpApi": "true", "partner:stage": "true" });
    assert.notEqual(cloud.outputs("partner/staging")?.url, before.url);
    assert.deepEqual(cloud.esc.store.read(ID), before.revision);
    const stage = { ...ID, name: "staging" };
    const opened = readOpened(cloud.esc.readSession(stage, (await cloud.esc.open(stage)).id));
    assert.equal(opened.values.id, [...api.keys.keys()].at(-1));
    const first = await current();
    clock.advance(LATER);
    const { ok, problems } = await run();
    assert.deepEqual([ok, problems], [true, []]);
    const second = await current();
    assert.ok(works(second.key) && works(first.key) && second.previous?.key === first.key);
  });

  it("is rotated by its schedule, on the sandbox's clock, and by nothing else", async () => {
    const before = await current();
    clock.set(new Date("2027-01-31T12:00:00Z"));
    await cloud.runSchedules();
    const { version } = await current();
    clock.set(new Date("2027-02-01T02:59:00Z"));
    assert.deepEqual(await cloud.runSchedules(), []);
    clock.set(new Date("2027-02-01T03:00:30Z"));
    const [event] = await cloud.runSchedules();
    assert.equal(event?.status, "succeeded");
    assert.notEqual((await current()).version, version);
    assert.ok(works((await current()).key) && !works(before.key));
    assert.ok(isWell(await status()));
  });

  it("that fails sends one event and rings one alarm, is named by status and mended by unstick", async () => {
    clock.advance(LATER);
    const count = eventCount();
    api.fault = "down";
    const failed = await run();
    assert.equal(failed.ok, false);
    assert.match(failed.problems[0] ?? "", /502 target_unavailable/);
    assert.deepEqual(eventsSince(count), [["Rotation failed", 0]]);
    assert.deepEqual(ringingAlarms(cloud.account), ["partner-staging-rotate-rotation-failed"]);
    const codes = (await status()).findings.map(({ code }) => code);
    assert.deepEqual(codes, ["last_attempt_failed", "cannot_tell"]);
    api.fault = undefined;
    const stranger = { id: "console", name: "made in the console", secret: "whoever" };
    api.keys.delete([...api.keys.keys()][0] ?? "");
    api.keys.set(stranger.id, stranger);
    const mended = await unstick({ end: ["console"] });
    assert.ok(mended.done && !api.keys.has("console"), JSON.stringify(mended));
    assert.deepEqual((await run()).problems, []);
    assert.ok(isWell(await status()), JSON.stringify((await status()).findings));
  });

  describe("for the person on call", () => {
    beforeEach(() => clock.advance(LATER));
    afterEach(() => {
      api.fault = undefined;
    });

    for (const [what, fault, failure] of [
      ["was cut off before the target had it", "makes none", "target_unavailable"],
      ["was cut off after the target had it", "loses the answer", "target_unavailable"],
      ["has made a key that works only later", "slow", "rotation_unproven"],
    ] as const) {
      it(`a rotation that ${what} is named, and finished`, async () => {
        api.fault = fault;
        assert.match((await run()).problems[0] ?? "", new RegExp(failure));
        api.fault = undefined;
        assert.ok((await codes())?.includes("unfinished"), String(await codes()));
        assert.deepEqual((await unstick()).report.findings, []);
        await told();
        await goesOn();
      });
    }

    it("a key in use that somebody deleted is named, and replaced", async () => {
      const { key } = await current();
      for (const [id, { secret }] of api.keys) if (secret === key) api.keys.delete(id);
      assert.match((await run()).problems[0] ?? "", /state_unknown/);
      assert.ok((await codes())?.includes("current_refused"), String(await codes()));
      assert.deepEqual((await unstick()).report.findings, []);
      await told();
      await goesOn();
    });

    it("a key that works and is bad all the same gives way to the one before", async () => {
      const { version, previous } = await current();
      assert.ok((await unstick({ back: true })).done);
      await run();
      const back = await current();
      assert.equal(back.key, previous?.key);
      assert.notEqual(back.version, version);
      clock.advance(LATER);
      await goesOn();
    });

    it("rotations that were too quick for who uses the key are named, and told once more", async () => {
      await run();
      await run();
      assert.deepEqual(await codes(), ["too_soon"]);
      const count = eventCount();
      await unstick();
      assert.deepEqual(eventsSince(count), [["Rotation succeeded", 1]]);
      clock.advance(LATER);
      await goesOn();
    });

    it("a state that ESC lost comes back with the next rotation, and no key is made for it", async () => {
      const before = await current();
      const made = [...api.keys.keys()];
      const { yaml } = cloud.esc.store.read(ID);
      await cloud.esc.store.update(ID, yaml.replace(/^ *state:[\s\S]*/m, ""));
      await run(true);
      assert.equal((await current()).key, before.key);
      assert.deepEqual([...api.keys.keys()], made);
      clock.advance(LATER);
      await goesOn();
    });

    it("a journal whose document was deleted is named, and begun anew from what ESC has", async () => {
      const { secrets } = cloud.account;
      const [arn] = [...secrets].find(([, { name }]) => name.includes("/rotation/")) ?? [];
      const entry = secrets.get(String(arn));
      entry?.versions.clear();
      assert.deepEqual(await codes(), ["journal_lost"]);
      await unstick();
      assert.deepEqual(await codes(), ["never_rotated"]);
      await run();
      clock.advance(LATER);
      await goesOn();
    });

    it("where no key works any more, the next rotation begins with nothing", async () => {
      api.keys.clear();
      assert.match((await run()).problems[0] ?? "", /state_unknown/);
      assert.ok((await unstick({ restart: true })).done);
      await run();
      assert.ok(works((await current()).key));
      clock.advance(LATER);
      await goesOn();
    });
  });

  it("that is overdue sends one event and rings one alarm when the daily rule looks", async () => {
    clock.advance(36 * DAY);
    const count = eventCount();
    await cloud.aws.runSchedules();
    assert.deepEqual(eventsSince(count), [["Rotation overdue", 0]]);
    assert.deepEqual(ringingAlarms(cloud.account), ["partner-staging-rotate-rotation-overdue"]);
    assert.deepEqual(
      (await status()).findings.map(({ code }) => code),
      ["overdue"],
    );
  });

  describe("after all of that", () => {
    it("has its receipts without values, and neither event, log nor state holds one", async () => {
      const { receipts } = await status();
      assert.ok(receipts.filter(({ outcome }) => outcome === "rotated").every(({ announced }) => announced));
      assert.ok(receipts.some(({ ended }) => ended?.proof === "refused"));
      const places = {
        receipts: JSON.stringify(receipts),
        events: JSON.stringify([...cloud.account.events.values()]),
        logs: JSON.stringify([...cloud.account.logGroups.values()]),
        definition: cloud.esc.store.read(ID).yaml,
        outputs: JSON.stringify(cloud.state().stacks.get("partner/staging") ?? {}),
      };
      for (const [place, text] of Object.entries(places)) {
        assert.ok(text.length > 20, place);
        assert.ok(!/secret-\d+-x/.test(text) && !text.includes(ADMIN), `${place} holds a value`);
      }
    });
  });
});
