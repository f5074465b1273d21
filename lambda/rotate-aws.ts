import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { RotatorTools } from "./rotators/define-rotator";
import { fromAwsError } from "./sources/aws-errors";

export { createAwsJournal } from "./rotators/journal-aws";

/** Reads what administers a target, at every rotation: it may have been rotated itself. */
export function createAwsTools(): RotatorTools {
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  });
  return {
    async readSecret(name) {
      const { SecretString = "" } = await client
        .send(new GetSecretValueCommand({ SecretId: name }))
        .catch((error: unknown) => {
          throw fromAwsError(error);
        });
      return SecretString;
    },
  };
}
