import assert from "node:assert/strict";
import { ResourceNotFoundException } from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../../lambda/errors";
import type { Credential } from "../../lambda/rotators/credential";
import { type RotationPorts, rotate } from "../../lambda/rotators/engine";
import { DEFAULT_EXPECTATION, type TargetReport } from "../../lambda/rotators/inspect";
import type { Journal } from "../../lambda/rotators/journal";
import { createAwsJournal } from "../../lambda/rotators/journal-aws";
import { type OperationRecord, operate } from "../../lambda/rotators/operations";
import type { Target } from "../../lambda/rotators/target";
import type { UnstickReport, UnstickWish } from "../../lambda/rotators/unstick";
import { type BaseWorld, type Gate, KeysWorld, World } from "./world";

const atOnce: Gate = async (_name, effect) => effect();
const OWNER = "acme/app/rotated-staging-db";
const ID = "postgres/db";
const HOUR = 3_600_000;

/** A target with its rotations, and the person on call. */
function start<W extends BaseWorld>(world: W, journalOf?: (journal: Journal) => Journal) {
  world.now = Date.parse("2026-11-20T03:00:00Z");
  const ports = world.ports(atOnce);
  /** What stands between: changed by what a failure does. */
  const front: { target: Target; journal: Journal } = {
    target: ports.target,
    journal: journalOf?.(ports.journal) ?? ports.journal,
  };
  const now = (): RotationPorts => ({ ...ports, ...front });
  const records: OperationRecord[] = [];
  const ask = async (operation: object) => {
    const target = () => front.target;
    const targets = [{ id: ID, environment: OWNER, target, expectation: DEFAULT_EXPECTATION, told: true }];
    const answer = await operate(operation, {
      targets,
      ports: now(),
      log: (_level, record) => void records.push(record),
    });
    assert.ok(!("error" in answer), JSON.stringify(answer));
    return answer;
  };
  const status = async (): Promise<TargetReport> => {
    const { targets } = (await ask({ operation: "status" })) as { targets: [TargetReport] };
    return targets[0];
  };
  const unstick = async (wish: UnstickWish = {}): Promise<UnstickReport> => {
    const { unstick } = (await ask({ operation: "unstick", target: OWNER, by: "on-call", ...wish })) as {
      unstick: UnstickReport;
    };
    return unstick;
  };
  const codes = async () => (await status()).findings.map(({ code }) => code);
  return {
    world,
    front,
    records,
    ask,
    status,
    codes,
    unstick,
    call: (state: Credential | null) =>
      rotate(now(), { target: ID, owner: OWNER, state, requestedBy: "ana" }),
    /** Time goes by, so that nothing is too soon. */
    later: (hours = 24) => {
      world.now += hours * HOUR;
    },
    /** What issue and page promise, whatever has been mended. */
    mustHold(exempt: readonly unknown[] = []) {
      const { head, pending } = world.document ?? {};
      for (const issued of [head?.current, head?.previous]) {
        if (issued === undefined || exempt.includes(world.secretOf(issued.credential))) continue;
        assert.ok(world.accepts(issued.credential), "a credential that is answered is dead");
      }
      assert.equal(pending, undefined);
      assert.ok(world.live().length <= world.most);
      for (const secret of world.live())
        assert.ok(world.isKnown(secret), "a credential lives that nobody knows");
    },
  };
}

/** Two rotations, a day apart. */
async function rotatedTwice<W extends BaseWorld>(world: W, journalOf?: (journal: Journal) => Journal) {
  const started = start(world, journalOf);
  const first = await started.call(null);
  started.later();
  const second = await started.call(first);
  started.later();
  assert.deepEqual(await started.codes(), []);
  return { ...started, first, second };
}

/** A target whose named function fails once, or as long as it is told to. */
function failing(target: Target, name: "apply" | "verify", error: Error): Target {
  return { ...target, [name]: async () => Promise.reject(error) };
}

for (const [what, makeWorld] of Object.entries({
  "two users": () => new World(),
  "two keys": () => new KeysWorld(2),
})) {
  describe(`what goes wrong with ${what}`, () => {
    it("a rotation that was cut off before it reached the target: named, and gone on with", async () => {
      const { world, front, call, second, codes, unstick, mustHold } = await rotatedTwice(makeWorld());
      const { target } = front;
      front.target = failing(target, "apply", new AdapterError("target_unavailable", "no route"));
      await assert.rejects(call(second), { code: "target_unavailable" });
      front.target = target;
      assert.deepEqual(await codes(), ["last_attempt_failed", "unfinished"]);
      const planned = await unstick();
      assert.deepEqual([planned.done, planned.steps.length], [false, 1]);
      assert.deepEqual(await codes(), ["last_attempt_failed", "unfinished"], "without yes nothing is done");
      const { done, report } = await unstick({ yes: true });
      assert.deepEqual([done, report.findings], [true, []]);
      mustHold();
      const answer = await call(second);
      assert.ok(world.accepts(answer) && world.accepts(answer.previous as Credential));
      assert.equal(answer.version, report.current?.version);
    });

    it("a rotation that was cut off after the target had it: named, and finished", async () => {
      const { front, call, second, status, unstick, mustHold } = await rotatedTwice(makeWorld());
      const { target } = front;
      front.target = {
        ...target,
        revoke: async () => Promise.reject(new AdapterError("rotation_timeout", "killed")),
      };
      await assert.rejects(call(second), { code: "rotation_timeout" });
      front.target = target;
      const { findings } = await status();
      assert.match(findings.at(-1)?.says ?? "", /works already/);
      const { report } = await unstick({ yes: true });
      assert.deepEqual(report.findings, []);
      mustHold();
      assert.equal((await call(second)).version, report.current?.version);
    });

    it("somebody changed the credential in use by hand: put right, never overwritten in the journal first", async () => {
      const { world, call, second, codes, unstick, mustHold, later } = await rotatedTwice(makeWorld());
      world.changeByHand("b");
      await assert.rejects(call(second), { code: "state_unknown" });
      assert.deepEqual(await codes(), ["last_attempt_failed", "current_refused"]);
      const { report } = await unstick({ yes: true });
      assert.deepEqual(report.findings, []);
      mustHold();
      const again = await call(second);
      assert.ok(world.accepts(again));
      later();
      assert.notEqual((await call(again)).version, again.version);
    });

    it("the target takes longer than a rotation waits: named, and proven later", async () => {
      const { front, call, second, codes, unstick, mustHold } = await rotatedTwice(makeWorld());
      const { target } = front;
      const isNew = ({ password, key }: Credential) =>
        ![second.password, second.key].includes(password ?? key);
      front.target = {
        ...target,
        verify: async (credential) => !isNew(credential) && target.verify(credential),
      };
      await assert.rejects(call(second), { code: "rotation_unproven" });
      assert.ok((await codes()).includes("unfinished"));
      front.target = target;
      assert.deepEqual((await unstick({ yes: true })).report.findings, []);
      mustHold();
    });

    it("the function does not reach its target: named with what usually is behind it; what was begun waits", async () => {
      const { front, call, second, status, unstick, mustHold } = await rotatedTwice(makeWorld());
      const { target } = front;
      const unreachable = new AdapterError("target_unavailable", "ETIMEDOUT");
      front.target = failing(target, "verify", unreachable);
      await assert.rejects(call(second), { code: "target_unavailable" });
      const { findings } = await status();
      assert.equal(findings.at(-1)?.code, "cannot_tell");
      assert.match(findings.at(-1)?.says ?? "", /security group/);
      assert.deepEqual((await unstick({ yes: true })).steps, [], "there is nothing to mend from here");
      front.target = target;
      await call(second);
      mustHold();
    });

    it("what is in use works and is bad all the same: the previous one is in use again, and the bad one goes next", async () => {
      const { world, call, first, second, unstick, mustHold, later } = await rotatedTwice(makeWorld());
      const { report } = await unstick({ yes: true, back: true });
      assert.equal(report.current?.version, first.version);
      mustHold();
      const back = await call(second);
      assert.deepEqual(
        [back.version, (back.previous as Credential).version],
        [first.version, second.version],
      );
      later();
      const forward = await call(back);
      assert.ok(world.accepts(forward) && world.accepts(back) && !world.accepts(second));
      mustHold();
    });

    it("nothing works and nothing is known: the next rotation begins with nothing", async () => {
      const { world, call, second, unstick, mustHold, later } = await rotatedTwice(makeWorld());
      world.clear();
      const { done } = await unstick({ yes: true, restart: true });
      assert.ok(done);
      const fresh = await call(second);
      assert.ok(world.accepts(fresh));
      later();
      await call(fresh);
      mustHold();
    });

    it("ESC has lost its state: the next rotation answers what is in use, and the one after rotates", async () => {
      const { call, second, codes, mustHold, later } = await rotatedTwice(makeWorld());
      assert.deepEqual(await call(null), second);
      assert.deepEqual(await codes(), []);
      later();
      assert.notEqual((await call(second)).version, second.version);
      mustHold();
    });

    it("two rotations were too quick for who uses it: named, and told once more", async () => {
      const { world, call, second, codes, unstick } = await rotatedTwice(makeWorld());
      const third = await call(second);
      await call(third);
      assert.deepEqual(await codes(), ["too_soon"]);
      const before = world.events.length;
      await unstick({ yes: true });
      assert.equal(world.events.length, before + 1);
      assert.deepEqual(world.events.at(-1)?.receipt?.current, world.events.at(-2)?.receipt?.current);
    });

    it("the journal's document has been deleted: the pointer is given up, and ESC's own state goes on", async () => {
      let lost = false;
      const { call, second, codes, unstick, mustHold, later } = await rotatedTwice(
        makeWorld(),
        (journal) => ({
          ...journal,
          read: async (target) => {
            const entry = await journal.read(target);
            const gone = () => Promise.reject(notFound());
            return lost ? { ...entry, document: gone } : entry;
          },
          forget: async (target) => {
            await journal.forget(target);
            lost = false;
          },
        }),
      );
      lost = true;
      assert.deepEqual(await codes(), ["journal_lost"]);
      await unstick({ yes: true });
      assert.deepEqual(await codes(), ["never_rotated"]);
      const adopted = await call(second);
      assert.equal((adopted.previous as Credential).password, second.password);
      later();
      await call(adopted);
      mustHold();
    });
  });
}

function notFound(): AdapterError {
  const cause = new ResourceNotFoundException({ message: "not found", $metadata: {} });
  return new AdapterError("journal_unavailable", "the journal's entry answered ResourceNotFoundException", {
    cause,
  });
}

describe("what goes wrong with two users alone", () => {
  it("the previous login was changed by hand: it is put right with the same password", async () => {
    const { world, codes, unstick, mustHold, first } = await rotatedTwice(new World());
    world.changeByHand("a");
    assert.deepEqual(await codes(), ["previous_refused"]);
    assert.deepEqual((await unstick({ yes: true })).report.findings, []);
    assert.ok(world.accepts(first));
    mustHold();
  });

  it("a proxy knows one of the two users: named, and finished once it knows both", async () => {
    const started = start(new World());
    const { front, call, codes, status, unstick, later } = started;
    const { target } = front;
    front.target = { ...target, verify: async (login) => login.username !== "b" && target.verify(login) };
    const first = await call(null);
    later();
    await assert.rejects(call(first), { code: "rotation_unproven" });
    assert.match((await status()).findings.at(-1)?.says ?? "", /a proxy/);
    assert.ok((await codes()).includes("unfinished"));
    front.target = target;
    assert.deepEqual((await unstick({ yes: true })).report.findings, []);
    started.mustHold();
  });
});

describe("what goes wrong with two keys alone", () => {
  it("a key that nobody knows takes the room: named, and ended when it is idle or when somebody names it", async () => {
    const day = (days: number, from: number) => new Date(from - days * 24 * HOUR).toISOString();
    for (const [lastUsed, idle] of [
      [null, true],
      [day(30, Date.parse("2026-11-20T03:00:00Z")), true],
      [day(1, Date.parse("2026-11-20T03:00:00Z")), false],
      [undefined, false],
    ] as const) {
      const { world, call, codes, unstick, mustHold, later } = start(new KeysWorld(2));
      const first = await call(null);
      later();
      const stranger = world.make("made in the console");
      if (lastUsed !== undefined) stranger.lastUsed = lastUsed;
      await assert.rejects(call(first), { code: "target_full" });
      assert.ok(world.accepts(first));
      assert.deepEqual(await codes(), ["last_attempt_failed", "unfinished", "crowded"]);
      const plan = await unstick();
      assert.equal(
        plan.steps.some((step) => step.includes(stranger.id)),
        idle,
      );
      const { report } = await unstick({ yes: true, ...(!idle && { end: [stranger.id] }) });
      assert.deepEqual(
        report.findings.map(({ code }) => code),
        [],
      );
      assert.ok(!world.keys.has(stranger.id));
      mustHold();
      const answer = await call(first);
      assert.equal((answer.previous as Credential).version, first.version);
    }
  });

  it("a previous key that was deleted by hand cannot be had back: everybody is told to look again", async () => {
    const { world, codes, unstick, call, second } = await rotatedTwice(new KeysWorld(2));
    world.changeByHand("a");
    assert.deepEqual(await codes(), ["previous_refused"]);
    const before = world.events.length;
    await unstick({ yes: true });
    assert.equal(world.events.length, before + 1);
    const third = await call(second);
    assert.ok(world.accepts(third) && world.accepts(second));
  });
});

describe("receipts", () => {
  it("say what was rotated, for whom, how it was proven and that the one before the previous is dead, by no value", async () => {
    const { call, second, first, status, later, world } = await rotatedTwice(new World());
    const third = await call(second);
    const { receipts } = await status();
    const { at, proven, announced, ended, ...last } = receipts.at(-1) ?? {};
    assert.deepEqual(last, {
      outcome: "rotated",
      requestedBy: "ana",
      current: { slot: "a", version: third.version, rotatedAt: third.rotatedAt },
      previous: { slot: "b", version: second.version, rotatedAt: second.rotatedAt },
    });
    assert.deepEqual([ended?.version, ended?.proof, announced], [first.version, "refused", true]);
    assert.ok(at !== undefined && proven !== undefined && ended !== undefined && ended.at <= at);
    const text = JSON.stringify([receipts, world.events]);
    for (const { password } of [first, second, third]) assert.ok(!text.includes(String(password)));
    let state: Credential = third;
    for (let turn = 0; turn < 40; turn += 1) {
      later();
      state = await call(state);
    }
    assert.equal((await status()).receipts.length, 30);
  });

  it("say so when what should be dead still works, and so does status", async () => {
    const { front, call, second, first, codes, status } = await rotatedTwice(new World());
    const { target } = front;
    front.target = {
      ...target,
      verify: async (login) => login.password === first.password || target.verify(login),
    };
    await call(second);
    assert.equal((await status()).receipts.at(-1)?.ended?.proof, "accepted");
    assert.deepEqual(await codes(), ["not_ended"]);
  });
});

describe("events", () => {
  const kinds = (world: BaseWorld) => world.events.map(({ kind }) => kind);

  it("a rotation is told once, a failed one once, and one that is answered again not at all", async () => {
    const { world, front, call, later } = start(new World());
    const first = await call(null);
    assert.deepEqual(kinds(world), ["succeeded"]);
    await call(null);
    assert.deepEqual(kinds(world), ["succeeded"]);
    later();
    front.target = failing(front.target, "apply", new AdapterError("target_denied", "28P01"));
    await assert.rejects(call(first), { code: "target_denied" });
    assert.deepEqual(kinds(world), ["succeeded", "failed"]);
    assert.equal(world.events.at(-1)?.receipt?.code, "target_denied");
  });

  it("what is overdue is told by the daily look, once each time, and nothing else is", async () => {
    const { world, ask, records, status, later, first } = await rotatedTwice(new World());
    await ask({ operation: "watch" });
    assert.deepEqual([kinds(world).length, records.at(-1)?.overdue], [2, []]);
    later(DEFAULT_EXPECTATION.overdueHours);
    assert.ok((await status()).overdue);
    await ask({ operation: "watch" });
    assert.deepEqual(kinds(world), ["succeeded", "succeeded", "overdue"]);
    assert.deepEqual(records.at(-1)?.overdue, [ID]);
    const { since, environment } = world.events.at(-1) ?? {};
    assert.ok(since !== undefined && since > String(first.rotatedAt));
    assert.equal(environment, OWNER);
  });

  it("one that could not be sent is named, and sent by unstick", async () => {
    const { world, call, codes, unstick, later, second } = await rotatedTwice(new World());
    const { length } = world.events;
    world.deaf = true;
    await call(second);
    later();
    assert.deepEqual(await codes(), ["unannounced"]);
    world.deaf = false;
    assert.deepEqual((await unstick({ yes: true })).report.findings, []);
    assert.equal(world.events.length, length + 1);
  });

  it("one that could not be sent is sent by the next call", async () => {
    const world = new World();
    const ports = world.ports(atOnce);
    const call = (state: Credential | null, announce = ports.announce) =>
      rotate({ ...ports, announce }, { target: ID, owner: OWNER, state });
    const first = await call(null, async () => false);
    assert.equal(world.events.length, 0);
    await call(first);
    assert.deepEqual(
      world.events.map(({ receipt }) => receipt?.current?.slot),
      ["a", "b"],
    );
  });
});

describe("the journal in AWS", () => {
  /** A version that cannot be read for a while, or ever. */
  function journalWith(reads: readonly ("found" | Error)[]) {
    const left = [...reads];
    return createAwsJournal({
      table: "journal",
      entryPrefix: "app/rotation/",
      dynamodb: {
        send: async () => ({ Attributes: { version: { S: "v1" } }, Item: { version: { S: "v1" } } }),
      } as never,
      secretsManager: {
        send: async () => {
          const outcome = left.length > 1 ? left.shift() : left[0];
          if (outcome !== "found") throw outcome;
          return { SecretString: JSON.stringify({ owner: OWNER }) };
        },
      } as never,
    });
  }
  const missing = new ResourceNotFoundException({ message: "", $metadata: {} });

  it("waits for a version that was written a moment ago", async () => {
    const lease = await journalWith([missing, missing, "found"]).acquire(ID, {
      holder: "h",
      milliseconds: 1,
    });
    assert.equal(lease?.document?.owner, OWNER);
  });

  it("tells what it may not read from what is not there", async () => {
    const denied = Object.assign(new Error("arn:secret"), { name: "AccessDeniedException" });
    for (const [error, code] of [
      [denied, "cannot_tell"],
      [missing, "journal_lost"],
    ] as const) {
      const { status } = start(new World(), () => journalWith([error]));
      const [finding] = (await status()).findings;
      assert.equal(finding?.code, code);
      assert.ok(!finding.says.includes("arn:secret"));
    }
  });
});
