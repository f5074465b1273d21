/** What an action is about, which decides the ARNs that it can be narrowed to. `any`: IAM cannot narrow it. */
export type ActionScope =
  | "alarm"
  | "any"
  | "dashboard"
  | "entry"
  | "event-rule"
  | "function"
  | "http-api"
  | "log-group"
  | "oidc-provider"
  | "parameter"
  | "role"
  | "table";

/** What Pulumi's AWS provider calls for one resource type or one function. */
export interface ResourceActions {
  /** What its actions are about, but for those in `SCOPES`. */
  readonly scope: ActionScope;
  readonly create: readonly string[];
  /** After each create and update, and for a refresh, an import and `X.get`. */
  readonly read: readonly string[];
  /** By the input that changed; `*` is every input that is not named. */
  readonly update: Readonly<Record<string, readonly string[]>>;
  readonly delete: readonly string[];
  /** Where the calls are from. The provider is terraform-provider-aws, which Pulumi's bridges. */
  readonly source: string;
  /**
   * Whether the provider's source was read for this row, in versions from 3 to 6; otherwise the row is from the references
   * of API and permissions alone.
   */
  readonly sourceRead: boolean;
}

/** File of the provider, under `internal/service`. */
const provider = (file: string) => `hashicorp/terraform-provider-aws internal/service/${file}`;
/** Page of AWS's Service Authorization Reference. */
const reference = (page: string) =>
  `https://docs.aws.amazon.com/service-authorization/latest/reference/list_${page}.html`;

/** API Gateway's actions are HTTP's verbs on paths; its tags are paths too. */
const API_ACTIONS = {
  scope: "http-api",
  create: ["apigateway:POST", "apigateway:TagResource"],
  read: ["apigateway:GET"],
  update: {
    tags: ["apigateway:PUT", "apigateway:DELETE", "apigateway:TagResource", "apigateway:UntagResource"],
    "*": ["apigateway:PATCH"],
  },
  delete: ["apigateway:DELETE"],
} as const;

const apiRow = (file: string): ResourceActions => ({
  ...API_ACTIONS,
  source: `${provider(`apigatewayv2/${file}`)}; ${reference("amazonapigatewaymanagementv2")}`,
  sourceRead: false,
});

/** Who sets up a stage's access log sets up its delivery, too. */
const ACCESS_LOG_ACTIONS = [
  "logs:CreateLogDelivery",
  "logs:DescribeResourcePolicies",
  "logs:GetLogDelivery",
  "logs:ListLogDeliveries",
  "logs:PutResourcePolicy",
  "logs:UpdateLogDelivery",
  "logs:DescribeLogGroups",
];

/** What Lambda asks of whoever puts a function into a VPC or takes it out. */
const NETWORK_LOOKUPS = [
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
];

/**
 * The actions behind every resource type that a stage registers, by Pulumi's type token: the only place that says so.
 * From it come the permissions of the deploy roles, and what the sandbox asks of a deploy role's policies. No call to
 * AWS has been made with it: `docs/adopt.md` says how to prove it in an account.
 */
export const RESOURCE_ACTIONS: Readonly<Record<string, ResourceActions>> = {
  "aws:secretsmanager/secret:Secret": {
    scope: "entry",
    create: ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
    read: ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
    update: {
      description: ["secretsmanager:UpdateSecret"],
      kmsKeyId: ["secretsmanager:UpdateSecret"],
      policy: ["secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy"],
      tags: ["secretsmanager:TagResource", "secretsmanager:UntagResource"],
      // Only what a later deletion is asked with.
      recoveryWindowInDays: [],
      forceOverwriteReplicaSecret: [],
    },
    delete: ["secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret"],
    source: `${provider("secretsmanager/secret.go")}; ${reference("awssecretsmanager")}`,
    sourceRead: true,
  },
  "aws:secretsmanager/secretPolicy:SecretPolicy": {
    scope: "entry",
    create: ["secretsmanager:PutResourcePolicy"],
    read: ["secretsmanager:GetResourcePolicy"],
    update: { "*": ["secretsmanager:PutResourcePolicy"] },
    delete: ["secretsmanager:DeleteResourcePolicy"],
    source: `${provider("secretsmanager/secret_policy.go")}; ${reference("awssecretsmanager")}`,
    sourceRead: true,
  },
  "aws:iam/role:Role": {
    scope: "role",
    create: ["iam:CreateRole", "iam:TagRole"],
    read: ["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"],
    update: {
      assumeRolePolicy: ["iam:UpdateAssumeRolePolicy"],
      description: ["iam:UpdateRoleDescription"],
      maxSessionDuration: ["iam:UpdateRole"],
      // Taking it off (`iam:DeleteRolePermissionsBoundary`) is left out on purpose.
      permissionsBoundary: ["iam:PutRolePermissionsBoundary"],
      tags: ["iam:TagRole", "iam:UntagRole"],
      forceDetachPolicies: [],
    },
    delete: ["iam:ListInstanceProfilesForRole", "iam:DeleteRole"],
    source: `${provider("iam/role.go")}; ${reference("awsidentityandaccessmanagementiam")}`,
    sourceRead: true,
  },
  "aws:iam/rolePolicy:RolePolicy": {
    scope: "role",
    create: ["iam:PutRolePolicy"],
    read: ["iam:GetRolePolicy"],
    update: { policy: ["iam:PutRolePolicy"] },
    delete: ["iam:DeleteRolePolicy"],
    source: `${provider("iam/role_policy.go")}; ${reference("awsidentityandaccessmanagementiam")}`,
    sourceRead: true,
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    scope: "role",
    create: ["iam:AttachRolePolicy"],
    read: ["iam:ListAttachedRolePolicies"],
    update: {},
    delete: ["iam:DetachRolePolicy"],
    source: `${provider("iam/role_policy_attachment.go")}; ${reference("awsidentityandaccessmanagementiam")}`,
    sourceRead: false,
  },
  "aws:lambda/function:Function": {
    scope: "function",
    create: [
      "iam:PassRole",
      "lambda:CreateFunction",
      "lambda:PutFunctionConcurrency",
      "lambda:TagResource",
      ...NETWORK_LOOKUPS,
    ],
    read: [
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:GetFunctionConcurrency",
      "lambda:GetFunctionConfiguration",
      "lambda:ListTags",
      "lambda:ListVersionsByFunction",
    ],
    update: {
      code: ["lambda:UpdateFunctionCode"],
      architectures: ["lambda:UpdateFunctionCode"],
      reservedConcurrentExecutions: ["lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency"],
      role: ["iam:PassRole", "lambda:UpdateFunctionConfiguration"],
      tags: ["lambda:TagResource", "lambda:UntagResource"],
      vpcConfig: ["lambda:UpdateFunctionConfiguration", ...NETWORK_LOOKUPS],
      "*": ["lambda:UpdateFunctionConfiguration"],
    },
    delete: ["lambda:DeleteFunction", "lambda:GetFunction"],
    source: `${provider("lambda/function.go")}; ${reference("awslambda")}`,
    sourceRead: true,
  },
  "aws:lambda/functionUrl:FunctionUrl": {
    scope: "function",
    // Without IAM in front of it, the provider adds the two statements that make it public.
    create: ["lambda:CreateFunctionUrlConfig", "lambda:AddPermission"],
    read: ["lambda:GetFunctionUrlConfig"],
    update: {
      "*": ["lambda:UpdateFunctionUrlConfig", "lambda:AddPermission", "lambda:RemovePermission"],
    },
    delete: ["lambda:DeleteFunctionUrlConfig"],
    source: `${provider("lambda/function_url.go")}; ${reference("awslambda")}`,
    sourceRead: true,
  },
  "aws:lambda/permission:Permission": {
    scope: "function",
    create: ["lambda:AddPermission"],
    read: ["lambda:GetPolicy"],
    update: {},
    delete: ["lambda:RemovePermission", "lambda:GetPolicy"],
    source: `${provider("lambda/permission.go")}; ${reference("awslambda")}`,
    sourceRead: true,
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    scope: "log-group",
    create: ["logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"],
    read: ["logs:DescribeLogGroups", "logs:ListTagsForResource"],
    update: {
      retentionInDays: ["logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy"],
      tags: ["logs:TagResource", "logs:UntagResource"],
      skipDestroy: [],
    },
    delete: ["logs:DeleteLogGroup"],
    source: `${provider("logs/group.go")}; ${reference("amazoncloudwatchlogs")}`,
    sourceRead: true,
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    scope: "alarm",
    create: ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
    read: ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
    update: {
      tags: ["cloudwatch:TagResource", "cloudwatch:UntagResource"],
      "*": ["cloudwatch:PutMetricAlarm"],
    },
    delete: ["cloudwatch:DeleteAlarms"],
    source: `${provider("cloudwatch/metric_alarm.go")}; ${reference("amazoncloudwatch")}`,
    sourceRead: true,
  },
  "aws:cloudwatch/eventRule:EventRule": {
    scope: "event-rule",
    create: ["events:PutRule", "events:TagResource"],
    read: ["events:DescribeRule", "events:ListTagsForResource"],
    update: { tags: ["events:TagResource", "events:UntagResource"], "*": ["events:PutRule"] },
    delete: ["events:DeleteRule"],
    source: `${provider("events/rule.go")}; ${reference("amazoneventbridge")}`,
    sourceRead: false,
  },
  "aws:cloudwatch/eventTarget:EventTarget": {
    scope: "event-rule",
    create: ["events:PutTargets"],
    read: ["events:ListTargetsByRule"],
    update: { "*": ["events:PutTargets"] },
    delete: ["events:RemoveTargets"],
    source: `${provider("events/target.go")}; ${reference("amazoneventbridge")}`,
    sourceRead: false,
  },
  "aws:cloudwatch/dashboard:Dashboard": {
    scope: "dashboard",
    create: ["cloudwatch:PutDashboard"],
    read: ["cloudwatch:GetDashboard"],
    update: { "*": ["cloudwatch:PutDashboard"] },
    delete: ["cloudwatch:DeleteDashboards"],
    source: `${provider("cloudwatch/dashboard.go")}; ${reference("amazoncloudwatch")}`,
    sourceRead: true,
  },
  "aws:dynamodb/table:Table": {
    scope: "table",
    create: [
      "dynamodb:CreateTable",
      "dynamodb:TagResource",
      "dynamodb:UpdateContinuousBackups",
      "dynamodb:UpdateTimeToLive",
    ],
    read: [
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTable",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:ListTagsOfResource",
    ],
    update: {
      pointInTimeRecovery: ["dynamodb:UpdateContinuousBackups"],
      ttl: ["dynamodb:UpdateTimeToLive"],
      tags: ["dynamodb:TagResource", "dynamodb:UntagResource"],
      "*": ["dynamodb:UpdateTable"],
    },
    delete: ["dynamodb:DeleteTable", "dynamodb:DescribeTable"],
    source: `${provider("dynamodb/table.go")}; ${reference("amazondynamodb")}`,
    sourceRead: true,
  },
  "aws:ssm/parameter:Parameter": {
    scope: "parameter",
    create: ["ssm:PutParameter", "ssm:AddTagsToResource"],
    read: ["ssm:GetParameter", "ssm:GetParameters", "ssm:DescribeParameters", "ssm:ListTagsForResource"],
    update: {
      tags: ["ssm:AddTagsToResource", "ssm:RemoveTagsFromResource"],
      overwrite: [],
      "*": ["ssm:PutParameter"],
    },
    delete: ["ssm:DeleteParameter"],
    source: `${provider("ssm/parameter.go")}; ${reference("awssystemsmanager")}`,
    sourceRead: true,
  },
  "aws:apigatewayv2/api:Api": apiRow("api.go"),
  "aws:apigatewayv2/apiMapping:ApiMapping": apiRow("api_mapping.go"),
  "aws:apigatewayv2/domainName:DomainName": apiRow("domain_name.go"),
  "aws:apigatewayv2/integration:Integration": apiRow("integration.go"),
  "aws:apigatewayv2/route:Route": apiRow("route.go"),
  "aws:apigatewayv2/stage:Stage": {
    ...apiRow("stage.go"),
    create: [...API_ACTIONS.create, ...ACCESS_LOG_ACTIONS],
    update: {
      ...API_ACTIONS.update,
      accessLogSettings: ["apigateway:PATCH", ...ACCESS_LOG_ACTIONS],
    },
    delete: [
      ...API_ACTIONS.delete,
      "logs:DeleteLogDelivery",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
    ],
    source: `${provider("apigatewayv2/stage.go")}; the logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html`,
    sourceRead: true,
  },
  // Functions, which previews call too.
  "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": lookup(
    "oidc-provider",
    ["iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"],
    `${provider("iam/openid_connect_provider_data_source.go")}; ${reference("awsidentityandaccessmanagementiam")}`,
  ),
  "aws:secretsmanager/getSecretVersions:getSecretVersions": lookup(
    "entry",
    ["secretsmanager:ListSecretVersionIds"],
    `${provider("secretsmanager/secret_versions_data_source.go")}; ${reference("awssecretsmanager")}`,
  ),
  // `sts:GetCallerIdentity` needs no permission; the other two ask nobody.
  "aws:index/getCallerIdentity:getCallerIdentity": lookup(
    "any",
    [],
    "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
  ),
  "aws:index/getPartition:getPartition": lookup("any", [], provider("meta/partition_data_source.go")),
  "aws:index/getRegion:getRegion": lookup("any", [], provider("meta/region_data_source.go")),
};

function lookup(scope: ActionScope, read: readonly string[], source: string): ResourceActions {
  return { scope, create: [], read, update: {}, delete: [], source, sourceRead: read.length > 0 };
}

/**
 * Actions that are about something else than the resource type that needs them, or that IAM cannot narrow. That a
 * list with a filter is asked for everything (`cloudwatch:DescribeAlarms`, `logs:DescribeLogGroups`) is known from
 * AWS's refusals that people report, not from the reference.
 */
export const SCOPES: Readonly<Record<string, ActionScope>> = {
  "cloudwatch:DescribeAlarms": "any",
  ...Object.fromEntries(NETWORK_LOOKUPS.map((action) => [action, "any" as const])),
  ...Object.fromEntries(ACCESS_LOG_ACTIONS.map((action) => [action, "any" as const])),
  "iam:ListOpenIDConnectProviders": "any",
  "iam:PassRole": "role",
  "logs:DeleteLogDelivery": "any",
  "ssm:DescribeParameters": "any",
};

/**
 * Actions for which IAM knows the boundary (`iam:PermissionsBoundary`): the one asked for where a role gets one, the
 * role's own otherwise. Source: Service Authorization Reference, IAM, the key's column.
 */
export const BOUNDED_ACTIONS: readonly string[] = [
  "iam:AttachRolePolicy",
  "iam:CreateRole",
  "iam:DeleteRolePolicy",
  "iam:DetachRolePolicy",
  "iam:PutRolePermissionsBoundary",
  "iam:PutRolePolicy",
];

/** What an action of a row is about. */
export function scopeOf(action: string, { scope }: ResourceActions): ActionScope {
  return SCOPES[action] ?? scope;
}

/** Every action of a row. */
export function actionsOf({ create, read, update, delete: remove }: ResourceActions): readonly string[] {
  return [...new Set([...create, ...read, ...Object.values(update).flat(), ...remove])];
}

/**
 * The actions that resources of these types need, by what they are about, each list sorted.
 *
 * @throws RangeError naming the types without a row.
 */
export function actionsByScope(types: readonly string[]): ReadonlyMap<ActionScope, readonly string[]> {
  const unknown = types.filter((type) => !Object.hasOwn(RESOURCE_ACTIONS, type));
  if (unknown.length > 0) throw new RangeError(withoutRow(unknown));
  const scopes = new Map<ActionScope, Set<string>>();
  for (const type of types) {
    const row = RESOURCE_ACTIONS[type] as ResourceActions;
    for (const action of actionsOf(row)) {
      const scope = scopeOf(action, row);
      scopes.set(scope, (scopes.get(scope) ?? new Set()).add(action));
    }
  }
  return new Map([...scopes].map(([scope, actions]) => [scope, [...actions].sort()]));
}

/** One sentence that says what to do about types that no deploy role could make. */
export function withoutRow(types: readonly string[]): string {
  return (
    `${[...new Set(types)].join(", ")}: no deploy role could make it, for the table of actions ` +
    "(trust/permissions/actions.ts) has no row for it"
  );
}
