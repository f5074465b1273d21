import type { Cloud } from "../engine/cloud";
import type { Account } from "./account";
import {
  oidcProviderResource,
  policyResource,
  rolePolicyAttachmentResource,
  rolePolicyResource,
  roleResource,
} from "./resources/iam";
import { getCallerIdentity, getOpenIdConnectProvider, getPartition, getRegion } from "./resources/invokes";
import { aliasResource, keyResource } from "./resources/kms";
import { secretPolicyResource, secretResource } from "./resources/secrets-manager";
import { parameterResource } from "./resources/ssm";

/**
 * What Pulumi's AWS provider does, done to an account on the laptop: the part of the engine's `Cloud` that is
 * AWS. A resource that AWS would refuse fails with AWS's code and words.
 */
export function createAwsCloud(account: Account): Required<Pick<Cloud, "resources" | "invokes">> {
  return {
    resources: {
      "aws:iam/openIdConnectProvider:OpenIdConnectProvider": oidcProviderResource(account),
      "aws:iam/policy:Policy": policyResource(account),
      "aws:iam/role:Role": roleResource(account),
      "aws:iam/rolePolicy:RolePolicy": rolePolicyResource(account),
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachmentResource(account),
      "aws:kms/alias:Alias": aliasResource(account),
      "aws:kms/key:Key": keyResource(account),
      "aws:secretsmanager/secret:Secret": secretResource(account),
      "aws:secretsmanager/secretPolicy:SecretPolicy": secretPolicyResource(account),
      "aws:ssm/parameter:Parameter": parameterResource(account),
    },
    invokes: {
      "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity(account),
      "aws:index/getPartition:getPartition": getPartition(account),
      "aws:index/getRegion:getRegion": getRegion(account),
      "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": getOpenIdConnectProvider(account),
    },
  };
}
