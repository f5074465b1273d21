import assert from "node:assert/strict";
import { createValidatedPolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import {
  compilePolicy,
  evaluateTrustPolicy,
  GITHUB_ISSUER,
  githubTrustPolicy,
  oidcProviderArn,
  renderDecision,
} from "../trust/index";

const ACCOUNT = "123456789012";
const PREFIX = "token.actions.githubusercontent.com";
const PROVIDER = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });

/** One policy as this project deploys it, and who asks: two are let in, two are not. */
const POLICY = githubTrustPolicy({
  providerArn: PROVIDER,
  subjects: ["repo:acme/app:environment:staging", "repo:acme@11/app@22:environment:staging"],
});
const CLAIMS = [
  { aud: "sts.amazonaws.com", sub: "repo:acme/app:environment:staging" },
  { aud: "sts.amazonaws.com", sub: "repo:acme@11/app@22:environment:staging" },
  { aud: "sts.amazonaws.com", sub: "repo:acme@11/app@22:pull_request" },
  { aud: "https://github.com/acme", sub: "repo:acme@11/app@22:environment:staging" },
];
const EXPECTED = [true, true, false, false];

type Contender = (claims: Readonly<Record<string, string>>) => boolean | Promise<boolean>;

function simulation(prefix: string, claims: Readonly<Record<string, string>>) {
  return {
    request: {
      principal: PROVIDER,
      action: "sts:AssumeRoleWithWebIdentity",
      resource: { resource: `arn:aws:iam::${ACCOUNT}:role/deploy`, accountId: ACCOUNT },
      contextVariables: Object.fromEntries(
        Object.entries(claims).map(([key, value]) => [`${prefix}:${key}`, value]),
      ),
    },
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

const compiled = compilePolicy({ kind: "trust", document: POLICY });
const validated = createValidatedPolicy(POLICY, validateTrustPolicy, { name: "trust" });
// Its validating door drops the keys of issuers it does not know, so it gets the same policy under one it knows.
const RENAMED = "accounts.google.com";
const renamed = JSON.parse(JSON.stringify(POLICY).replaceAll(`"${PREFIX}:`, `"${RENAMED}:`));

const CONTENDERS: Readonly<Record<string, Contender>> = {
  "iam-simulate runSimulation (validates, analyses)": async (claims) => {
    const result = await runSimulation({ ...simulation(RENAMED, claims), resourcePolicy: renamed }, {});
    return result.resultType === "single" && result.overallResult === "Allowed";
  },
  "iam-simulate runUnsafeSimulation (policy validated before, verdict only)": (claims) =>
    runUnsafeSimulation({ ...simulation(PREFIX, claims), resourcePolicy: validated }, {}) === "Allowed",
  "trust, policy compiled before, with explanation": (claims) =>
    evaluateTrustPolicy({ policy: compiled, providerArn: PROVIDER, claims }).allowed,
  "trust, policy compiled before, explanation rendered": (claims) =>
    renderDecision(evaluateTrustPolicy({ policy: compiled, providerArn: PROVIDER, claims })).startsWith(
      "allowed",
    ),
  "trust, policy compiled each time, with explanation": (claims) =>
    evaluateTrustPolicy({ policy: POLICY, providerArn: PROVIDER, claims }).allowed,
};

const ROUNDS = 7;
const BATCH = 100;
const ROUND_MICROSECONDS = 100_000;

/** In processor time of this process, not by the clock: what else runs on the machine must not count. */
async function decisionsPerSecond(decide: Contender): Promise<number> {
  const start = process.cpuUsage();
  let decisions = 0;
  let used = 0;
  while (used < ROUND_MICROSECONDS) {
    for (let i = 0; i < BATCH; i++) {
      const answer = decide(CLAIMS[i % CLAIMS.length] ?? {});
      // Awaiting what is no promise would charge a turn of the event loop to who does not need it.
      if (typeof answer !== "boolean") await answer;
    }
    decisions += BATCH;
    const { user, system } = process.cpuUsage(start);
    used = user + system;
  }
  return (decisions * 1_000_000) / used;
}

/**
 * Prints trust decisions per second, and ours as multiples of iam-simulate's two doors, measured in one run. Ours
 * always builds the whole explanation; compiling the policy is timed apart, as `runUnsafeSimulation` too gets a policy
 * that was validated before. Rounds take turns, and the median of a contender's rounds counts.
 */
export async function benchTrust(): Promise<void> {
  assert.deepEqual(validated.errors, []);
  const rates = new Map<string, number[]>();
  for (const [name, decide] of Object.entries(CONTENDERS)) {
    const answers: boolean[] = [];
    for (const claims of CLAIMS) answers.push(await decide(claims));
    assert.deepEqual(answers, EXPECTED, name);
    rates.set(name, []);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, decide] of Object.entries(CONTENDERS))
      rates.get(name)?.push(await decisionsPerSecond(decide));
  }

  const medians = [...rates].map(([name, list]) => ({ name, rate: median(list) }));
  const [safe, unsafe] = medians.map(({ rate }) => rate);
  console.log("trust: decisions per second of processor time; one policy, two allowed and two denied");
  for (const { name, rate } of medians) {
    const ratios = name.startsWith("trust")
      ? `  ${times(rate, safe)} runSimulation, ${times(rate, unsafe)} runUnsafeSimulation`
      : "";
    console.log(
      `  ${Math.round(rate).toLocaleString("en").padStart(9)}  ${name}${ratios && `\n${" ".repeat(11)}${ratios}`}`,
    );
  }
  console.log("  goals, with explanation: 20x runSimulation, 2x runUnsafeSimulation");
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function times(rate: number, reference = Number.NaN): string {
  return `${(rate / reference).toFixed(1)}x`;
}
