import type { PolicyDocument, PolicyStatement } from "../trust/index";

/** Where a stage's resources are: what all their names begin with, in one account. */
export interface DeployScope {
  readonly partition: string;
  readonly accountId: string;
  readonly namePrefix?: string;
  readonly project: string;
  readonly stage: string;
  /** The IAM path of the stage's roles. */
  readonly rolePath: string;
  /** HTTP APIs, too. They are known by ids, so this is about all of the account's. @default false */
  readonly httpApis?: boolean;
}

/**
 * What provisioning one stage needs, and no more than its names: regions are left open, for name and account
 * already say whose a resource is. What AWS cannot narrow by name (lists, network lookups) is reading only.
 */
export function deployPolicy(scope: DeployScope): PolicyDocument {
  const { partition, accountId, namePrefix = "", project, stage, rolePath } = scope;
  const flat = `${namePrefix}${project}-${stage}-*`;
  const nested = `${namePrefix}${project}/${stage}/*`;
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${service === "iam" ? "" : "*"}:${accountId}:${resource}`;
  const roles = arn("iam", `role${rolePath}${flat}`);
  const parameters = arn("ssm", `parameter/${nested}`);
  return {
    Version: "2012-10-17",
    Statement: [
      allow("Entries", ENTRY_ACTIONS, arn("secretsmanager", `secret:${nested}`)),
      allow("Roles", ROLE_ACTIONS, roles),
      {
        ...allow("PassRoles", ["iam:PassRole"], roles),
        Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
      },
      allow("Functions", FUNCTION_ACTIONS, arn("lambda", `function:${flat}`)),
      allow("LogGroups", LOG_GROUP_ACTIONS, [
        arn("logs", `log-group:/aws/lambda/${flat}`),
        arn("logs", `log-group:/aws/vendedlogs/${flat}`),
      ]),
      allow("Alarms", ALARM_ACTIONS, arn("cloudwatch", `alarm:${flat}`)),
      // Dashboards belong to no region.
      allow("Dashboards", DASHBOARD_ACTIONS, `arn:${partition}:cloudwatch::${accountId}:dashboard/${flat}`),
      ...(scope.httpApis ? httpApiStatements(partition) : []),
      allow("Tables", TABLE_ACTIONS, arn("dynamodb", `table/${flat}`)),
      allow("Parameters", PARAMETER_ACTIONS, parameters),
      lookUpProviders(scope),
      // None of these can be narrowed to a resource; none shows a value.
      allow("Lists", LIST_ACTIONS, "*"),
      ...denySecretReads(parameters),
    ],
  };
}

/**
 * What a preview of a pull request's code needs: Pulumi compares with its own state, so only the lookups that
 * the program makes. Which versions an entry has tells whether it has a value, and nothing of the value.
 */
export function previewPolicy(scope: Omit<DeployScope, "stage" | "rolePath">): PolicyDocument {
  const { partition, accountId, namePrefix = "", project } = scope;
  const entries = `arn:${partition}:secretsmanager:*:${accountId}:secret:${namePrefix}${project}/*`;
  return {
    Version: "2012-10-17",
    Statement: [
      lookUpProviders(scope),
      allow("LookUpEntries", ["secretsmanager:ListSecretVersionIds"], entries),
      allow("Lists", ["iam:ListOpenIDConnectProviders"], "*"),
      ...denySecretReads(),
    ],
  };
}

function lookUpProviders({ partition, accountId }: Pick<DeployScope, "partition" | "accountId">) {
  return allow(
    "LookUpProviders",
    ["iam:GetOpenIDConnectProvider"],
    `arn:${partition}:iam::${accountId}:oidc-provider/*`,
  );
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

/** API Gateway's actions are HTTP's, and who sets up an access log sets up its delivery. */
function httpApiStatements(partition: string): PolicyStatement[] {
  const paths = ["/apis", "/apis/*", "/domainnames", "/domainnames/*", "/tags/*"];
  const verbs = ["DELETE", "GET", "PATCH", "POST", "PUT", "TagResource", "UntagResource"];
  return [
    allow(
      "HttpApis",
      verbs.map((verb) => `apigateway:${verb}`),
      paths.map((path) => `arn:${partition}:apigateway:*::${path}`),
    ),
    allow("AccessLogs", ACCESS_LOG_ACTIONS, "*"),
  ];
}

function allow(
  sid: string,
  actions: readonly string[],
  resource: string | readonly string[],
): PolicyStatement {
  return { Sid: sid, Effect: "Allow", Action: actions, Resource: resource };
}

const ENTRY_ACTIONS = [
  "secretsmanager:CreateSecret",
  "secretsmanager:DeleteResourcePolicy",
  "secretsmanager:DeleteSecret",
  "secretsmanager:DescribeSecret",
  "secretsmanager:GetResourcePolicy",
  "secretsmanager:ListSecretVersionIds",
  "secretsmanager:PutResourcePolicy",
  "secretsmanager:RestoreSecret",
  "secretsmanager:TagResource",
  "secretsmanager:UntagResource",
  "secretsmanager:UpdateSecret",
];

const ROLE_ACTIONS = [
  "iam:CreateRole",
  "iam:DeleteRole",
  "iam:DeleteRolePolicy",
  "iam:GetRole",
  "iam:GetRolePolicy",
  "iam:ListAttachedRolePolicies",
  "iam:ListInstanceProfilesForRole",
  "iam:ListRolePolicies",
  "iam:PutRolePermissionsBoundary",
  "iam:PutRolePolicy",
  "iam:TagRole",
  "iam:UntagRole",
  "iam:UpdateAssumeRolePolicy",
  "iam:UpdateRole",
];

const FUNCTION_ACTIONS = [
  "lambda:AddPermission",
  "lambda:CreateFunction",
  "lambda:CreateFunctionUrlConfig",
  "lambda:DeleteFunction",
  "lambda:DeleteFunctionConcurrency",
  "lambda:DeleteFunctionUrlConfig",
  "lambda:GetFunction",
  "lambda:GetFunctionCodeSigningConfig",
  "lambda:GetFunctionConcurrency",
  "lambda:GetFunctionConfiguration",
  "lambda:GetFunctionUrlConfig",
  "lambda:GetPolicy",
  "lambda:ListTags",
  "lambda:ListVersionsByFunction",
  "lambda:PutFunctionConcurrency",
  "lambda:RemovePermission",
  "lambda:TagResource",
  "lambda:UntagResource",
  "lambda:UpdateFunctionCode",
  "lambda:UpdateFunctionConfiguration",
  "lambda:UpdateFunctionUrlConfig",
];

const ALARM_ACTIONS = [
  "cloudwatch:DeleteAlarms",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:ListTagsForResource",
  "cloudwatch:PutMetricAlarm",
  "cloudwatch:TagResource",
  "cloudwatch:UntagResource",
];

const DASHBOARD_ACTIONS = [
  "cloudwatch:DeleteDashboards",
  "cloudwatch:GetDashboard",
  "cloudwatch:PutDashboard",
];

/** None of these can be narrowed to a log group. */
const ACCESS_LOG_ACTIONS = [
  "logs:CreateLogDelivery",
  "logs:DeleteLogDelivery",
  "logs:DescribeResourcePolicies",
  "logs:GetLogDelivery",
  "logs:ListLogDeliveries",
  "logs:PutResourcePolicy",
  "logs:UpdateLogDelivery",
];

const LOG_GROUP_ACTIONS = [
  "logs:CreateLogGroup",
  "logs:DeleteLogGroup",
  "logs:DeleteRetentionPolicy",
  "logs:ListTagsForResource",
  "logs:PutRetentionPolicy",
  "logs:TagResource",
  "logs:UntagResource",
];

const TABLE_ACTIONS = [
  "dynamodb:CreateTable",
  "dynamodb:DeleteTable",
  "dynamodb:DescribeContinuousBackups",
  "dynamodb:DescribeTable",
  "dynamodb:DescribeTimeToLive",
  "dynamodb:ListTagsOfResource",
  "dynamodb:TagResource",
  "dynamodb:UntagResource",
  "dynamodb:UpdateContinuousBackups",
  "dynamodb:UpdateTable",
  "dynamodb:UpdateTimeToLive",
];

const PARAMETER_ACTIONS = [
  "ssm:AddTagsToResource",
  "ssm:DeleteParameter",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "ssm:ListTagsForResource",
  "ssm:PutParameter",
  "ssm:RemoveTagsFromResource",
];

/** The last four are what Lambda asks of whoever puts a function into a VPC or takes it out. */
const LIST_ACTIONS = [
  "iam:ListOpenIDConnectProviders",
  "logs:DescribeLogGroups",
  "ssm:DescribeParameters",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
];
