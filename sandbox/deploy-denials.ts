import type { Decision } from "../trust/index";
import { type Account, Authorizer, openSession } from "./aws";

/** Something that would let a deploy role reach beyond its stage, and what the account said to it. Safe to print. */
export interface DeployDenial {
  readonly title: string;
  /** `iam:CreateRole` */
  readonly action: string;
  /** The statement that refused; undefined when nothing did. */
  readonly refusedBy: string | undefined;
  /** Whether it was refused, and by the statement that is for it. */
  readonly ok: boolean;
}

interface Question {
  readonly title: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly by: string;
}

/** Asks the account, in the name of a stage's deploy role, for what the role must never get. Nothing is done. */
export function askDeployRole(
  account: Account,
  { project, stage, region }: { readonly project: string; readonly stage: string; readonly region: string },
): DeployDenial[] {
  const name = `${project}-deploy-${stage}`;
  const role = account.roles.get(name.toLowerCase());
  if (role === undefined) throw new TypeError(`there is no role ${name} to ask for`);
  const decisions: (Decision | undefined)[] = [];
  const authorizer = new Authorizer({
    account,
    onDecision: ({ explanation }) => decisions.push(explanation as Decision | undefined),
  });
  const caller = openSession(account, role, { name: "sandbox", durationSeconds: 900 });
  const answers = questions(account, { project, stage, region }).map(
    ({ title, action, resource, context, by }) => {
      try {
        authorizer.require(caller, region, { action, resource, context });
      } catch {
        // What decided says more than the error, which is AWS's.
      }
      const decision = decisions.pop();
      const refusedBy =
        decision?.verdict === "explicitly-denied" ? decision.deciding.statement?.sid : undefined;
      return { title, action, refusedBy, ok: refusedBy === by };
    },
  );
  account.sessions.delete(caller.accessKeyId);
  return answers;
}

function questions(
  { id, partition }: Account,
  { project, stage, region }: { readonly project: string; readonly stage: string; readonly region: string },
): Question[] {
  const iam = (resource: string) => `arn:${partition}:iam::${id}:${resource}`;
  const at = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${id}:${resource}`;
  const own = iam(`role/${project}-${stage}-adapter`);
  const boundary = iam(`policy/${project}-boundary-${stage}`);
  const bounded = { "iam:PermissionsBoundary": boundary };
  const oidc = iam("oidc-provider/api.pulumi.com/oidc");
  const entry = at("secretsmanager", `secret:${project}/${stage}/database-AbCdEf`);
  return [
    {
      title: "reads a secret of its own stage",
      action: "secretsmanager:GetSecretValue",
      resource: entry,
      by: "DenySecretValues",
    },
    { title: "decrypts", action: "kms:Decrypt", resource: at("kms", "key/1"), by: "DenyDecryption" },
    {
      title: "reads somebody's parameter",
      action: "ssm:GetParameter",
      resource: at("ssm", "parameter/shop/key"),
      by: "DenyParameterValues",
    },
    { title: "takes a further role", action: "sts:AssumeRole", resource: own, by: "DenyFurtherRoles" },
    {
      title: "makes a role without the boundary",
      action: "iam:CreateRole",
      resource: own,
      by: "DenyRolesWithoutBoundary",
    },
    {
      title: "takes a role's boundary off",
      action: "iam:DeleteRolePermissionsBoundary",
      resource: own,
      context: bounded,
      by: "DenyUnbounding",
    },
    {
      title: "widens the boundary",
      action: "iam:CreatePolicyVersion",
      resource: boundary,
      by: "DenyBoundary",
    },
    {
      title: "lets another audience log in",
      action: "iam:AddClientIDToOpenIDConnectProvider",
      resource: oidc,
      by: "DenyOidcProviders",
    },
    {
      title: "widens itself",
      action: "iam:PutRolePolicy",
      resource: iam(`role/${project}-deploy-${stage}`),
      context: bounded,
      by: "DenyOtherRoles",
    },
    {
      title: "hands its role to a machine",
      action: "iam:PassRole",
      resource: own,
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
      by: "DenyPassingRolesOn",
    },
  ];
}
