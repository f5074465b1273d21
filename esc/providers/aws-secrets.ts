import type { Provider } from "../evaluator/types";
import { readEntries } from "./aws-entries";
import type { AwsCaller, AwsSession } from "./aws-session";
import { providerSchemas } from "./schemas";

/** Which value of an entry of AWS Secrets Manager. Neither version nor stage: what is current. */
export interface SecretRequest {
  /** Name or ARN. */
  readonly secretId: string;
  readonly versionId?: string;
  readonly versionStage?: string;
}

export interface AwsSecretsOptions {
  /** `GetSecretValue`. Rejects with AWS's own code as the error's name, as the AWS SDK does. */
  readonly getSecretValue: (caller: AwsCaller, request: SecretRequest) => Promise<string | Uint8Array>;
}

interface AwsSecretsInputs {
  readonly region: string;
  readonly login: AwsSession;
  readonly get: Readonly<Record<string, SecretRequest>>;
}

/**
 * What ESC's `fn::open::aws-secrets` does: values of Secrets Manager as text, all secret. The outputs are strings
 * by schema, so a binary value comes in base64, as AWS's own API and CLI show it (ESC's documentation does not
 * say): `fn::fromBase64` gives the bytes.
 */
export function createAwsSecretsProvider({ getSecretValue }: AwsSecretsOptions): Provider {
  return {
    ...providerSchemas["aws-secrets"],
    async open(inputs, { signal }) {
      const { region, login: session, get } = inputs as AwsSecretsInputs;
      return readEntries(get, async (request) => {
        const value = await getSecretValue({ session, region, signal }, request);
        return typeof value === "string" ? value : Buffer.from(value).toString("base64");
      });
    },
  };
}
