import type { Decision } from "../../../trust/index";
import { evaluateTrustPolicy, renderDecision, TrustError } from "../../../trust/index";
import type { Account, OidcProvider, Role } from "../account";
import type { AccessDecision, DecisionListener } from "../decisions";
import { AwsError } from "../errors";
import { checkPolicy } from "../policy-store";
import { queryProtocol, readParameters, type XmlContent, xmlReply } from "../protocol";
import { type AwsCall, type AwsService, isSigned, notImplemented } from "../service";
import { openSession } from "../sessions";
import { type AssumeRoleInput, readAssumeRole } from "../sts-input";
import { createTokenVerifier, type TokenVerifier } from "../web-identity";

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
const action = "sts:AssumeRoleWithWebIdentity";

export interface StsOptions {
  readonly account: Account;
  /** How STS reaches the issuers. */
  readonly fetch: typeof globalThis.fetch;
  readonly onDecision?: DecisionListener;
}

/**
 * The Security Token Service, as far as tokens of OIDC issuers go.
 * Source of shapes and errors: the service's API reference, version 2011-06-15.
 */
export function stsService({ account, fetch, onDecision }: StsOptions): AwsService {
  const protocol = queryProtocol(namespace);
  const verify = createTokenVerifier({ account, fetch });

  const answer = (call: AwsCall, result: XmlContent) =>
    xmlReply(`${call.operation}Response`, namespace, {
      [`${call.operation}Result`]: result,
      ResponseMetadata: { RequestId: call.requestId },
    });

  return {
    signingName: "sts",
    protocol,
    unsigned: ["AssumeRoleWithWebIdentity"],
    async handle(call) {
      switch (call.operation) {
        case "AssumeRoleWithWebIdentity": {
          const input = readAssumeRole(readParameters(call.request));
          return answer(call, await assumeRole({ account, verify, onDecision }, input));
        }
        case "GetCallerIdentity":
          if (!isSigned(call))
            throw new AwsError("MissingAuthenticationToken", "Missing Authentication Token");
          // AWS needs no permission for it, and no policy can take it away.
          return answer(call, { Arn: call.caller.arn, UserId: call.caller.userId, Account: account.id });
        default:
          throw notImplemented(protocol, call.operation);
      }
    },
  };
}

interface Sts {
  readonly account: Account;
  readonly verify: TokenVerifier;
  readonly onDecision: DecisionListener | undefined;
}

async function assumeRole({ account, verify, onDecision }: Sts, input: AssumeRoleInput): Promise<XmlContent> {
  const note = (decision: Omit<AccessDecision, "when" | "action" | "resource">) =>
    onDecision?.({ when: new Date(account.now()), action, resource: input.roleArn, ...decision });

  const verified = await verify(input.token, input.roleArn);
  if ("error" in verified) {
    const { error, who, because } = verified;
    note({
      who,
      allowed: false,
      because: `denied: ${because}`,
      error: { code: error.code, message: error.message },
    });
    throw error;
  }
  const { claims, provider, who } = verified;
  const role = [...account.roles.values()].find(({ arn }) => arn === input.roleArn);
  const outcome = role ? judge(role, provider, claims, input) : noSuchRole(input.roleArn);
  const error = outcome.allowed ? undefined : (outcome.error ?? notAuthorized());
  note({
    who,
    allowed: outcome.allowed,
    because: outcome.because,
    ...(outcome.explanation && { explanation: outcome.explanation }),
    ...(error && { error: { code: error.code, message: error.message } }),
  });
  if (error || !role) throw error ?? notAuthorized();

  const session = openSession(account, role, {
    name: input.sessionName,
    durationSeconds: input.durationSeconds,
    policies: sessionPolicies(account, input),
    context: { "aws:FederatedProvider": provider.arn },
  });
  return {
    SubjectFromWebIdentityToken: String(claims.sub),
    Audience: verified.audience,
    Provider: provider.arn,
    AssumedRoleUser: { Arn: session.arn, AssumedRoleId: session.userId },
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: session.expiresAt.toISOString().replace(/\.\d{3}/, ""),
    },
    ...(input.policy !== undefined && { PackedPolicySize: Math.ceil((input.policy.length / 2048) * 100) }),
  };
}

interface Outcome {
  readonly allowed: boolean;
  readonly because: string;
  readonly explanation?: Decision;
  readonly error?: AwsError;
}

function judge(
  role: Role,
  provider: OidcProvider,
  claims: Readonly<Record<string, unknown>>,
  input: AssumeRoleInput,
): Outcome {
  let explanation: Decision;
  try {
    explanation = evaluateTrustPolicy({
      policy: role.trustPolicy,
      providerArn: provider.arn,
      claims,
      context: { "sts:RoleSessionName": input.sessionName },
    });
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return { allowed: false, because: `denied: ${error.message}` };
  }
  const because = renderDecision(explanation);
  // Only who is let in learns how long the role's sessions may be.
  if (explanation.allowed && input.durationSeconds > role.maxSessionDurationSeconds) {
    return {
      allowed: false,
      because: `denied: DurationSeconds ${input.durationSeconds} is more than the role's maximum of ${role.maxSessionDurationSeconds}`,
      explanation,
      error: new AwsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      ),
    };
  }
  return { allowed: explanation.allowed, because, explanation };
}

/** AWS does not say whether a role exists. */
function noSuchRole(arn: string): Outcome {
  return { allowed: false, because: `denied: the role ${arn} does not exist` };
}

function notAuthorized(): AwsError {
  return new AwsError("AccessDenied", `Not authorized to perform ${action}`);
}

function sessionPolicies(account: Account, input: AssumeRoleInput): string[] {
  const managed = input.policyArns.map((arn) => {
    const policy = account.managedPolicies.get(arn);
    if (policy) return policy.document;
    throw new AwsError("MalformedPolicyDocument", `The policy ${arn} does not exist.`);
  });
  if (input.policy === undefined) return managed;
  checkPolicy(input.policy, "identity", "MalformedPolicyDocument");
  return [input.policy, ...managed];
}
