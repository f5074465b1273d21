import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check, type EvaluateOptions, open, type Provider, type Rotator } from "../esc/evaluator";

const ROUNDS = 30;

/** The best times of one case, and what was opened: both evaluators must have done the same work. */
interface Measured {
  readonly checkNs: number;
  readonly openNs: number;
  readonly redacted: unknown;
}

/**
 * Prints how our check and open compare with Pulumi's evaluator as a native Go binary on the module's own cases,
 * in one run. A case's time is the best of 30 rounds, for a busy machine only ever adds to it, and includes writing the
 * result as JSON. Needs Go.
 */
export async function benchEvaluator(): Promise<void> {
  const { binary, cases } = buildOfficial();
  const official: Record<string, Measured> = JSON.parse(
    execFileSync(binary, [cases, `${ROUNDS}`], { encoding: "utf8", maxBuffer: 2 ** 26 }),
  );
  const ours: Record<string, Measured> = {};
  for (const name of readdirSync(cases)) {
    ours[name] = await measure(cases, name);
    assert.deepEqual(ours[name].redacted, official[name]?.redacted, `the evaluators disagree on ${name}`);
  }
  report(`${Object.keys(ours).length} official cases`, Object.values(ours), Object.values(official));
  report("its largest, 26 imports", pick(ours, "bench"), pick(official, "bench"));
}

/** The binary shares the shim's go.mod, so both are the same version of the evaluator. */
function buildOfficial(): { binary: string; cases: string } {
  const root = join(__dirname, "..");
  const shim = join(root, "esc", "evaluator", "shim");
  const binary = join(root, "build", "bench", "official");
  mkdirSync(join(root, "build", "bench"), { recursive: true });
  const go = (...args: string[]) => execFileSync("go", args, { cwd: shim, encoding: "utf8" }).trim();
  go("build", "-trimpath", "-buildvcs=false", "-o", binary, join(root, "bench", "official", "main.go"));
  const module = go("list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/esc");
  return { binary, cases: join(module, "eval", "testdata", "eval") };
}

const echo: Provider = { open: async (_inputs, { markedInputs }) => markedInputs };
const echoState = async (_inputs: unknown, _state: unknown, call: { markedState: unknown }) =>
  call.markedState ?? {};
const keep: Rotator = { open: echoState, rotate: echoState };

async function measure(folder: string, name: string): Promise<Measured> {
  const file = (environment: string) => join(folder, name, `${environment}.yaml`);
  const definitions = new Map<string, string>();
  for (const entry of readdirSync(join(folder, name)).filter((entry) => entry.endsWith(".yaml"))) {
    const environment = entry.slice(0, -".yaml".length);
    definitions.set(environment, readFileSync(file(environment), "utf8"));
  }
  const rot128 = { decrypt: async (bytes: Uint8Array) => bytes.map((byte) => byte + 128) };
  const options: EvaluateOptions = {
    yaml: definitions.get("env") ?? "",
    name,
    decrypter: rot128,
    providers: { bench: echo, error: echo, schema: echo, "secret-wrapper": echo, test: echo },
    rotators: { echo: keep, swap: keep },
    loadEnvironment: async (environment) => {
      const yaml = definitions.get(environment);
      if (yaml === undefined) throw new Error("file does not exist");
      return { yaml, decrypter: rot128 };
    },
  };
  const { redactedJson = "null" } = await open(options);
  return {
    checkNs: await best(() => check(options)),
    openNs: await best(() => open(options)),
    redacted: JSON.parse(redactedJson),
  };
}

async function best(work: () => Promise<unknown>): Promise<number> {
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await work();
    ns = Math.min(ns, (performance.now() - start) * 1e6);
  }
  return ns;
}

function pick(all: Record<string, Measured>, name: string): Measured[] {
  return all[name] ? [all[name]] : [];
}

function report(what: string, ours: readonly Measured[], official: readonly Measured[]): void {
  for (const [operation, key] of [
    ["check", "checkNs"],
    ["open", "openNs"],
  ] as const) {
    const sum = (all: readonly Measured[]) => all.reduce((total, each) => total + each[key], 0) / 1e6;
    const [mine, theirs] = [sum(ours), sum(official)];
    console.log(
      `${operation}: ${(mine / theirs).toFixed(1)} times the Go binary (${what}: ${mine.toFixed(1)} ms and ${theirs.toFixed(1)} ms)`,
    );
  }
}
