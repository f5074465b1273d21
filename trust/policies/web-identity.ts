import { TrustError } from "../errors";
import type { PolicyDocument } from "./document";

export interface WebIdentityPolicyArgs {
  readonly sid: string;
  readonly providerArn: string;
  /** Condition key to the exact values it may have; one value is written bare. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
}

/** The one shape of a trust policy for an OIDC issuer: one provider, one action, every condition exact. */
export function webIdentityPolicy({ sid, providerArn, conditions }: WebIdentityPolicyArgs): PolicyDocument {
  const exact = Object.entries(conditions).map(([key, values]) => {
    const [only, ...others] = values.map((value) => exactValue(key, value));
    if (only === undefined) throw new TrustError("ERR_TRUST_SUBJECT", key, "expected at least one value");
    return [key, others.length === 0 ? only : [only, ...others]] as const;
  });
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: sid,
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: Object.fromEntries(exact) },
      },
    ],
  };
}

/**
 * Under `StringEquals` a `*` matches only itself, so whoever writes one meant something else; `${` would be a
 * policy variable; and `<yaml>` is what every environment of the organisation presents under `pulumi up`.
 */
function exactValue(key: string, value: string): string {
  if (value === "" || value !== value.trim() || /[*?\p{Cc}]|\$\{|<yaml>/u.test(value)) {
    throw new TrustError(
      "ERR_TRUST_SUBJECT",
      key,
      "expected an exact value: no *, ?, spaces around it, policy variables or <yaml>",
    );
  }
  return value;
}
