import type { Replacement, ResourceType } from "./engine/index";

/** What makes a resource of one type anew, and who says so. */
interface Row extends Replacement {
  readonly source: string;
}

/** The provider's schema, `ForceNew`, in hashicorp/terraform-provider-aws; each folder is under `internal/service`. */
const schema = (file: string) => `terraform-provider-aws ${file}, ForceNew`;

/**
 * What is named by the program and keeps its name goes before its successor comes, for both cannot have the name.
 * Source: `nameRequiresDeleteBeforeReplace` in pulumi/pulumi-terraform-bridge's `pkg/tfbridge`.
 */
const named = (property = "name") => ({ deleteFirst: { named: property } }) as const;

/** Likewise, in integrations/terraform-provider-github. */
const githubSchema = (file: string) =>
  `terraform-provider-github github/${file}, ForceNew; a repository that is renamed keeps its resources, which is not implemented`;

const byName = ["name", "namePrefix"] as const;

/**
 * The properties that cannot be changed in place, for every resource type in use: the only place that says so. `region`
 * is one of them for everything that lives in a region (terraform-provider-aws, enhanced region support: ForceNew).
 */
export const replacements: Readonly<Record<string, Row>> = {
  "aws:apigatewayv2/api:Api": {
    properties: ["protocolType", "region"],
    source: schema("apigatewayv2/api.go"),
  },
  "aws:apigatewayv2/apiMapping:ApiMapping": {
    properties: ["apiId", "domainName", "stage", "region"],
    deleteFirst: "always",
    source: `${schema("apigatewayv2/api_mapping.go")}; the provider changes apiId and stage in place, which is not implemented`,
  },
  "aws:apigatewayv2/domainName:DomainName": {
    properties: ["domainName", "domainNameConfiguration", "region"],
    deleteFirst: "always",
    source: `${schema("apigatewayv2/domain_name.go")}; the provider changes the certificate in place, which is not implemented`,
  },
  "aws:apigatewayv2/integration:Integration": {
    properties: ["apiId", "integrationType", "region"],
    source: schema("apigatewayv2/integration.go"),
  },
  "aws:apigatewayv2/route:Route": {
    properties: ["apiId", "region"],
    source: schema("apigatewayv2/route.go"),
  },
  "aws:apigatewayv2/stage:Stage": {
    properties: ["apiId", "name", "region"],
    ...named(),
    source: schema("apigatewayv2/stage.go"),
  },
  "aws:cloudwatch/dashboard:Dashboard": {
    properties: ["dashboardName", "region"],
    ...named("dashboardName"),
    source: schema("cloudwatch/dashboard.go"),
  },
  "aws:cloudwatch/eventBus:EventBus": {
    properties: ["name", "region"],
    ...named(),
    source: schema("events/bus.go"),
  },
  "aws:cloudwatch/eventRule:EventRule": {
    properties: [...byName, "eventBusName", "region"],
    ...named(),
    source: schema("events/rule.go"),
  },
  "aws:cloudwatch/eventTarget:EventTarget": {
    properties: ["rule", "targetId", "eventBusName", "region"],
    deleteFirst: { named: "targetId" },
    source: schema("events/target.go"),
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    properties: ["name", "region"],
    ...named(),
    source: schema("cloudwatch/metric_alarm.go"),
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    properties: [...byName, "region"],
    ...named(),
    source: schema("logs/group.go"),
  },
  "aws:dynamodb/table:Table": {
    properties: [...byName, "hashKey", "rangeKey", "region"],
    ...named(),
    source: schema("dynamodb/table.go"),
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    properties: [...byName, "description", "vpcId", "region"],
    ...named(),
    source: "@pulumi/aws ec2/securityGroup.d.ts, 'Change of name or name-prefix value'",
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    properties: ["serviceName", "vpcEndpointType", "vpcId", "region"],
    source: schema("ec2/vpc_endpoint.go"),
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
    properties: ["url"],
    source: schema("iam/openid_connect_provider.go"),
  },
  "aws:iam/policy:Policy": {
    properties: [...byName, "path", "description"],
    ...named(),
    source: schema("iam/policy.go"),
  },
  "aws:iam/role:Role": {
    properties: [...byName, "path"],
    ...named(),
    source: schema("iam/role.go"),
  },
  "aws:iam/rolePolicy:RolePolicy": {
    properties: [...byName, "role"],
    ...named(),
    source: schema("iam/role_policy.go"),
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    properties: ["role", "policyArn"],
    source: schema("iam/role_policy_attachment.go"),
  },
  "aws:kms/alias:Alias": {
    properties: [...byName, "region"],
    ...named(),
    source: schema("kms/alias.go"),
  },
  "aws:kms/key:Key": {
    properties: ["region"],
    source: schema("kms/key.go"),
  },
  "aws:lambda/function:Function": {
    properties: ["name", "region"],
    ...named(),
    source: schema("lambda/function.go"),
  },
  "aws:lambda/functionUrl:FunctionUrl": {
    properties: ["functionName", "region"],
    source: schema("lambda/function_url.go"),
  },
  "aws:lambda/permission:Permission": {
    properties: [
      "action",
      "function",
      "functionUrlAuthType",
      "invokedViaFunctionUrl",
      "principal",
      "principalOrgId",
      "sourceAccount",
      "sourceArn",
      "statementId",
      "statementIdPrefix",
      "region",
    ],
    ...named("statementId"),
    source: schema("lambda/permission.go"),
  },
  "aws:secretsmanager/secret:Secret": {
    properties: [...byName, "region"],
    ...named(),
    source: schema("secretsmanager/secret.go"),
  },
  "aws:secretsmanager/secretPolicy:SecretPolicy": {
    properties: ["secretArn", "region"],
    source: schema("secretsmanager/secret_policy.go"),
  },
  "aws:ssm/parameter:Parameter": {
    properties: ["name", "dataType", "region"],
    ...named(),
    source: schema("ssm/parameter.go"),
  },
  "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": {
    properties: ["repository", "environment", "variableName"],
    deleteFirst: "always",
    source: githubSchema("resource_github_actions_environment_variable.go"),
  },
  "github:index/actionsVariable:ActionsVariable": {
    properties: ["repository", "variableName"],
    deleteFirst: "always",
    source: githubSchema("resource_github_actions_variable.go"),
  },
  "github:index/repositoryEnvironment:RepositoryEnvironment": {
    properties: ["repository", "environment"],
    deleteFirst: "always",
    source: githubSchema("resource_github_repository_environment.go"),
  },
  "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": {
    properties: ["repository", "environment", "branchPattern", "tagPattern"],
    source: `${githubSchema("resource_github_repository_environment_deployment_policy.go")}; the provider changes patterns in place, which is not implemented`,
  },
  "pulumiservice:index:Environment": {
    properties: ["organization", "project", "name"],
    deleteFirst: "always",
    source: "pulumi-pulumiservice provider/pkg/resources/environment.go, Diff",
  },
  "pulumiservice:index:EnvironmentVersionTag": {
    properties: ["organization", "project", "environment", "tagName"],
    deleteFirst: "always",
    source: "pulumi-pulumiservice provider/pkg/resources/environment_version_tag.go, Diff",
  },
  "pulumiservice:index:OidcIssuer": {
    properties: ["organization", "url"],
    deleteFirst: "always",
    source: "pulumi-pulumiservice provider/pkg/resources/oidc_issuer.go, Diff",
  },
  "pulumiservice:index:EnvironmentRotationSchedule": {
    properties: ["organization", "project", "timestamp"],
    deleteFirst: "always",
    source:
      "pulumi-pulumiservice provider/pkg/resources/rotation_schedules.go, EnvironmentScheduleSharedDiffMaps",
  },
  "pulumiservice:index:TeamEnvironmentPermission": {
    properties: ["organization", "project", "environment", "team", "permission", "maxOpenDuration"],
    deleteFirst: "always",
    source: "pulumi-pulumiservice provider/pkg/resources/team_environment_permission.go, Diff",
  },
};

/** The resource types, each told what replaces its resources. A type without a row is replaced by nothing. */
export function withReplacements(
  types: Readonly<Record<string, ResourceType>>,
): Readonly<Record<string, ResourceType>> {
  return Object.fromEntries(
    Object.entries(types).map(([token, type]) => {
      const replacement = replacements[token];
      return [token, replacement === undefined ? type : { ...type, replacement }];
    }),
  );
}
