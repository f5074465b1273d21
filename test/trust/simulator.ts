import assert from "node:assert/strict";
import { createValidatedPolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import {
  evaluateTrustPolicy,
  type PolicyDocument,
  type RequestContext,
  type Verdict,
} from "../../trust/index";
import { ACCOUNT, ROLE } from "./support";

/** One token at one trust policy. */
export interface Pair {
  readonly document: PolicyDocument;
  readonly providerArn: string;
  readonly claims: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
}

const VERDICTS: Readonly<Record<string, Verdict>> = {
  Allowed: "allowed",
  ImplicitlyDenied: "implicitly-denied",
  ExplicitlyDenied: "explicitly-denied",
};

export function oursOf({ document, providerArn, claims, context }: Pair): Verdict {
  return evaluateTrustPolicy({
    policy: document,
    providerArn,
    claims,
    ...(context && { context: context as RequestContext }),
  }).verdict;
}

/** iam-simulate's door that takes any condition key, and only a policy that was validated before. */
export function theirsOf({ document, providerArn, claims, context }: Pair): Verdict | undefined {
  const prefix = providerArn.slice(providerArn.indexOf("oidc-provider/") + "oidc-provider/".length);
  const validated = createValidatedPolicy(document, validateTrustPolicy, { name: "trust" });
  assert.deepEqual(validated.errors, []);
  const keys = Object.entries(claims).map(([claim, value]) => [`${prefix}:${claim}`, value]);
  return VERDICTS[
    runUnsafeSimulation(
      {
        request: {
          principal: providerArn,
          action: "sts:AssumeRoleWithWebIdentity",
          resource: { resource: ROLE, accountId: ACCOUNT },
          contextVariables: { ...Object.fromEntries(keys), ...context },
        },
        identityPolicies: [],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy: validated,
      },
      {},
    )
  ];
}
