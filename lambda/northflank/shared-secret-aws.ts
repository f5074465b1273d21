import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../errors";
import type { ReadSharedSecret, SecretText } from "./shared-secret";

/** Reads the current and the previous version of an entry in AWS Secrets Manager. */
export function createSharedSecretReader(): ReadSharedSecret {
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  const read = async (entry: string, stage: string): Promise<SecretText> => {
    const command = new GetSecretValueCommand({ SecretId: entry, VersionStage: stage });
    const { SecretString, CreatedDate } = await client.send(command);
    if (SecretString === undefined)
      throw new AdapterError("source_not_text", "the entry holds bytes, not text");
    return { text: SecretString, created: CreatedDate?.getTime() ?? 0 };
  };
  return async (entry) => {
    const [current, previous] = await Promise.all([
      read(entry, "AWSCURRENT"),
      read(entry, "AWSPREVIOUS").catch((error: unknown) => {
        // It has never been changed.
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }),
    ]);
    return { current, previous };
  };
}
