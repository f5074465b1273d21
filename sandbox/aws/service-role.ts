import { type Decision, evaluateTrustPolicy, renderDecision, TrustError } from "../../trust/index";
import type { Account, Session } from "./account";
import type { DecisionListener } from "./decisions";
import { AwsError } from "./errors";
import { openSession } from "./sessions";

/** Whether a role lets a service in. */
export interface RoleJudgement {
  readonly allowed: boolean;
  /** One line: the condition that decided. */
  readonly because: string;
  readonly explanation?: Decision;
}

/** Judges by the role's trust policy as it is now. */
export function judgeServiceRole(account: Account, roleArn: string, service: string): RoleJudgement {
  const role = findRoleByArn(account, roleArn);
  if (!role) return { allowed: false, because: `the role ${roleArn} does not exist` };
  try {
    const explanation = evaluateTrustPolicy({
      policy: role.trustPolicy,
      principal: { kind: "service", name: service },
    });
    return { allowed: explanation.allowed, because: renderDecision(explanation), explanation };
  } catch (error) {
    if (error instanceof TrustError) return { allowed: false, because: `denied: ${error.message}` };
    throw error;
  }
}

export interface AssumeServiceRole {
  readonly roleArn: string;
  /** `lambda.amazonaws.com` */
  readonly service: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
  /** Condition keys that stay with the session. */
  readonly context?: Readonly<Record<string, string>>;
  readonly onDecision?: DecisionListener;
}

/**
 * An AWS service takes on a role, as it does before it runs anything in the role's name.
 * @throws {AccessDenied} the role does not exist, or does not trust the service.
 */
export function assumeServiceRole(
  account: Account,
  { roleArn, service, sessionName, durationSeconds, context, onDecision }: AssumeServiceRole,
): Session & { expiresAt: Date } {
  const judgement = judgeServiceRole(account, roleArn, service);
  const error = judgement.allowed
    ? undefined
    : new AwsError("AccessDenied", `${service} is not authorized to perform: sts:AssumeRole on ${roleArn}`);
  onDecision?.({
    when: new Date(account.now()),
    who: service,
    action: "sts:AssumeRole",
    resource: roleArn,
    ...judgement,
    ...(error && { error: { code: error.code, message: error.message } }),
  });
  const role = findRoleByArn(account, roleArn);
  if (error || !role) throw error ?? new TypeError("a role that was judged exists");
  return openSession(account, role, { name: sessionName, durationSeconds, context });
}

function findRoleByArn(account: Account, roleArn: string) {
  return [...account.roles.values()].find(({ arn }) => arn === roleArn);
}
