import {
  BatchGetSecretValueCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretValueEntry,
} from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../errors";
import { awsFailure, fromAwsError } from "./aws-errors";
import { createBatcher, type Outcome, type Outcomes } from "./batch";
import { createCache } from "./cache";
import type { SecretVersion } from "./secrets-manager";

export interface SecretReaderOptions {
  readonly region?: string | undefined;
  /** How long a value is used after it was asked for. @default 0 */
  readonly cacheSeconds?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly client?: Pick<SecretsManagerClient, "send">;
}

/**
 * The text of one version of an entry.
 *
 * @throws {AdapterError} source_not_found, source_denied, source_not_text, source_throttled, source_unavailable
 */
export type ReadSecretText = (asked: SecretVersion) => Promise<string>;

/** The most that `BatchGetSecretValue` takes. */
const BATCH = 20;
/** Enough that a call that stalls does not hold up the others. */
const CALLS = 4;
/** Secrets Manager's limit on a value is 64 KiB. */
const KEPT_VALUES = 250;

/**
 * Reads texts of Secrets Manager with as few calls as there can be: current values that are asked for at the same time
 * go into one `BatchGetSecretValue`, and with `cacheSeconds` a value is kept by entry and version or label.
 */
export function createSecretReader(options: SecretReaderOptions): ReadSecretText {
  const { region, cacheSeconds = 0, now, client = createClient(region) } = options;
  const cache = createCache<string>({ seconds: cacheSeconds, entries: KEPT_VALUES, now });
  const readCurrent = createBatcher<string>({
    size: BATCH,
    calls: CALLS,
    read: (names) => readBatch(client, names),
  });
  return ({ name, versionId, versionStage }) => {
    const stage = versionStage === "AWSCURRENT" ? undefined : versionStage;
    if (versionId === undefined && stage === undefined) return cache.get(name, () => readCurrent(name));
    // No name holds a line end.
    return cache.get(`${name}\n${versionId ?? stage}`, () =>
      readOne(client, { name, versionId, versionStage: stage }),
    );
  };
}

function createClient(region: string | undefined): SecretsManagerClient {
  return new SecretsManagerClient({
    ...(region && { region }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
}

type Client = Pick<SecretsManagerClient, "send">;

async function readOne(client: Client, { name, versionId, versionStage }: SecretVersion): Promise<string> {
  const command = new GetSecretValueCommand({
    SecretId: name,
    VersionId: versionId,
    VersionStage: versionStage,
  });
  const answer = await client.send(command).catch((error: unknown) => {
    throw fromAwsError(error);
  });
  return textOf(answer);
}

/**
 * Current values, each with its own outcome. What the batch does not tell, because the role may not read by batch, one
 * name is none that AWS takes, or an answer cannot be told from another, each entry is asked for by itself.
 */
async function readBatch(client: Client, names: readonly string[]): Promise<Outcomes<string>> {
  if (names.length === 1) return readSingly(client, names);
  const outcomes = new Map<string, Outcome<string>>();
  try {
    const command = new BatchGetSecretValueCommand({ SecretIdList: [...names] });
    const { SecretValues = [], Errors = [] } = await client.send(command);
    for (const name of names) {
      const found = SecretValues.filter((entry) => isAskedBy(name, entry));
      const failed = Errors.find(({ SecretId }) => SecretId === name);
      const [only] = found;
      if (only !== undefined && found.length === 1) outcomes.set(name, outcomeOf(only));
      else if (found.length === 0 && failed?.ErrorCode !== undefined) {
        const error = awsFailure(failed.ErrorCode);
        // A policy may tell the two ways of reading apart.
        if (error.code !== "source_denied") outcomes.set(name, { error });
      }
    }
  } catch (error) {
    const refusal = fromAwsError(error);
    const aboutRequest = (error as { readonly $fault?: string }).$fault === "client";
    // One entry after another would be asked in vain, and make matters worse.
    if (!aboutRequest || refusal.code === "source_throttled") throw refusal;
  }
  const left = names.filter((name) => !outcomes.has(name));
  return new Map([...outcomes, ...(await readSingly(client, left))]);
}

async function readSingly(client: Client, names: readonly string[]): Promise<Outcomes<string>> {
  const read = async (name: string): Promise<readonly [string, Outcome<string>]> =>
    readOne(client, { name }).then(
      (value) => [name, { value }],
      (error: unknown) => [name, { error }],
    );
  return new Map(await Promise.all(names.map(read)));
}

function outcomeOf(entry: SecretValueEntry): Outcome<string> {
  try {
    return { value: textOf(entry) };
  } catch (error) {
    return { error };
  }
}

/** Asked for by name, by ARN, or by an ARN without the six characters at its end. The answer does not say how. */
function isAskedBy(asked: string, { Name, ARN = "" }: SecretValueEntry): boolean {
  return asked === Name || asked === ARN || (asked.startsWith("arn:") && asked === ARN.slice(0, -7));
}

function textOf({ SecretString }: { readonly SecretString?: string | undefined }): string {
  if (SecretString === undefined) {
    throw new AdapterError("source_not_text", "the entry holds bytes, not text");
  }
  return SecretString;
}
