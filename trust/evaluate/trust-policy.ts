import { type Claims, claimContext } from "../claims";
import { parseOidcProviderArn } from "../providers";
import { Context, type RequestContext } from "./context";
import { closestIn, type Decision, decidingIn, layerVerdict } from "./explanation";
import { asCompiled, type PolicyInput } from "./policy";
import { identityOf, type RequestPrincipal, type ServicePrincipal } from "./principals";
import { newQuestion, shownRequest } from "./request";
import { askPolicies } from "./statement";

interface TrustPolicyArgs {
  /** The role's trust policy. */
  readonly policy: PolicyInput;
  /** Keys besides the claims, such as `sts:RoleSessionName`. */
  readonly context?: RequestContext;
}

/** Someone presents a token that STS has verified, and whose issuer is this registered provider. */
export interface WebIdentityArgs extends TrustPolicyArgs {
  readonly providerArn: string;
  readonly claims: Claims;
  /** @default "sts:AssumeRoleWithWebIdentity" */
  readonly action?: string;
}

/** An AWS service takes on the role. */
export interface ServiceRoleArgs extends TrustPolicyArgs {
  readonly principal: ServicePrincipal;
  /** @default "sts:AssumeRole" */
  readonly action?: string;
}

/**
 * Whether a role's trust policy lets someone in, and why. Only the trust policy has a say here: signature, expiry,
 * registered audience and session length are STS's to check. For an AWS principal that assumes the role, use
 * `evaluateAccess` with the trust policy as a required resource policy.
 *
 * @throws TrustError for what cannot be judged, see `TrustErrorCode`
 */
export function evaluateTrustPolicy(args: WebIdentityArgs | ServiceRoleArgs): Decision {
  const policy = asCompiled(args.policy, ["trust"], "trust policy");
  const asked = "providerArn" in args ? webIdentity(args) : serviceRole(args);
  const question = newQuestion({
    identity: identityOf(asked.principal),
    action: asked.action,
    context: asked.context.add(args.context ?? {}),
    hasBoundary: false,
  });

  const statements = askPolicies("trust", [policy], question).map(({ trace }) => trace);
  const verdict = layerVerdict(statements);
  return {
    allowed: verdict === "allowed",
    verdict,
    request: shownRequest(question),
    deciding:
      verdict === "implicitly-denied"
        ? closestIn("trust", statements)
        : decidingIn("trust", statements, verdict === "allowed" ? "Allow" : "Deny"),
    layers: [{ layer: "trust", verdict, statements }],
  };
}

interface Asked {
  readonly principal: RequestPrincipal;
  readonly action: string;
  readonly context: Context;
}

function webIdentity({
  providerArn,
  claims,
  action = "sts:AssumeRoleWithWebIdentity",
}: WebIdentityArgs): Asked {
  const { keyPrefix } = parseOidcProviderArn(providerArn);
  return { principal: { kind: "federated", providerArn }, action, context: claimContext(keyPrefix, claims) };
}

function serviceRole({ principal, action = "sts:AssumeRole" }: ServiceRoleArgs): Asked {
  return { principal, action, context: new Context() };
}
