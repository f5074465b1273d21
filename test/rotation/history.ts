import assert from "node:assert/strict";
import fc from "fast-check";
import { AdapterError } from "../../lambda/errors";
import type { Credential } from "../../lambda/rotators/credential";
import { type RotationCall, type RotationPorts, rotate } from "../../lambda/rotators/engine";
import { StateUnknownError } from "../../lambda/rotators/errors";
import type { IssuedCredential, RotationStep, Slot } from "../../lambda/rotators/journal";
import { type BaseWorld, type Gate, LIMITS, World } from "./world";

/** What becomes of one effect and of the caller that waits for it. */
export type Fate = "done" | "killed before" | "killed after" | "failed" | "reply lost" | "twice" | "late";

/** One thing that happens. Numbers are taken modulo what there is to choose from. */
export type Event =
  | { readonly kind: "call" }
  | { readonly kind: "run"; readonly caller: number; readonly steps: number; readonly fate: Fate }
  /** One that nothing happens to, after whoever had the lease. */
  | { readonly kind: "rotation" }
  | { readonly kind: "arrives"; readonly answer: number }
  | { readonly kind: "answer lost"; readonly answer: number }
  | { readonly kind: "lands"; readonly effect: number }
  | { readonly kind: "time"; readonly milliseconds: number }
  | { readonly kind: "state lost" }
  | { readonly kind: "restored"; readonly revision: number }
  | { readonly kind: "changed by hand"; readonly slot: Slot };

export interface History {
  /** Whether the target takes a while to accept a new credential. */
  readonly slow: boolean;
  /** Whether the first state is a credential that somebody wrote into it by hand, and of which slot. */
  readonly adopted: Slot | null;
  readonly events: readonly Event[];
}

const small = fc.nat(7);
const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>("done") },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Fate>(
      "killed before",
      "killed after",
      "failed",
      "reply lost",
      "twice",
      "late",
    ),
  },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Event>({ kind: "call" }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("run" as const), caller: small, steps: fc.nat(12), fate }),
  },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: "rotation" }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("arrives" as const), answer: small }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("answer lost" as const), answer: small }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lands" as const), effect: small }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      milliseconds: fc.constantFrom(1, 100, LIMITS.leaseMilliseconds + 1, 86_400_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: "state lost" }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restored" as const), revision: small }) },
);
const byHand: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant("changed by hand" as const),
  slot: fc.constantFrom<Slot>("a", "b"),
});

/** Histories; in one of eight somebody changes credentials at the target by hand. */
export const histories: fc.Arbitrary<History> = fc.record({
  slow: fc.boolean(),
  adopted: fc.option(fc.constantFrom<Slot>("a", "b"), { freq: 3 }),
  events: fc.oneof(
    { weight: 7, arbitrary: fc.array(event, { maxLength: 60, size: "max" }) },
    {
      weight: 1,
      arbitrary: fc.array(fc.oneof({ weight: 12, arbitrary: event }, { weight: 1, arbitrary: byHand }), {
        maxLength: 60,
        size: "max",
      }),
    },
  ),
});

export type Rotate = (ports: RotationPorts, call: RotationCall) => Promise<Credential>;

/** What a mutation changes: the ports of every caller, or the engine around them. */
export interface Subject {
  /** @default two users of one server */
  readonly world?: () => BaseWorld;
  readonly rotate?: () => Rotate;
  readonly mutate?: (ports: RotationPorts, world: BaseWorld) => RotationPorts;
}

/** How often each thing was seen, so that a test can tell that a history reached what it is about. */
export type Seen = Map<string, number>;

/** One call of the engine, which waits at every effect until it is told how that ends. */
class RunningCaller {
  mode: "alive" | "dead" | "done" = "alive";
  /** How things were when the last effect under the lease was over: then the answer was decided. */
  decision: Decision | undefined;
  outcome: { readonly answer: Credential } | { readonly error: unknown } | undefined;
  waiting: { readonly name: string; readonly effect: () => unknown; readonly resume: Resume } | undefined;
  /** Until it waits at a gate or has ended. */
  arrival: Promise<void>;
  #arrived: () => void = () => {};

  constructor(run: (gate: Gate) => Promise<Credential>) {
    this.arrival = this.#expect();
    const gate: Gate = <T>(name: string, effect: () => T) =>
      new Promise<T>((resolve, reject) => {
        this.waiting = { name, effect, resume: { resolve: resolve as (value: unknown) => void, reject } };
        this.#arrived();
      });
    run(gate).then(
      (answer) => this.#end({ answer }),
      (error: unknown) => this.#end({ error }),
    );
  }

  /** Lets it go on, with or without a reply, until it waits again. */
  go(reply: { readonly value: unknown } | { readonly error: unknown }): Promise<void> {
    const { resume } = this.waiting as NonNullable<RunningCaller["waiting"]>;
    this.waiting = undefined;
    this.arrival = this.#expect();
    if ("value" in reply) resume.resolve(reply.value);
    else resume.reject(reply.error);
    return this.arrival;
  }

  #end(outcome: NonNullable<RunningCaller["outcome"]>): void {
    this.outcome = outcome;
    this.mode = "done";
    this.#arrived();
  }

  #expect(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }
}

interface Decision {
  /** The secrets that the target accepted. */
  readonly accepted: ReadonlySet<unknown>;
  /** Of the journal's head. */
  readonly version: string | undefined;
}

interface Resume {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class Injected extends Error {
  override readonly name = "Injected";
}

const OWNER = "acme/app/rotated-staging-db";
const REFUSALS = [
  "rotation_busy",
  "rotation_unproven",
  "rotation_timeout",
  "state_unknown",
  "target_full",
  "target_refused",
];

/** Runs one history against the engine and checks all that is promised after every effect. */
export async function runHistory(history: History, subject: Subject, seen: Seen = new Map()): Promise<void> {
  const run = new Run(history, subject, seen);
  for (const event of history.events) await run.happen(event);
  await run.end();
}

class Run {
  readonly #world: BaseWorld;
  readonly #rotate: Rotate;
  readonly #subject: Subject;
  readonly #seen: Seen;
  #callers: RunningCaller[] = [];
  /** Answers on their way to ESC. */
  #answers: Credential[] = [];
  /** Effects of callers that are gone. */
  #late: (() => unknown)[] = [];
  /** What ESC has, and what it has ever had. */
  #state: Credential | null = null;
  #revisions: Credential[] = [];
  /** Whether what ESC has was good when it got it, and nobody was at work to make it old. */
  #sound = true;
  /** Passwords that somebody made or ended behind everybody's back: nobody answers for those. */
  readonly #byHand = new Set<unknown>();
  /** Passwords that were made by hand and written into the state. */
  readonly #given = new Set<unknown>();
  /** Of those, the ones that the journal has known: the others are nobody's business but the maker's. */
  readonly #adopted = new Set<unknown>();

  constructor({ slow, adopted }: History, subject: Subject, seen: Seen) {
    this.#world = subject.world?.() ?? new World();
    this.#world.slow = slow;
    this.#subject = subject;
    this.#rotate = subject.rotate?.() ?? rotate;
    this.#seen = seen;
    if (adopted !== null) this.#giveByHand(adopted);
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case "call":
        if (this.#alive().length < 2) await this.#call();
        return;
      case "run": {
        const caller = pick(this.#alive(), event.caller);
        for (let step = 0; step < event.steps && caller?.mode === "alive"; step += 1) {
          await this.#step(caller, "done");
        }
        if (caller?.mode === "alive") await this.#step(caller, event.fate);
        return;
      }
      case "rotation":
        this.#world.now += LIMITS.leaseMilliseconds + 1;
        await this.#undisturbed();
        return;
      case "arrives": {
        const answer = take(this.#answers, event.answer);
        if (answer === undefined) return;
        // One that was overtaken is an old state, like one that is restored.
        const { head } = this.#world.document ?? {};
        this.#sound = answer.version === head?.current.version || this.#isGood(answer);
        this.#state = answer;
        this.#revisions.push(answer);
        this.#note("answer arrived");
        break;
      }
      case "answer lost":
        take(this.#answers, event.answer);
        return;
      case "lands": {
        const effect = take(this.#late, event.effect);
        if (effect === undefined) return;
        attempt(effect);
        this.#note("effect of a dead caller");
        break;
      }
      case "time":
        this.#world.now += event.milliseconds;
        return;
      case "state lost":
        this.#state = null;
        this.#note("state lost");
        return;
      case "restored": {
        const revision = pick(this.#revisions, event.revision);
        if (revision === undefined) return;
        this.#state = revision;
        this.#sound = this.#isGood(revision);
        this.#note("revision restored");
        return;
      }
      case "changed by hand": {
        for (const secret of this.#world.changeByHand(event.slot)) this.#byHand.add(secret);
        this.#note("changed by hand");
      }
    }
    this.#check();
  }

  /** Everybody is gone, leases are over: the next call succeeds, or says what to do, and that works. */
  async end(): Promise<void> {
    this.#callers = [];
    this.#late = [];
    this.#world.now += LIMITS.leaseMilliseconds + 1;
    const first = await this.#undisturbed();
    if (first === undefined) {
      for (const password of this.#live()) this.#byHand.add(password);
      this.#world.forget();
      // One who finds no working credential begins with none.
      const slot = pick<Slot | null>(["a", "b", null], this.#world.now) ?? null;
      this.#state = null;
      if (slot === null) this.#world.clear();
      else this.#giveByHand(slot);
      assert.ok(await this.#undisturbed(), "the plan of state_unknown did not work");
      this.#note("plan carried out");
    }
    const before = this.#state?.version;
    assert.ok(await this.#undisturbed(), "the call after one that succeeded did not succeed");
    assert.notEqual(this.#state?.version, before, "the call after one that succeeded did not rotate");
    const { head } = this.#world.document ?? {};
    for (const password of this.#live()) {
      assert.ok(
        [head?.current, head?.previous].some(
          (known) => known !== undefined && this.#world.secretOf(known.credential) === password,
        ) ||
          this.#byHand.has(password) ||
          (this.#given.has(password) && !this.#adopted.has(password)),
        "a credential is orphaned for good",
      );
    }
    for (const { outcome, current, announced } of this.#world.receipts) {
      if (outcome !== "rotated") continue;
      assert.ok(announced, "nobody was told of a rotation");
      assert.ok(
        this.#world.events.some(({ receipt }) => receipt?.current?.version === current?.version),
        "a rotation is written down as told, and was not",
      );
    }
  }

  /** One call without accidents, of which the answer arrives. Undefined: state_unknown. */
  async #undisturbed(): Promise<Credential | undefined> {
    const caller = await this.#call();
    while (caller.mode === "alive") await this.#step(caller, "done");
    const { outcome } = caller;
    if (outcome !== undefined && "error" in outcome) {
      if (outcome.error instanceof StateUnknownError && outcome.error.plan.length > 0) return undefined;
      const isFull = outcome.error instanceof AdapterError && outcome.error.code === "target_full";
      if (isFull && this.#endStrangers()) {
        this.#world.now += LIMITS.leaseMilliseconds + 1;
        return this.#undisturbed();
      }
      throw outcome.error;
    }
    const answer = this.#answers.pop();
    assert.ok(answer);
    this.#state = answer;
    this.#sound = true;
    this.#revisions.push(answer);
    this.#check();
    return answer;
  }

  /** Somebody ends what was made by hand and is nobody's: a state that was lost before it was ever heard of. */
  #endStrangers(): boolean {
    const strangers = [...this.#given].filter(
      (secret) => this.#live().includes(secret) && !this.#world.isKnown(secret),
    );
    for (const secret of strangers) {
      this.#world.endByHand(secret);
      this.#byHand.add(secret);
      this.#note("stranger ended");
    }
    return strangers.length > 0;
  }

  async #call(): Promise<RunningCaller> {
    const call = { target: "postgres/db", owner: OWNER, state: this.#state };
    const caller = new RunningCaller((gate) => {
      const ports = this.#world.ports(gate);
      return this.#rotate(this.#subject.mutate?.(ports, this.#world) ?? ports, call);
    });
    this.#callers.push(caller);
    await caller.arrival;
    this.#settle(caller);
    return caller;
  }

  async #step(caller: RunningCaller, fate: Fate): Promise<void> {
    const { waiting } = caller;
    assert.ok(waiting, "a caller waits for something that no gate knows");
    const { name, effect } = waiting;
    this.#note(`${name}: ${fate}`);
    switch (fate) {
      case "done":
        await caller.go(attempt(effect));
        break;
      case "twice": {
        attempt(effect);
        await caller.go(attempt(effect));
        break;
      }
      case "failed":
        await caller.go({ error: new Injected("it did not happen") });
        break;
      case "reply lost":
        attempt(effect);
        await caller.go({ error: new Injected("the reply was lost") });
        break;
      case "killed before":
        caller.mode = "dead";
        break;
      case "killed after":
        attempt(effect);
        caller.mode = "dead";
        break;
      case "late":
        this.#late.push(effect);
        caller.mode = "dead";
    }
    this.#check();
    this.#settle(caller);
  }

  /** What a caller has come to, once. */
  #settle(caller: RunningCaller): void {
    this.#callers = this.#callers.filter(({ mode }) => mode === "alive");
    // What it still does is telling others.
    if (["announce", "record", "release"].includes(caller.waiting?.name ?? "")) {
      caller.decision ??= this.#decide();
    }
    const { outcome, decision = this.#decide() } = caller;
    if (outcome === undefined) return;
    if ("error" in outcome) {
      const { error } = outcome;
      if (error instanceof Injected) return;
      assert.ok(error instanceof AdapterError && REFUSALS.includes(error.code), String(error));
      if (error.code === "target_refused") {
        assert.ok(this.#seen.has("effect of a dead caller") || this.#seen.has("make: twice"), String(error));
      }
      if (error.code === "state_unknown") {
        assert.ok(this.#byHand.size > 0, "state_unknown although nobody changed anything by hand");
      }
      this.#note(error.code);
      return;
    }
    const { answer } = outcome;
    const mustBeAccepted = (credential: Credential, message: string) =>
      assert.ok(
        this.#isExempt(credential) || decision.accepted.has(this.#world.secretOf(credential)),
        message,
      );
    mustBeAccepted(answer, "an answer is a dead credential");
    const previous = answer.previous as Credential | undefined;
    if (previous !== undefined) mustBeAccepted(previous, "an answer's previous credential is dead");
    assert.equal(answer.version, decision.version, "an answer is an old one");
    this.#answers.push(answer);
    this.#note("answered");
  }

  /** After every effect. */
  #check(): void {
    const { head, pending } = this.#world.document ?? {};
    if (this.#sound && this.#state !== null) {
      this.#mustHold(this.#state, "ESC's current credential is dead");
    }
    if (head !== undefined)
      this.#mustHold(head.current.credential, "the journal's current credential is dead");
    if (head?.previous !== undefined && !this.#isReplaced(head.previous, pending)) {
      this.#mustHold(
        head.previous.credential,
        "a previous credential died before the next rotation succeeded",
      );
    }
    const live = this.#live();
    assert.ok(live.length <= this.#world.most, `more than ${this.#world.most} credentials live`);
    for (const secret of live) {
      const isKnown = this.#world.isKnown(secret);
      if (isKnown) this.#adopted.add(secret);
      assert.ok(
        isKnown || this.#byHand.has(secret) || this.#given.has(secret),
        "a credential lives that nobody knows",
      );
    }
  }

  #mustHold(credential: Credential, message: string): void {
    assert.ok(this.#isExempt(credential) || this.#world.holds(credential), message);
  }

  /** What somebody ended behind everybody's back, by itself or by taking its slot. */
  #isExempt(credential: Credential): boolean {
    return this.#world.isOverruled(credential, this.#byHand);
  }

  /** Whether the next rotation has ended this one, as far as it may. */
  #isReplaced(previous: IssuedCredential, pending: RotationStep | undefined): boolean {
    if (pending === undefined) return false;
    return (
      this.#world.isReplaced(previous, pending) ||
      this.#byHand.has(this.#world.secretOf(pending.current.credential))
    );
  }

  /** A state that somebody puts back is as good as a new one while it works and nobody is about to change that. */
  #isGood(state: Credential): boolean {
    const { head, pending } = this.#world.document ?? {};
    const { previous } = head ?? {};
    const isEnding =
      previous !== undefined &&
      this.#world.secretOf(previous.credential) === this.#world.secretOf(state) &&
      this.#isReplaced(previous, pending);
    return this.#alive().length + this.#late.length === 0 && this.#world.holds(state) && !isEnding;
  }

  #giveByHand(slot: Slot): void {
    this.#state = this.#world.makeByHand(slot);
    this.#sound = true;
    this.#given.add(this.#world.secretOf(this.#state));
    this.#revisions.push(this.#state);
  }

  #decide(): Decision {
    const { document } = this.#world;
    return { accepted: new Set(this.#world.accepted()), version: document?.head?.current.version };
  }

  #live(): readonly unknown[] {
    return this.#world.live();
  }

  #alive(): RunningCaller[] {
    return this.#callers.filter(({ mode }) => mode === "alive");
  }

  #note(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }
}

function attempt(effect: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: effect() };
  } catch (error) {
    return { error };
  }
}

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from.length === 0 ? undefined : from[index % from.length];
}

function take<T>(from: T[], index: number): T | undefined {
  return from.length === 0 ? undefined : from.splice(index % from.length, 1)[0];
}
