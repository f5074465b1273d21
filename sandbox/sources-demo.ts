import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { environment, external } from "../esc/definition/index";
import { openAdministratorSession } from "./aws";
import { secretsManagerClient } from "./aws-clients";
import type { LaptopCloud } from "./cloud";
import { type LegacySystem, startLegacySystem } from "./legacy-system";
import type { WrittenFile } from "./northflank/files";
import { startJob } from "./northflank/job";
import { signWorkloadToken } from "./northflank/token";
import { readOpened } from "./testing/opened";
import { escTokenClaims } from "./testing/tokens";

export interface SourcesDemoOptions {
  readonly cloud: LaptopCloud;
  /** The folder of the program that deploys the adapter: `examples/sources`. */
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/** One thing that was tried. Safe to print: it holds no value and no token. */
export interface SourcesStep {
  readonly title: string;
  readonly outcome: string;
  readonly ok: boolean;
}

/** What became of it. Safe to print. */
export interface SourcesReport {
  readonly ok: boolean;
  /** What went wrong before there was anything to try. */
  readonly problems: readonly string[];
  readonly steps: readonly SourcesStep[];
}

const PROJECT = "billing";
const STAGE = "staging";
const LEGACY = "https://legacy.internal.example.com";
const JOB = { projectId: PROJECT, nfObjectId: "invoice-nightly", nfObjectType: "job" };

/** Tells what it sees without telling it: hashes of its variables and files. */
const PROGRAM = `
  const { createHash } = require("node:crypto");
  const { readFileSync } = require("node:fs");
  const hash = (value) => createHash("sha256").update(value).digest("hex");
  const files = ["/etc/billing/database.key", "/etc/billing/api-key"];
  console.log(JSON.stringify({
    variables: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, hash(value)])),
    files: Object.fromEntries(files.map((file) => [file, hash(readFileSync(process.argv[1] + file))])),
  }));
`;

/**
 * Reads systems that ESC has no provider for through an adapter: an old HTTP system and Parameter Store from an
 * environment, and both beside Secrets Manager from a job of Northflank that starts with what it was given.
 */
export async function runSourcesDemo(options: SourcesDemoOptions): Promise<SourcesReport> {
  const legacy = await startLegacySystem(["invoices"]);
  const root = mkdtempSync(path.join(tmpdir(), "escapement-northflank-"));
  try {
    return await tryAll(options, { legacy, root });
  } finally {
    await legacy.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

interface World {
  readonly legacy: LegacySystem;
  /** Stands for the root of the job's file system. */
  readonly root: string;
}

async function tryAll(
  { cloud, directory, signal }: SourcesDemoOptions,
  { legacy, root }: World,
): Promise<SourcesReport> {
  cloud.routes.set(LEGACY, legacy.url);
  const deployment = await cloud.deploy({ directory, stack: STAGE, operation: "up", signal });
  const { adapterUrl, northflankUrl } = cloud.outputs(`${PROJECT}/${STAGE}`) ?? {};
  if (deployment.failure || typeof adapterUrl !== "string" || typeof northflankUrl !== "string") {
    const why = deployment.failure?.message ?? "the program exports no address";
    return { ok: false, problems: [`the adapter did not come up: ${why}`], steps: [] };
  }
  const values = await putValues(cloud, legacy);
  const { fetch } = cloud.routes;

  /** What a request is refused with. */
  const refusal = async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    const { code = "answered" } = (await response.json()) as { code?: string };
    return `${response.status} ${code}`;
  };
  const step = (title: string, outcome: string, ok: boolean): SourcesStep => ({ title, outcome, ok });
  const refused = (title: string, outcome: string, expected: string) =>
    step(title, outcome, outcome === expected);

  const steps: SourcesStep[] = [];
  const opened = await openEnvironment(cloud, adapterUrl);
  const { account, level } = opened as {
    account?: { response: { value: { apiKey?: string } } };
    level?: { response: { value: string } };
  };
  const apiKey = account?.response.value;
  const read = apiKey?.apiKey === legacy.apiKeys.invoices && Object.keys(apiKey ?? {}).join() === "apiKey";
  steps.push(step("ESC reads an old HTTP system through the adapter", `${legacy.requests()} request`, read));
  steps.push(step("and Parameter Store", "1 parameter", level?.response.value === "info"));

  const job = await startJob({
    workload: JOB,
    url: northflankUrl,
    sharedSecret: values.northflank,
    fetch,
    now: cloud.account.now(),
    root,
    program: PROGRAM,
  });
  if (job.started) {
    const expected = {
      variables: { DATABASE_URL: hash(values.url), LOG_LEVEL: hash("info") },
      files: {
        "/etc/billing/database.key": hash(values.key),
        "/etc/billing/api-key": hash(legacy.apiKeys.invoices ?? ""),
      },
    };
    const same = JSON.stringify(JSON.parse(job.output)) === JSON.stringify(expected);
    steps.push(
      step("A Northflank job starts with 2 variables and 2 files", same ? "as given" : "not as given", same),
    );
    steps.push(...job.files.map((file) => fileStep(file)));
  } else {
    steps.push(step("A Northflank job starts", `${job.status} ${job.code}`, false));
  }

  const workload = (changes: object = {}) =>
    signWorkloadToken({ ...JOB, ...changes }, values.northflank, cloud.account.now());
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  steps.push(
    refused(
      "A job that no rule means",
      await refusal(northflankUrl, { headers: bearer(workload({ nfObjectId: "web" })) }),
      "403 access_denied",
    ),
  );
  const body = JSON.stringify({ source: "http", upstream: "legacy", parameters: { account: "invoices" } });
  const claims = escTokenClaims(cloud.organization, {
    environment: `${PROJECT}/${STAGE}`,
    audience: adapterUrl,
    body,
    subjectAttributes: [],
  });
  const escToken = await cloud.issuers.pulumi.mint(claims, { expiresInSeconds: 300 });
  steps.push(
    refused(
      "ESC's token at Northflank's door",
      await refusal(northflankUrl, { headers: bearer(escToken) }),
      "401 token_algorithm",
    ),
    refused(
      "Northflank's token at ESC's door",
      await refusal(adapterUrl, {
        method: "POST",
        headers: { ...bearer(workload()), "content-type": "application/json" },
        body,
      }),
      "401 token_algorithm",
    ),
  );
  const logs = JSON.stringify([...cloud.account.logGroups.values()]);
  const hidden = [...Object.values(values), legacy.token, ...Object.values(legacy.apiKeys)];
  const problems = hidden.some((value) => logs.includes(value)) ? ["a function's log holds a value"] : [];
  return { ok: problems.length === 0 && steps.every(({ ok }) => ok), problems, steps };
}

/** Does what people do after the first `up`: puts a value into each entry, made up anew. */
async function putValues(cloud: LaptopCloud, legacy: LegacySystem) {
  const random = () => randomBytes(24).toString("base64url");
  const values = { url: `postgresql://db/${random()}`, key: random(), northflank: random() };
  const texts: Readonly<Record<string, string>> = {
    legacy: JSON.stringify({ token: legacy.token }),
    database: JSON.stringify({ url: values.url, key: values.key }),
    northflank: values.northflank,
  };
  const { account } = cloud;
  const administrator = openAdministratorSession(account);
  for (const [name, SecretString] of Object.entries(texts)) {
    const entry = [...account.secrets.values()].find((each) => each.name === `${PROJECT}/${STAGE}/${name}`);
    if (entry === undefined) throw new Error(`the program made no entry ${name}`);
    const client = secretsManagerClient(cloud.awsClientOptions(entry.region), administrator);
    await client.send(new PutSecretValueCommand({ SecretId: entry.arn, SecretString }));
  }
  return values;
}

async function openEnvironment(cloud: LaptopCloud, url: string): Promise<Record<string, unknown>> {
  const id = { organization: cloud.organization, project: PROJECT, name: STAGE };
  const definition = environment({ description: "What is behind the adapter" })
    .value(
      "account",
      external({ url, request: { source: "http", upstream: "legacy", parameters: { account: "invoices" } } }),
    )
    .value(
      "level",
      external({ url, request: { source: "parameter-store", name: `/${PROJECT}/${STAGE}/log-level` } }),
    );
  cloud.esc.store.create(id);
  await cloud.esc.update(id, definition.render());
  const session = await cloud.esc.open(id);
  return readOpened(cloud.esc.readSession(id, session.id)).values;
}

function fileStep({ path, mode, uid, gid, notApplied }: WrittenFile): SourcesStep {
  const isKey = path.endsWith(".key");
  const owned = !isKey || (uid === 1000 && gid === 1000) || notApplied.length > 0;
  const outcome = [`mode ${mode}, owner ${uid}:${gid}`, ...notApplied.map((what) => `${what} needs root`)];
  return { title: `  ${path}`, outcome: outcome.join(", "), ok: mode === (isKey ? "0400" : "0640") && owned };
}

function hash(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
