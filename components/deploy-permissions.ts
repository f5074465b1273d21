import {
  type ActionScope,
  actionsByScope,
  BOUNDED_ACTIONS,
  type PolicyDocument,
  type PolicyStatement,
} from "../trust/index";

/** Where a stage's resources are: what all their names begin with, in one account. */
export interface DeployScope {
  readonly partition: string;
  readonly accountId: string;
  readonly namePrefix?: string;
  readonly project: string;
  readonly stage: string;
  /** The IAM path of the stage's roles. */
  readonly rolePath: string;
  /** ARN of the policy that bounds every role of the stage. */
  readonly boundaryArn: string;
}

/** Pulumi's functions that our components call, in previews too. */
export const STAGE_FUNCTIONS = [
  "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider",
  "aws:index/getCallerIdentity:getCallerIdentity",
  "aws:index/getPartition:getPartition",
  "aws:secretsmanager/getSecretVersions:getSecretVersions",
];

/**
 * What resources of these types need, under the stage's names: regions are left open, for name and account already say
 * whose a resource is. What AWS cannot narrow by name (lists, network lookups) is reading only, but for the delivery of
 * access logs. Roles are made and changed only with the stage's boundary.
 *
 * @throws RangeError naming the types for which the table of actions has no row.
 */
export function deployPolicy(scope: DeployScope, types: readonly string[]): PolicyDocument {
  const { boundaryArn } = scope;
  const arns = arnsOf(scope);
  const statements: PolicyStatement[] = [];
  for (const [about, actions] of actionsByScope([...types, ...STAGE_FUNCTIONS])) {
    const sid = SIDS[about];
    if (about !== "role") {
      statements.push(allow(sid, actions, arns[about]));
      continue;
    }
    const bounded = actions.filter((action) => BOUNDED_ACTIONS.includes(action));
    const free = actions.filter((action) => !bounded.includes(action) && action !== "iam:PassRole");
    statements.push(allow(sid, free, arns.role), {
      ...allow("BoundedRoles", bounded, arns.role),
      Condition: { StringEquals: { "iam:PermissionsBoundary": boundaryArn } },
    });
    if (!actions.includes("iam:PassRole")) continue;
    statements.push({
      ...allow("PassRoles", ["iam:PassRole"], arns.role),
      Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
    });
  }
  return {
    Version: "2012-10-17",
    Statement: [
      ...bySid(statements),
      ...denySecretReads(arns.parameter),
      ...denyWideningItself(arns.role, boundaryArn),
    ],
  };
}

/**
 * What a preview of a pull request's code needs: Pulumi compares with its own state, so only the lookups that
 * the program makes. Which versions an entry has tells whether it has a value, and nothing of the value.
 */
export function previewPolicy(
  scope: Pick<DeployScope, "partition" | "accountId" | "namePrefix" | "project">,
): PolicyDocument {
  const { partition, accountId, namePrefix = "", project } = scope;
  const entries = `arn:${partition}:secretsmanager:*:${accountId}:secret:${namePrefix}${project}/*`;
  const arns: Partial<Record<ActionScope, string>> = {
    any: "*",
    entry: entries,
    "oidc-provider": providersIn(scope),
  };
  return {
    Version: "2012-10-17",
    Statement: [
      ...bySid(
        [...actionsByScope(STAGE_FUNCTIONS)].map(([about, actions]) =>
          allow(SIDS[about], actions, arns[about] ?? []),
        ),
      ),
      ...denySecretReads(),
    ],
  };
}

/** Of the statements that allow something. */
const SIDS: Readonly<Record<ActionScope, string>> = {
  alarm: "Alarms",
  any: "Lists",
  dashboard: "Dashboards",
  entry: "Entries",
  "event-rule": "EventRules",
  function: "Functions",
  "http-api": "HttpApis",
  "log-group": "LogGroups",
  "oidc-provider": "LookUpProviders",
  parameter: "Parameters",
  role: "Roles",
  table: "Tables",
};

/** What each kind of thing is called, for one stage. API Gateway knows its things by ids, not names. */
function arnsOf(scope: DeployScope): Readonly<Record<ActionScope, string | readonly string[]>> & {
  readonly role: string;
  readonly parameter: string;
} {
  const { partition, accountId, namePrefix = "", project, stage, rolePath } = scope;
  const flat = `${namePrefix}${project}-${stage}-*`;
  const nested = `${namePrefix}${project}/${stage}/*`;
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:*:${accountId}:${resource}`;
  return {
    alarm: arn("cloudwatch", `alarm:${flat}`),
    any: "*",
    // Dashboards belong to no region.
    dashboard: `arn:${partition}:cloudwatch::${accountId}:dashboard/${flat}`,
    entry: arn("secretsmanager", `secret:${nested}`),
    "event-rule": arn("events", `rule/${flat}`),
    function: arn("lambda", `function:${flat}`),
    "http-api": ["/apis", "/apis/*", "/domainnames", "/domainnames/*", "/tags/*"].map(
      (path) => `arn:${partition}:apigateway:*::${path}`,
    ),
    "log-group": [
      arn("logs", `log-group:/aws/lambda/${flat}`),
      arn("logs", `log-group:/aws/vendedlogs/${flat}`),
    ],
    "oidc-provider": providersIn(scope),
    parameter: arn("ssm", `parameter/${nested}`),
    role: `arn:${partition}:iam::${accountId}:role${rolePath}${flat}`,
    table: arn("dynamodb", `table/${flat}`),
  };
}

function providersIn({ partition, accountId }: Pick<DeployScope, "partition" | "accountId">): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/*`;
}

/**
 * Every way to a secret value, denied whatever else allows it: a policy on the entry or its key, or one attached
 * to the role later. Assuming a further role is one of them, for that role's policies are not these.
 *
 * @param parameters the only parameters whose values may be read; none by default
 */
function denySecretReads(parameters?: string): PolicyStatement[] {
  return [
    {
      Sid: "DenySecretValues",
      Effect: "Deny",
      Action: ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"],
      Resource: "*",
    },
    {
      Sid: "DenyDecryption",
      Effect: "Deny",
      Action: ["kms:Decrypt", "kms:ReEncryptFrom"],
      Resource: "*",
    },
    {
      Sid: "DenyParameterValues",
      Effect: "Deny",
      Action: ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"],
      ...(parameters === undefined ? { Resource: "*" } : { NotResource: parameters }),
    },
    { Sid: "DenyFurtherRoles", Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" },
  ];
}

/** What would let a deploy role grow beyond its stage, denied whatever is attached to it later. */
function denyWideningItself(roles: string, boundaryArn: string): PolicyStatement[] {
  return [
    {
      Sid: "DenyRolesWithoutBoundary",
      Effect: "Deny",
      Action: BOUNDED_ACTIONS,
      Resource: "*",
      // Where there is no boundary the key is missing, and a negated operator holds.
      Condition: { StringNotEquals: { "iam:PermissionsBoundary": boundaryArn } },
    },
    {
      Sid: "DenyBoundary",
      Effect: "Deny",
      Action: [
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:SetDefaultPolicyVersion",
      ],
      Resource: boundaryArn,
    },
    { Sid: "DenyUnbounding", Effect: "Deny", Action: "iam:DeleteRolePermissionsBoundary", Resource: "*" },
    {
      Sid: "DenyOidcProviders",
      Effect: "Deny",
      Action: [
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:CreateOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
        "iam:TagOpenIDConnectProvider",
        "iam:UntagOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
      ],
      Resource: "*",
    },
    {
      Sid: "DenyOtherRoles",
      Effect: "Deny",
      Action: [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
      ],
      NotResource: roles,
    },
    {
      Sid: "DenyPassingRolesOn",
      Effect: "Deny",
      Action: "iam:PassRole",
      Resource: "*",
      Condition: { StringNotEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
    },
  ];
}

/** So that a policy changes only where the resources do. */
function bySid(statements: readonly PolicyStatement[]): PolicyStatement[] {
  return statements.toSorted((one, other) => ((one.Sid ?? "") < (other.Sid ?? "") ? -1 : 1));
}

function allow(
  sid: string,
  actions: readonly string[],
  resource: string | readonly string[],
): PolicyStatement {
  return { Sid: sid, Effect: "Allow", Action: actions, Resource: resource };
}
