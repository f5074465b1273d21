import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { STSClient } from "@aws-sdk/client-sts";

/** Keys that sign requests, as a session of the account has them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface AwsClientOptions {
  /** The sandbox's AWS. */
  readonly endpoint: string;
  readonly region: string;
}

/** A call answers at once or is a bug here: no retry hides it. Nothing is read of this machine's AWS configuration. */
const common = { maxAttempts: 1 } as const;

export function secretsManagerClient(
  options: AwsClientOptions,
  credentials: Credentials,
): SecretsManagerClient {
  return new SecretsManagerClient({ ...common, ...options, credentials });
}

/** For `AssumeRoleWithWebIdentity`, which is not signed. */
export function stsClient(options: AwsClientOptions): STSClient {
  return new STSClient({ ...common, ...options });
}
