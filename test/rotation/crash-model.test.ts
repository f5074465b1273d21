import assert from "node:assert/strict";
import fc from "fast-check";
import { type Credential, sameJson } from "../../lambda/rotators/credential";
import { rotate } from "../../lambda/rotators/engine";
import { soak } from "../support/soak";
import { histories, type Rotate, runHistory, type Seen, type Subject } from "./history";
import { KeysWorld } from "./world";

const RUNS = soak ? 20_000 : 2_000;

/** Runs histories until one breaks a promise. */
function search(subject: Subject, options: { readonly runs: number; readonly seen?: Seen }) {
  const property = fc.asyncProperty(histories, (history) => runHistory(history, subject, options.seen));
  return fc.check(property, { numRuns: options.runs, seed: 20_261_120, endOnFailure: true });
}

// Proves the engine against every crash, loss, repetition and overtaking that the model has, over ports that keep what
// the real ones promise. What it does not prove is that they do: that is the business of the tests beside this one.
describe("the rotation engine", () => {
  const targets: Readonly<Record<string, { subject: Subject; effects: readonly string[]; runs: number }>> = {
    "two users of one server": { subject: {}, effects: ["create", "apply", "revoke"], runs: RUNS },
    "an API with room for two keys": {
      subject: { world: () => new KeysWorld(2) },
      effects: ["list", "make", "delete"],
      runs: RUNS,
    },
    "an API with room for three keys": {
      subject: { world: () => new KeysWorld(3) },
      effects: ["list", "make", "delete"],
      runs: RUNS / 4,
    },
  };
  for (const [what, { subject, effects, runs }] of Object.entries(targets)) {
    it(`keeps every promise for ${what} in ${runs} histories of crashes, lost replies, two callers and ESC's memory`, async function () {
      this.timeout(180_000);
      const seen: Seen = new Map();
      const { failed, counterexample, errorInstance } = await search(subject, { runs, seen });
      const [history] = counterexample ?? [];
      assert.ok(!failed, `${String(errorInstance)}\n${JSON.stringify(history)}`);
      for (const [what, least] of runs === RUNS ? reached(effects) : []) {
        assert.ok((seen.get(what) ?? 0) >= least, `only ${seen.get(what) ?? 0} times: ${what}`);
      }
      if (soak) console.log(`      ${runs} histories, ${[...seen.values()].reduce((a, b) => a + b)} events`);
    });
  }
});

/** What the histories must have met, so that their promises are not kept for want of trouble. */
function reached(effects: readonly string[]): readonly (readonly [string, number])[] {
  const fates = ["done", "killed before", "killed after", "failed", "reply lost", "twice", "late"];
  return [
    ...["acquire", "save", "verify", "announce", "record", "release", ...effects].flatMap((effect) =>
      fates.map((fate) => [`${effect}: ${fate}`, 5] as const),
    ),
    ["answered", 1_000],
    ["state lost", 500],
    ["revision restored", 500],
    ["effect of a dead caller", 100],
    ["state_unknown", 50],
    ["plan carried out", 50],
    ["rotation_busy", 50],
  ];
}

/** The engine behind a memory of answers by state, one for each history. */
function naiveKey(): Rotate {
  const answers: { readonly state: Credential | null; readonly answer: Credential }[] = [];
  return async (ports, call) => {
    const known = answers.find(({ state }) => sameJson(state, call.state));
    if (known !== undefined) return known.answer;
    const answer = await rotate(ports, call);
    answers.push({ state: call.state, answer });
    return answer;
  };
}

describe("the crash model finds the fault of", () => {
  const mutations: Readonly<Record<string, { readonly subject: Subject; readonly says: RegExp }>> = {
    "no write-ahead: the target is touched before anything is written down": {
      says: /lives that nobody knows/,
      subject: {
        mutate: (ports) => ({
          ...ports,
          journal: {
            ...ports.journal,
            acquire: async (target, options) => {
              const lease = await ports.journal.acquire(target, options);
              return (
                lease && {
                  ...lease,
                  save: async (document, receipts) => {
                    if (document.pending === undefined) await lease.save(document, receipts);
                  },
                }
              );
            },
          },
        }),
      },
    },
    "no lease: two callers at once, and the last one to write wins": {
      says: /dead|lives that nobody knows|died/,
      subject: {
        mutate: (ports, world) => ({
          ...ports,
          journal: {
            ...ports.journal,
            acquire: async () => {
              await ports.target.verify({});
              return {
                document: world.document,
                receipts: world.receipts,
                save: async (document, receipts = world.receipts) => {
                  await ports.target.verify({});
                  world.document = document;
                  world.receipts = receipts;
                },
                record: async (receipts) => {
                  world.receipts = receipts;
                },
                release: async () => {},
              };
            },
          },
        }),
      },
    },
    "a naive key: the answer is kept by the state that it was the answer to": {
      says: /an answer.* is (a |an )?(dead|old)|did not (succeed|rotate)/,
      subject: { rotate: naiveKey },
    },
    "no end to a change: what was held up reaches the target under another's lease": {
      says: /dead|lives that nobody knows|died/,
      subject: {
        mutate: (ports) => ({
          ...ports,
          target: {
            ...ports.target,
            apply: (credential, context) =>
              ports.target.apply(credential, { ...context, remaining: () => Number.POSITIVE_INFINITY }),
          },
        }),
      },
    },
    "no proof: a new credential is answered before the target accepts it": {
      says: /an answer is a dead credential/,
      subject: { mutate: (ports) => ({ ...ports, target: { ...ports.target, verify: async () => true } }) },
    },
    "keys that do not know their own: one of which the answer was lost is there for ever": {
      says: /lives that nobody knows|none that may be ended/,
      subject: {
        world: () => new KeysWorld(2),
        mutate: (ports) => ({
          ...ports,
          target: {
            ...ports.target,
            apply: (credential, context) =>
              ports.target.apply({ ...credential, name: `other-${String(credential.name)}` }, context),
          },
        }),
      },
    },
    "no write-ahead before an API ends the previous key": {
      says: /died before|dead|nobody knows/,
      subject: {
        world: () => new KeysWorld(2),
        mutate: (ports) => ({
          ...ports,
          journal: {
            ...ports.journal,
            acquire: async (target, options) => {
              const lease = await ports.journal.acquire(target, options);
              const save: NonNullable<typeof lease>["save"] = async (document, receipts) => {
                if (document.pending === undefined) await lease?.save(document, receipts);
              };
              return lease && { ...lease, save };
            },
          },
        }),
      },
    },
    "the slot of the current credential is rotated": {
      says: /dead/,
      subject: {
        mutate: (ports) => ({
          ...ports,
          target: {
            ...ports.target,
            create: (next) => ports.target.create({ ...next, slot: next.slot === "a" ? "b" : "a" }),
          },
        }),
      },
    },
  };

  for (const [fault, { subject, says }] of Object.entries(mutations)) {
    it(fault, async function () {
      this.timeout(20_000);
      const { failed, errorInstance } = await search(subject, { runs: 2_000 });
      assert.ok(failed, "it did not");
      assert.match(String(errorInstance), says);
    });
  }
});
