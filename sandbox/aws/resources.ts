import type { Cloud } from "../engine/cloud";
import type { Account } from "./account";
import {
  type ApiAddressListener,
  apiMappingResource,
  apiResource,
  domainNameResource,
  integrationResource,
  routeResource,
  stageResource,
} from "./resources/api-gateway";
import { dashboardResource, metricAlarmResource } from "./resources/cloudwatch";
import { tableResource } from "./resources/dynamodb";
import { securityGroupResource, vpcComponent, vpcEndpointResource } from "./resources/ec2";
import { eventBusResource, eventRuleResource, eventTargetResource } from "./resources/events";
import {
  oidcProviderResource,
  policyResource,
  rolePolicyAttachmentResource,
  rolePolicyResource,
  roleResource,
} from "./resources/iam";
import {
  getCallerIdentity,
  getOpenIdConnectProvider,
  getPartition,
  getRegion,
  getSecretVersions,
} from "./resources/invokes";
import { aliasResource, keyResource } from "./resources/kms";
import {
  type FunctionUrlListener,
  functionResource,
  functionUrlResource,
  permissionResource,
} from "./resources/lambda";
import { logGroupResource } from "./resources/logs";
import { secretPolicyResource, secretResource } from "./resources/secrets-manager";
import { parameterResource } from "./resources/ssm";

export interface AwsCloudOptions {
  /** Told of each function URL: the Lambda host's `publish`. Without it, functions are made but never run. */
  readonly onFunctionUrl?: FunctionUrlListener;
  /** Told of each address of an HTTP API: the Lambda host's `publishApi`. */
  readonly onApiAddress?: ApiAddressListener;
}

/**
 * What Pulumi's AWS provider does, done to an account on the laptop: the part of the engine's `Cloud` that is
 * AWS. A resource that AWS would refuse fails with AWS's code and words.
 */
export function createAwsCloud(
  account: Account,
  { onFunctionUrl, onApiAddress }: AwsCloudOptions = {},
): Required<Pick<Cloud, "resources" | "invokes" | "remoteComponents">> {
  return {
    resources: {
      "aws:apigatewayv2/api:Api": apiResource(account, onApiAddress),
      "aws:apigatewayv2/apiMapping:ApiMapping": apiMappingResource(account, onApiAddress),
      "aws:apigatewayv2/domainName:DomainName": domainNameResource(account),
      "aws:apigatewayv2/integration:Integration": integrationResource(account),
      "aws:apigatewayv2/route:Route": routeResource(account),
      "aws:apigatewayv2/stage:Stage": stageResource(account),
      "aws:cloudwatch/dashboard:Dashboard": dashboardResource(account),
      "aws:cloudwatch/eventBus:EventBus": eventBusResource(account),
      "aws:cloudwatch/eventRule:EventRule": eventRuleResource(account),
      "aws:cloudwatch/eventTarget:EventTarget": eventTargetResource(account),
      "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarmResource(account),
      "aws:cloudwatch/logGroup:LogGroup": logGroupResource(account),
      "aws:dynamodb/table:Table": tableResource(account),
      "aws:ec2/securityGroup:SecurityGroup": securityGroupResource(account),
      "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpointResource(account),
      "aws:iam/openIdConnectProvider:OpenIdConnectProvider": oidcProviderResource(account),
      "aws:iam/policy:Policy": policyResource(account),
      "aws:iam/role:Role": roleResource(account),
      "aws:iam/rolePolicy:RolePolicy": rolePolicyResource(account),
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachmentResource(account),
      "aws:kms/alias:Alias": aliasResource(account),
      "aws:kms/key:Key": keyResource(account),
      "aws:lambda/function:Function": functionResource(account),
      "aws:lambda/functionUrl:FunctionUrl": functionUrlResource(account, onFunctionUrl),
      "aws:lambda/permission:Permission": permissionResource(account),
      "aws:secretsmanager/secret:Secret": secretResource(account),
      "aws:secretsmanager/secretPolicy:SecretPolicy": secretPolicyResource(account),
      "aws:ssm/parameter:Parameter": parameterResource(account),
    },
    remoteComponents: { "awsx:ec2:Vpc": vpcComponent(account) },
    invokes: {
      "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity(account),
      "aws:index/getPartition:getPartition": getPartition(account),
      "aws:index/getRegion:getRegion": getRegion(account),
      "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": getOpenIdConnectProvider(account),
      "aws:secretsmanager/getSecretVersions:getSecretVersions": getSecretVersions(account),
    },
  };
}
