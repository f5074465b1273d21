import assert from "node:assert/strict";
import fc from "fast-check";
import { type Credential, sameJson } from "../../lambda/rotators/credential";
import { rotate } from "../../lambda/rotators/engine";
import { soak } from "../support/soak";
import { histories, type Rotate, runHistory, type Seen, type Subject } from "./history";

const RUNS = soak ? 20_000 : 2_000;

/** Runs histories until one breaks a promise. */
function search(subject: Subject, options: { readonly runs: number; readonly seen?: Seen }) {
  const property = fc.asyncProperty(histories, (history) => runHistory(history, subject, options.seen));
  return fc.check(property, { numRuns: options.runs, seed: 20_261_120, endOnFailure: true });
}

// Proves the engine against every crash, loss, repetition and overtaking that the model has, over ports that keep what
// the real ones promise. What it does not prove is that they do: that is the business of the tests beside this one.
describe("the rotation engine", () => {
  it(`keeps every promise in ${RUNS} histories of crashes, lost replies, two callers and ESC's memory`, async function () {
    this.timeout(120_000);
    const seen: Seen = new Map();
    const { failed, counterexample, errorInstance } = await search({}, { runs: RUNS, seen });
    const [history] = counterexample ?? [];
    assert.ok(!failed, `${String(errorInstance)}\n${JSON.stringify(history)}`);
    for (const [what, least] of REACHED) {
      assert.ok((seen.get(what) ?? 0) >= least, `only ${seen.get(what) ?? 0} times: ${what}`);
    }
    if (soak) console.log(`      ${RUNS} histories, ${[...seen.values()].reduce((a, b) => a + b)} events`);
  });
});

/** What the histories must have met, so that their promises are not kept for want of trouble. */
const REACHED: readonly (readonly [string, number])[] = [
  ...["acquire", "create", "save", "apply", "verify", "revoke", "release"].flatMap((port) =>
    ["done", "killed before", "killed after", "failed", "reply lost", "twice", "late"].map(
      (fate) => [`${port}: ${fate}`, 10] as const,
    ),
  ),
  ["answered", 1_000],
  ["state lost", 500],
  ["revision restored", 500],
  ["effect of a dead caller", 100],
  ["state_unknown", 50],
  ["plan carried out", 50],
  ["rotation_busy", 50],
];

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
            acquire: async (target, options) => {
              const lease = await ports.journal.acquire(target, options);
              return (
                lease && {
                  ...lease,
                  save: async (document) => {
                    if (document.pending === undefined) await lease.save(document);
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
            acquire: async () => {
              await ports.target.verify({});
              return {
                document: world.document,
                save: async (document) => {
                  await ports.target.verify({});
                  world.document = document;
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
            apply: (credential) =>
              ports.target.apply(credential, { remaining: () => Number.POSITIVE_INFINITY }),
          },
        }),
      },
    },
    "no proof: a new credential is answered before the target accepts it": {
      says: /an answer is a dead credential/,
      subject: { mutate: (ports) => ({ ...ports, target: { ...ports.target, verify: async () => true } }) },
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
