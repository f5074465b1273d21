import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../errors";
import { fromAwsError } from "./aws-errors";
import type { Fetch, JsonObject } from "./define-source";
import type { SecretsManagerRequest } from "./secrets-manager";

/** The reading part of the Secrets Manager source, apart from its definition because it loads the AWS client. */
export function createSecretsManagerFetch(region: string | undefined): Fetch<SecretsManagerRequest> {
  const client = new SecretsManagerClient({ ...(region && { region }), maxAttempts: 2 });
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
