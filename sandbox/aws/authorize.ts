import {
  type CompiledPolicy,
  compilePolicy,
  type Decision,
  evaluateAccess,
  type PolicyLayer,
  type RequestContext,
  renderDecision,
  TrustError,
} from "../../trust/index";
import type { Account, Role, Session } from "./account";
import type { DecisionListener } from "./decisions";
import { AwsError, type AwsErrorCode } from "./errors";

/** What a caller wants to do, and what the service knows about it. */
export interface Access {
  /** `secretsmanager:GetSecretValue` */
  readonly action: string;
  /** ARN; `*` for what has no resource. */
  readonly resource: string;
  /** What AWS's message names. Services name what the caller wrote. @default `resource` */
  readonly shownResource?: string;
  /** The service's condition keys. AWS's global ones are added. */
  readonly context?: RequestContext;
  /** JSON text of the resource's own policy. */
  readonly resourcePolicy?: string;
  /** KMS: the identity's policies count only where the key's policy names the account. @default false */
  readonly resourcePolicyRequired?: boolean;
}

export interface AuthorizerOptions {
  readonly account: Account;
  readonly onDecision?: DecisionListener;
}

const administratorPolicy = compilePolicy({
  kind: "identity",
  name: "AdministratorAccess",
  document: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] },
});

/** Decides for every service whether a caller may, and tells the sandbox why. */
export class Authorizer {
  readonly account: Account;
  private readonly onDecision: DecisionListener | undefined;
  /** By name and text: a role's policies are asked again and again, and change seldom. */
  private readonly compiled = new Map<string, CompiledPolicy>();

  constructor({ account, onDecision }: AuthorizerOptions) {
    this.account = account;
    this.onDecision = onDecision;
  }

  /**
   * @throws {AwsError} with `code`, in AWS's words, when the caller may not.
   */
  require(
    caller: Session,
    region: string,
    access: Access,
    code: AwsErrorCode = "AccessDeniedException",
  ): void {
    const { explanation, because } = this.explain(caller, region, access);
    const allowed = explanation?.allowed ?? false;
    const error = allowed ? undefined : new AwsError(code, denialText(caller, access, explanation));
    this.onDecision?.({
      when: new Date(this.account.now()),
      who: caller.arn,
      action: access.action,
      resource: access.resource,
      allowed,
      because,
      ...(explanation && { explanation }),
      ...(error && { error: { code: error.code, message: error.message } }),
    });
    if (error) throw error;
  }

  /** Without an explanation when the policies cannot be judged, which never lets anybody through. */
  private explain(
    caller: Session,
    region: string,
    access: Access,
  ): { because: string; explanation?: Decision } {
    try {
      const explanation = this.decide(caller, region, access);
      return { because: renderDecision(explanation), explanation };
    } catch (error) {
      if (error instanceof TrustError) return { because: `denied: ${error.message}` };
      throw error;
    }
  }

  private decide(caller: Session, region: string, access: Access): Decision {
    const policies = this.policiesOf(caller);
    return evaluateAccess({
      request: {
        principal: caller.roleArn
          ? { kind: "session", arn: caller.arn, roleArn: caller.roleArn }
          : { kind: "user", arn: caller.arn },
        action: access.action,
        resource: access.resource,
        context: { ...this.globalContext(caller, region), ...access.context },
      },
      identityPolicies: policies.identity,
      permissionsBoundary: policies.boundary,
      sessionPolicies: caller.policies.map((document, index) =>
        compilePolicy({ kind: "identity", name: `session policy ${index + 1}`, document }),
      ),
      resourcePolicy: access.resourcePolicy,
      resourcePolicyRequired: access.resourcePolicyRequired,
    });
  }

  private compile(name: string, document: string): CompiledPolicy {
    const key = `${name}\n${document}`;
    const policy = this.compiled.get(key) ?? compilePolicy({ kind: "identity", name, document });
    this.compiled.set(key, policy);
    return policy;
  }

  private roleOf({ roleArn }: Session): Role | undefined {
    return [...this.account.roles.values()].find(({ arn }) => arn === roleArn);
  }

  /** The role's policies as they are now, so that a change reaches sessions that exist already. */
  private policiesOf(caller: Session): { identity: CompiledPolicy[]; boundary?: CompiledPolicy } {
    if (caller.roleArn === undefined) return { identity: [administratorPolicy] };
    const role = this.roleOf(caller);
    if (!role) return { identity: [] };
    const managed = (arn: string): CompiledPolicy => {
      const policy = this.account.managedPolicies.get(arn);
      if (policy) return this.compile(policy.name, policy.document);
      throw new TypeError(`role ${role.name} has the policy ${arn}, which does not exist`);
    };
    return {
      identity: [
        ...[...role.inlinePolicies].map(([name, document]) => this.compile(name, document)),
        ...[...role.attachedPolicies].map((arn) => managed(arn)),
      ],
      ...(role.permissionsBoundary && { boundary: managed(role.permissionsBoundary) }),
    };
  }

  /**
   * The keys that every request has. The connection counts as TLS, although it is plain HTTP on loopback: on AWS
   * it would be. Source: IAM user guide, "AWS global condition context keys".
   */
  private globalContext(caller: Session, region: string): RequestContext {
    const now = new Date(this.account.now());
    const tags = Object.entries(this.roleOf(caller)?.tags ?? {});
    return {
      ...Object.fromEntries(tags.map(([tag, value]) => [`aws:PrincipalTag/${tag}`, value])),
      "aws:SecureTransport": true,
      "aws:ViaAWSService": false,
      "aws:RequestedRegion": region,
      "aws:CurrentTime": now.toISOString(),
      "aws:EpochTime": Math.floor(now.getTime() / 1000),
      "aws:SourceIp": "127.0.0.1",
      "aws:userid": caller.userId,
      "aws:PrincipalType": caller.roleArn ? "AssumedRole" : "User",
      ...(caller.roleArn && { "aws:TokenIssueTime": caller.issuedAt.toISOString() }),
      ...caller.context,
    };
  }
}

const layerNames: Readonly<Record<PolicyLayer, string>> = {
  trust: "resource-based policy",
  identity: "identity-based policy",
  resource: "resource-based policy",
  boundary: "permissions boundary",
  session: "session policy",
};

/** Source: IAM user guide, "Troubleshoot access denied error messages". */
function denialText(caller: Session, access: Access, decision: Decision | undefined): string {
  const shown = access.shownResource ?? access.resource;
  const on = shown === "*" ? "" : ` on resource: ${shown}`;
  const head = `User: ${caller.arn} is not authorized to perform: ${access.action}${on}`;
  const decidedIn = decision?.deciding.layer ?? "identity";
  // Within an account either policy would do; AWS then names the identity's.
  const layer = decidedIn === "resource" && !access.resourcePolicyRequired ? "identity" : decidedIn;
  if (decision?.verdict === "explicitly-denied") {
    const name = layerNames[decidedIn];
    return `${head} with an explicit deny in ${name.startsWith("i") ? "an" : "a"} ${name}`;
  }
  return `${head} because no ${layerNames[layer]} allows the ${access.action} action`;
}
