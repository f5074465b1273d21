import type { Invoke } from "../../engine/cloud";
import { type Account, makeArn } from "../account";
import { AwsError } from "../errors";
import { findSecret } from "../secret-entries";
import { regionOf } from "./define";

/** `aws.getCallerIdentity`: the administrator, in whose name the sandbox provisions. */
export function getCallerIdentity(account: Account): Invoke {
  return () => ({
    accountId: account.id,
    arn: makeArn(account, "iam", "", "user/administrator"),
    id: account.id,
    userId: account.id,
  });
}

const domains: Record<string, string> = {
  aws: "amazonaws.com",
  "aws-cn": "amazonaws.com.cn",
  "aws-us-gov": "amazonaws.com",
};

/** `aws.getPartition` */
export function getPartition(account: Account): Invoke {
  const dnsSuffix = domains[account.partition] ?? "amazonaws.com";
  return () => ({
    id: account.partition,
    partition: account.partition,
    dnsSuffix,
    reverseDnsPrefix: dnsSuffix.split(".").reverse().join("."),
  });
}

/** `aws.getRegion`: the region asked for, or the provider's. */
export function getRegion(account: Account): Invoke {
  return (args, context) => {
    const asked = args.region ?? args.name;
    const region = typeof asked === "string" ? asked : regionOf(account, context);
    return {
      id: region,
      name: region,
      region,
      description: region,
      endpoint: `ec2.${region}.${domains[account.partition] ?? "amazonaws.com"}`,
    };
  };
}

/** `aws.iam.getOpenIdConnectProvider`, by `arn` or by `url`. Fails when there is none. */
export function getOpenIdConnectProvider(account: Account): Invoke {
  return ({ arn, url }) => {
    const host = typeof url === "string" ? url.replace(/^https:\/\//, "") : undefined;
    const provider = [...account.oidcProviders.values()].find(
      (candidate) => candidate.arn === arn || candidate.host === host,
    );
    if (!provider) {
      const asked = typeof arn === "string" ? `arn ${arn}` : `url ${String(url)}`;
      throw new AwsError("NoSuchEntity", `OpenIDConnect Provider not found for ${asked}`);
    }
    return {
      id: provider.arn,
      arn: provider.arn,
      url: provider.host,
      clientIdLists: [...provider.audiences],
      thumbprintLists: [...provider.thumbprints],
      tags: { ...provider.tags },
    };
  };
}

/**
 * `aws.secretsmanager.getSecretVersions`: which versions an entry has, and their labels; no value. Fails when there is
 * no such entry.
 */
export function getSecretVersions(account: Account): Invoke {
  return (args, context) => {
    const region = typeof args.region === "string" ? args.region : regionOf(account, context);
    const secretId = String(args.secretId);
    const entry = findSecret(account, region, secretId);
    if (entry === undefined) {
      // The provider passes on the SDK's own text, which has the code in it.
      throw new AwsError(
        "ResourceNotFoundException",
        "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      );
    }
    const versions = [...entry.versions.values()]
      .filter(({ stages }) => args.includeDeprecated === true || stages.size > 0)
      .map(({ id, stages, createdAt, accessedOn }) => ({
        versionId: id,
        versionStages: [...stages],
        createdTime: createdAt.toISOString(),
        lastAccessedDate: accessedOn?.toISOString() ?? "",
      }));
    const { arn, name } = entry;
    return { id: arn, arn, name, region, secretId, secretArn: arn, secretName: name, versions };
  };
}
