import { TrustError } from "../errors";
import { parseOidcProviderArn } from "../providers";
import type { PolicyDocument } from "./document";
import { webIdentityPolicy } from "./web-identity";

export interface EscTrustPolicyArgs {
  /** IAM OIDC provider of `https://api.pulumi.com/oidc`, or of a self-hosted service's `<api>/oidc`. */
  readonly providerArn: string;
  /** From `escAudience`. IAM refuses a trust policy for Pulumi's issuer that does not pin it. */
  readonly audience: string;
  /** From `escSubjects`. Each is exact. */
  readonly subjects: readonly string[];
  /** @default "EscLogin" */
  readonly sid?: string;
}

/**
 * Trust in exactly these ESC environments.
 *
 * @throws TrustError `ERR_TRUST_PROVIDER`, `ERR_TRUST_SUBJECT`
 */
export function escTrustPolicy({
  providerArn,
  audience,
  subjects,
  sid = "EscLogin",
}: EscTrustPolicyArgs): PolicyDocument {
  const { keyPrefix } = parseOidcProviderArn(providerArn);
  if (!keyPrefix.endsWith("/oidc")) {
    // `/oidc/v2` has other keys and other subjects, and `aws-login` never uses it.
    throw new TrustError("ERR_TRUST_PROVIDER", "provider ARN", "aws-login's issuer ends in /oidc");
  }
  return webIdentityPolicy({
    sid,
    providerArn,
    conditions: { [`${keyPrefix}:aud`]: [audience], [`${keyPrefix}:sub`]: subjects },
  });
}
