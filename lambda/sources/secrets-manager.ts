import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as z from "zod/mini";
import { AdapterError } from "../errors.js";
import { fromAwsError } from "./aws-errors.js";
import { defineSource, type Fetch, type JsonObject, type Source } from "./define-source.js";

export interface SecretsManagerSettings {
  /** Default: the function's own region. */
  readonly region?: string | undefined;
}

export interface SecretsManagerRequest {
  /** Name or ARN of the secret entry. `secretName` is accepted as its other spelling. */
  readonly name: string;
  /** Member of the entry's JSON object. Absent: the whole text. */
  readonly key?: string | undefined;
}

/** 2048 is Secrets Manager's limit on a SecretId. */
const text = z.string().check(z.minLength(1), z.maxLength(2048));

const request = z.pipe(
  z.union([
    z.strictObject({ name: text, key: z.optional(text) }),
    z.strictObject({ secretName: text, key: z.optional(text) }),
  ]),
  z.transform(
    (given): SecretsManagerRequest => ({
      name: "name" in given ? given.name : given.secretName,
      key: given.key,
    }),
  ),
);

/**
 * Reads the current value of one AWS Secrets Manager entry and answers `{ "value": … }`: the entry's text, or
 * with `key` that member of its JSON object. The shape never depends on what the entry holds.
 */
export const secretsManager: Source = defineSource<SecretsManagerSettings, SecretsManagerRequest>({
  name: "secrets-manager",
  settings: z.strictObject({ region: z.optional(text) }),
  request,
  names: ({ name }) => [name],
  connect: async ({ region }) => {
    const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    return createSecretsManagerFetch(new SecretsManagerClient({ ...(region && { region }), maxAttempts: 2 }));
  },
});

/** The source's reading part around a given client. */
export async function createSecretsManagerFetch(
  client: Pick<SecretsManagerClient, "send">,
): Promise<Fetch<SecretsManagerRequest>> {
  const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  return async ({ name, key }, { signal }) => {
    const answer = await client
      .send(new GetSecretValueCommand({ SecretId: name }), { abortSignal: signal })
      .catch((error: unknown) => {
        throw fromAwsError(error);
      });
    const value = answer.SecretString;
    if (value === undefined) throw new AdapterError("source_not_text", "the entry holds bytes, not text");
    return { value: key === undefined ? value : readMember(value, key) };
  };
}

function readMember(value: string, key: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AdapterError("source_not_json", "the entry's text is not a JSON object");
  }
  if (!Object.hasOwn(parsed, key)) {
    throw new AdapterError("source_key_missing", "the entry's JSON object has no such member");
  }
  return (parsed as JsonObject)[key];
}
