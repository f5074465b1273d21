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

/**
 * What AWS's SDK would otherwise take from the environment and the profile of whoever runs the sandbox, besides
 * endpoint, region and credentials. No retry: a call answers at once, or there is a fault that a retry would hide.
 */
export const isolated = {
  maxAttempts: 1,
  retryMode: "standard",
  defaultsMode: "standard",
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  userAgentAppId: "",
} as const;

export function secretsManagerClient(
  options: AwsClientOptions,
  credentials: Credentials,
): SecretsManagerClient {
  return new SecretsManagerClient({ ...isolated, ...options, credentials });
}

/** For `AssumeRoleWithWebIdentity`, which is not signed. */
export function stsClient(options: AwsClientOptions): STSClient {
  return new STSClient({ ...isolated, ...options });
}
