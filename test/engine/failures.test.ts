import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DeploymentEvent } from "../../sandbox/engine/index";
import { everythingShown, password, type Run, resourceNamed, run, runAll } from "./support";

type Name =
  | "refused"
  | "invoke"
  | "hook"
  | "throws"
  | "broken"
  | "resourceError"
  | "exits"
  | "waits"
  | "loops";

/** The pids that a program printed. */
function pidsOf({ printed }: Pick<Run, "printed">): number[] {
  const line = printed.find((text) => text.startsWith("pids "));
  return line?.split(" ").slice(1).map(Number) ?? [];
}

async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
    // A killed process stays on the list, dead, until whoever inherited it has noticed.
    if (stdout.trim() === "" || stdout.startsWith("Z")) return true;
    await delay(20);
  }
  return false;
}

/** Runs a program that never ends, and interrupts it once it runs. */
function interrupted(main: string): Promise<Run> {
  const controller = new AbortController();
  const onEvent = (event: DeploymentEvent) => {
    if (event.kind === "output") setTimeout(() => controller.abort(), 100);
  };
  return run(main, { signal: controller.signal, onEvent });
}

describe("a program that fails", () => {
  let runs: Record<Name, Run>;

  before(async function () {
    this.timeout(60_000);
    runs = await runAll<Name>({
      waits: () => run("failing/waits.ts", { timeoutMs: 6000 }),
      loops: () => interrupted("failing/loops.ts"),
      refused: () => run("failing/refused.ts", { operation: "preview" }),
      invoke: () => run("failing/unknown-invoke.ts"),
      hook: () => run("failing/hook.ts"),
      throws: () => run("failing/throws.ts"),
      broken: () => run("failing/broken.ts"),
      resourceError: () => run("failing/resource-error.ts"),
      exits: () => run("failing/exits.ts"),
    });
  });

  const linesOf = (from: Run) => from.deployment.diagnostics.map(({ message }) => message);

  it("never counts as deployed, and says why on one line", () => {
    for (const [name, { deployment }] of Object.entries(runs)) {
      assert.equal(deployment.ok, false, name);
      assert.ok(deployment.failure, name);
      assert.ok(!deployment.failure.message.includes("\n"), name);
      assert.ok(!deployment.failure.message.includes(__dirname), name);
    }
  });

  it("hears at preview of everything that this cloud does not know, by name", () => {
    const expected = [
      /^test:index:Nope "unknown-type" .*resource type not known/,
      /^other:index:Nope "unknown-package" .*resource type not known/,
      /^pulumi:providers:other "unknown-provider" .*resource type not known/,
      /^test:index:Thing "no-such-id": there is none with the id thing-404$/,
      /^test:index:Far "unknown-component" .*remote component not known/,
      /^pulumi:pulumi:StackReference "acme\/infra\/nowhere": there is no stack acme\/infra\/nowhere in this cloud$/,
      /^test:index:Thing "imported" \(failing\/refused\.ts:\d+\): the engine does not know the option import$/,
      /^test:index:Thing "twin" .*Duplicate resource URN '.*'; try giving it a unique name$/,
    ];
    const lines = linesOf(runs.refused);
    for (const pattern of expected) {
      assert.ok(
        lines.some((line) => pattern.test(line)),
        String(pattern),
      );
    }
    assert.equal(lines.length, expected.length);
  });

  it("is refused an invoke by name, even when it catches the error and exits with 0", () => {
    assert.deepEqual(linesOf(runs.invoke), ["test:index:getNope: invoke not known to this cloud"]);
    assert.equal(runs.invoke.deployment.failure?.code, "ERR_ENGINE_REFUSED");
  });

  it("is refused hooks by name, for an ignored hook would be silently wrong", () => {
    assert.deepEqual(linesOf(runs.hook), ["the engine does not know registerResourceHook (tell)"]);
  });

  it("hears what it threw and where, without the stack", () => {
    assert.deepEqual(linesOf(runs.throws), [
      "TypeError: the shape is wrong; and this is why (failing/throws.ts:6:9)",
    ]);
    assert.equal(runs.throws.deployment.failure?.code, "ERR_ENGINE_PROGRAM");
  });

  it("hears which resource its own error is about, and keeps what it said before", () => {
    const [warning] = runs.resourceError.deployment.diagnostics;
    assert.equal(warning?.severity, "warning");
    assert.deepEqual(linesOf(runs.resourceError), [
      "mind the label [secret]",
      'test:index:Thing "thing" (failing/resource-error.ts:5): label: must be longer',
    ]);
  });

  it("hears which resource could not be made, without the secret in the provider's reason", () => {
    assert.deepEqual(linesOf(runs.broken), [
      'test:index:Thing "broken" (failing/broken.ts:5): no room for [secret]',
    ]);
    assert.equal(runs.broken.deployment.failure?.code, "ERR_ENGINE_RESOURCE");
    assert.ok(!everythingShown(runs.broken).includes(password));
    assert.equal(resourceNamed(runs.broken, "broken").failed, true);
  });

  it("starts nothing new at up once a resource has failed", () => {
    assert.deepEqual(
      runs.broken.requests.map(({ name }) => name),
      ["broken"],
    );
  });

  it("hears that it ended too early when it calls process.exit(0), whoever still holds its output", () => {
    for (const pid of pidsOf(runs.exits)) process.kill(pid);
    assert.match(
      runs.exits.deployment.failure?.message ?? "",
      /before it was done: does it call process\.exit\(\)\?/,
    );
    assert.ok(runs.exits.deployment.durationMs < 60_000);
  });

  it("is killed with all it started when its time is up", async () => {
    assert.equal(runs.waits.deployment.failure?.code, "ERR_ENGINE_TIMEOUT");
    assert.match(runs.waits.deployment.failure?.message ?? "", /within 6 s/);
    const pids = pidsOf(runs.waits);
    assert.equal(pids.length, 2);
    for (const pid of pids) assert.ok(await isGone(pid), `${pid} is still there`);
  });

  it("is killed on interruption, in an endless loop too", async () => {
    assert.equal(runs.loops.deployment.failure?.code, "ERR_ENGINE_ABORTED");
    const pids = pidsOf(runs.loops);
    assert.equal(pids.length, 1);
    for (const pid of pids) assert.ok(await isGone(pid), `${pid} is still there`);
  });

  it("does not outlive an engine that was killed", async () => {
    const script = path.join(__dirname, "fixtures", "engine.ts");
    const engine = spawn(process.execPath, ["--require", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(engine.stdout, "data")) as [Buffer];
    engine.kill("SIGKILL");
    const pids = pidsOf({ printed: [line.toString().trim()] });
    assert.equal(pids.length, 2);
    for (const pid of pids) assert.ok(await isGone(pid), `${pid} is still there`);
  });

  it("ends within 3 s, also when an apply throws and a timer would keep it alive", async () => {
    const threw = await run("failing/throws-in-apply.ts");
    assert.deepEqual(linesOf(threw), [
      'error serializing property "label": no label for [secret] (failing/throws-in-apply.ts:7:9)',
    ]);
    assert.deepEqual(threw.printed, ["the password is [secret]"]);
    assert.ok(!everythingShown(threw).includes(password));
    // On a machine too busy for 3 s: a few times a run that ends by itself. The fault it guards against takes 20 s.
    const bound = Math.max(3000, 4 * runs.throws.deployment.durationMs);
    assert.ok(threw.deployment.durationMs < bound, `${threw.deployment.durationMs} ms`);
  });

  it("does not begin when it was interrupted before", async () => {
    const { deployment, printed } = await run("basic.ts", { signal: AbortSignal.abort() });
    assert.equal(deployment.failure?.code, "ERR_ENGINE_ABORTED");
    assert.deepEqual([deployment.resources, printed], [[], []]);
  });
});
