import type * as pulumi from "@pulumi/pulumi";
import type { PolicyStatement } from "../trust/index";
import type { ArgumentIssue } from "./args";

/**
 * What reads the values of exactly these Secrets Manager entries. `GetSecretValue` is all that ESC's
 * `aws-secrets` and the rotating adapter call.
 */
export function readEntries(entryArns: readonly string[], kmsKeyArn?: string): PolicyStatement[] {
  return [
    {
      Sid: "ReadEntries",
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: [...new Set(entryArns)].sort(),
    },
    ...decryptEntries(kmsKeyArn),
  ];
}

/** What reads values that are encrypted with this key, through Secrets Manager alone. */
export function decryptEntries(kmsKeyArn: string | undefined): PolicyStatement[] {
  if (kmsKeyArn === undefined) return [];
  return [
    {
      Sid: "DecryptEntries",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: kmsKeyArn,
      Condition: { StringEquals: { "kms:ViaService": secretsManagerHosts(kmsKeyArn) } },
    },
  ];
}

/** Customer-managed keys only: the `aws/secretsmanager` key needs no permission, an alias cannot be one. */
export function checkKmsKeyArn(kmsKeyArn: pulumi.Input<string> | undefined): ArgumentIssue[] {
  if (typeof kmsKeyArn !== "string" || /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(kmsKeyArn)) {
    return [];
  }
  return [{ path: "kmsKeyArn", reason: `"${kmsKeyArn}" must be the ARN of a key, not of an alias` }];
}

/** How Secrets Manager calls itself to KMS in the key's region. */
function secretsManagerHosts(kmsKeyArn: string): string | string[] {
  const [, partition, , region] = kmsKeyArn.split(":");
  const host = `secretsmanager.${region}.amazonaws.com`;
  // AWS documents the first form for all regions, while services in China name themselves by the second.
  return partition === "aws-cn" ? [host, `${host}.cn`] : host;
}
