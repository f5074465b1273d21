import type { MockOptions } from "./pulumi";

export const ACCOUNT = "123456789012";

const LOOKUP = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider";

/** The account's lookups: who is calling, where, and which OIDC providers it has (issuer to audiences). */
export function awsAccount({
  partition = "aws",
  providers = {},
}: {
  readonly partition?: string;
  readonly providers?: Readonly<Record<string, readonly string[]>>;
} = {}): NonNullable<MockOptions["calls"]> {
  return {
    "aws:index/getPartition:getPartition": () => ({ partition }),
    "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: ACCOUNT }),
    [LOOKUP]: ({ url }) => {
      const audiences = providers[String(url)];
      if (audiences === undefined) throw new Error("not found");
      return { arn: providerArn(String(url), partition), clientIdLists: [...audiences] };
    },
  };
}

export function providerArn(issuer: string, partition = "aws"): string {
  return `arn:${partition}:iam::${ACCOUNT}:oidc-provider/${issuer.replace("https://", "")}`;
}

/** The account's calls, without answers to some of them: what makes one fails. */
export function without(calls: NonNullable<MockOptions["calls"]>, ...names: readonly string[]) {
  return Object.fromEntries(Object.entries(calls).filter(([token]) => !names.some((n) => token.endsWith(n))));
}
