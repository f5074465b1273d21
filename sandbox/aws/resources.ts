import type { Cloud } from "../engine/cloud.js";
import type { Account } from "./account.js";
import { getCallerIdentity, getOpenIdConnectProvider, getPartition, getRegion } from "./resources/invokes.js";
import { secretPolicyResource, secretResource } from "./resources/secrets-manager.js";

/**
 * What Pulumi's AWS provider does, done to an account on the laptop: the part of the engine's `Cloud` that is
 * AWS. A resource that AWS would refuse fails with AWS's code and words.
 */
export function createAwsCloud(account: Account): Required<Pick<Cloud, "resources" | "invokes">> {
  return {
    resources: {
      "aws:secretsmanager/secret:Secret": secretResource(account),
      "aws:secretsmanager/secretPolicy:SecretPolicy": secretPolicyResource(account),
    },
    invokes: {
      "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity(account),
      "aws:index/getPartition:getPartition": getPartition(account),
      "aws:index/getRegion:getRegion": getRegion(account),
      "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": getOpenIdConnectProvider(account),
    },
  };
}
