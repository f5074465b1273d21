import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { bundleAdapter } from "../lambda/bundle";
import type { AdapterConfig } from "../lambda/config";
import { AUDIENCE, escClaims, ISSUER } from "../test/adapter/support/fixture";
import { signToken, startJwksServer } from "../test/adapter/support/issuer";
import type { Task } from "./adapter-contender";

const LOADS = 15;
const ROUNDS = 5;
const TOKENS = 2_000;
const MILLISECONDS = 1_000;
const BODY = JSON.stringify({ source: "vault", name: "database" });

/**
 * Prints size, load time and speed of the adapter as ratios to an adapter written the way the published
 * reference documents it, and to jose's own `jwtVerify`. Every measurement is a process of its own on one core
 * where `taskset` is there (without it the ratios wander); contenders take turns and the median counts.
 */
export async function benchAdapter(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "escapement-bench-"));
  try {
    await compareBundles(folder);
    await compareSpeed(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compareBundles(folder: string): Promise<void> {
  const ours = await bundleAdapter();
  const reference = await bundleAdapter({ entry: path.join(__dirname, "reference-adapter/index.ts") });
  const carrying = await bundleAdapter({
    entry: path.join(__dirname, "reference-adapter/with-clients.ts"),
  });
  report("adapter bundle, bytes", ours.bytes, carrying.bytes, { atMost: 1 });

  // Ours begins to read its address while it loads; an endpoint that never answers keeps the network out of it.
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const around = { "config.json": JSON.stringify(config), "load.mjs": LOADER };
  const folders = [
    write(path.join(folder, "ours"), { ...ours.files, ...around }),
    write(path.join(folder, "reference"), { ...reference.files, ...around }),
  ];
  const times = folders.map((): number[] => []);
  for (let i = 0; i < LOADS; i += 1) {
    for (const [at, each] of folders.entries()) times[at]?.push(await loadTime(each, endpoint));
  }
  silent.closeAllConnections();
  silent.close();
  const [load = 0, referenceLoad = 0] = times.map(median);
  report("adapter load to first answer, ms", load, referenceLoad, { atMost: 1.1 });
}

/** All three AWS clients are configured, so that ours loads what the reference loads. */
const config: AdapterConfig = {
  organization: "acme",
  issuers: [{ issuer: ISSUER, jwksUri: `${ISSUER}/.well-known/jwks` }],
  routes: [{ path: "/open", action: "open", audienceParameter: "/adapter/audience" }],
  access: [],
  sources: { "secrets-manager": {} },
  replay: { store: "dynamodb", table: "replay" },
};

/** Answers how long the bundle takes from its import to its first answer, a refusal without any I/O. */
const LOADER = `
const started = performance.now();
const { handler } = await import("./index.mjs");
const { statusCode } = await handler({
  version: "2.0", rawPath: "/", headers: {}, body: null,
  requestContext: { path: "/", domainName: "a", requestId: "r", http: { method: "GET" } },
});
const ended = performance.now();
if (statusCode < 400) throw new Error("answered " + statusCode);
process.send(ended - started, () => process.exit());
`;

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  mkdirSync(folder);
  for (const [name, contents] of Object.entries(files)) writeFileSync(path.join(folder, name), contents);
  return folder;
}

async function loadTime(folder: string, endpoint: string): Promise<number> {
  const child = startOnOneCore([path.join(folder, "load.mjs")], {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
  });
  return resultOf(child);
}

async function compareSpeed(folder: string): Promise<void> {
  // Bundled like what is deployed.
  const bundle = await bundleAdapter({ entry: path.join(__dirname, "adapter-contender.ts") });
  const script = path.join(write(path.join(folder, "contenders"), bundle.files), "index.mjs");
  const jwks = await startJwksServer();
  // Long enough for the whole comparison, which must not end by a token's expiry.
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => signToken(escClaims(BODY, { exp }))));
  const contenders = ["adapter", "reference", "reference-shared", "jose"] as const;
  const rates = new Map<Task["contender"], number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of contenders) {
      const child = startOnOneCore([script]);
      child.send({
        contender,
        issuer: ISSUER,
        audience: AUDIENCE,
        jwksUri: jwks.uri,
        body: BODY,
        tokens,
        milliseconds: MILLISECONDS,
      } satisfies Task);
      rates.get(contender)?.push(await resultOf(child));
    }
  }
  await jwks.close();
  const rate = (contender: Task["contender"]) => median(rates.get(contender) ?? []);
  const ours = rate("adapter");
  report("validated requests/s, to a reference with a client per request", ours, rate("reference"), {
    atLeast: 6,
  });
  report("validated requests/s, to a reference with one client", ours, rate("reference-shared"), {
    atLeast: 1.5,
  });
  report("validated requests/s, to jose's jwtVerify alone", ours, rate("jose"), { atLeast: 0.6 });
}

const hasTaskset = spawnSync("taskset", ["--version"]).status === 0;

/** Its output is thrown away: both adapters log, and a terminal would be measured with them. */
function startOnOneCore(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const pin = hasTaskset ? ["taskset", "-c", String(availableParallelism() - 1)] : [];
  const [command = process.execPath, ...rest] = [...pin, process.execPath, ...args];
  return spawn(command, rest, {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...env },
  });
}

async function resultOf(child: ChildProcess): Promise<number> {
  const ended = once(child, "exit");
  const [result] = await Promise.race([
    once(child, "message"),
    ended.then(([code]) => Promise.reject(new Error(`a measurement ended with ${code}`))),
  ]);
  await ended;
  return result as number;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(
  what: string,
  ours: number,
  theirs: number,
  goal: { readonly atMost: number } | { readonly atLeast: number },
): void {
  const ratio = ours / theirs;
  const [met, text] =
    "atMost" in goal
      ? [ratio <= goal.atMost, `at most ${goal.atMost}`]
      : [ratio >= goal.atLeast, `at least ${goal.atLeast}`];
  const figures = `${format(ours)} / ${format(theirs)} = ${ratio.toFixed(2)}`;
  process.stdout.write(`${what}: ${figures} (goal ${text}: ${met ? "met" : "MISSED"})\n`);
}

function format(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 1_000 ? 1 : 0 });
}
