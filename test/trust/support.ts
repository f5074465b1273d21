import {
  type AccessArgs,
  type Decision,
  evaluateAccess,
  type PolicyCondition,
  type PolicyDocument,
  type PolicyStatement,
  type RequestContext,
  type RequestPrincipal,
} from "../../trust/index";

export const ACCOUNT = "123456789012";
export const OTHER_ACCOUNT = "999999999999";
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/esc/reader`;
export const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ada`;
export const USER = `arn:aws:iam::${ACCOUNT}:user/ada`;
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
export const SECRET = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:app/staging/database-AbCdEf`;
export const READ = "secretsmanager:GetSecretValue";

export const session: RequestPrincipal = { kind: "session", arn: SESSION, roleArn: ROLE };
export const user: RequestPrincipal = { kind: "user", arn: USER };

export function policy(...statements: PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

export function allow(rest: Partial<PolicyStatement> = {}): PolicyStatement {
  return { Effect: "Allow", Action: READ, Resource: "*", ...rest };
}

export function deny(rest: Partial<PolicyStatement> = {}): PolicyStatement {
  return { ...allow(rest), Effect: "Deny" };
}

/** The role's session reads the secret, unless said otherwise. */
export function ask(
  args: Partial<Omit<AccessArgs, "request">> = {},
  request: Partial<AccessArgs["request"]> = {},
): Decision {
  return evaluateAccess({
    identityPolicies: [policy(allow())],
    ...args,
    request: { principal: session, action: READ, resource: SECRET, ...request },
  });
}

/** Whether one condition lets the request through. */
export function holds(condition: PolicyCondition, context: RequestContext): boolean {
  return ask({ identityPolicies: [policy(allow({ Condition: condition }))] }, { context }).allowed;
}
