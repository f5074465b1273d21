import { TrustError } from "./errors";

/** Issuer of the tokens that ESC's login providers (`aws-login`, …) present. */
export const PULUMI_ISSUER = "https://api.pulumi.com/oidc";

/** Issuer of GitHub Actions' tokens, where no enterprise slug is configured. */
export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

const PROVIDER_ARN = /^arn:(aws(?:-[a-z]+)*):iam::(\d{12}):oidc-provider\/([\w.-]+(?:\/[\w.~-]+)*)$/;

const GITHUB_ISSUERS = /^token\.actions\.(?:githubusercontent\.com|[\w-]+\.ghe\.com)(?:\/|$)/;

/** Whether condition keys with this prefix are of GitHub Actions' tokens: github.com, with or without slug, or ghe.com. */
export function isGithubIssuer(keyPrefix: string): boolean {
  return GITHUB_ISSUERS.test(keyPrefix);
}

/** The parts of an IAM OIDC provider's ARN. */
export interface OidcProvider {
  readonly partition: string;
  readonly accountId: string;
  /** The issuer's URL without its scheme: also the prefix of the provider's condition keys. */
  readonly keyPrefix: string;
}

/**
 * Takes an IAM OIDC provider's ARN apart.
 *
 * @throws TrustError `ERR_TRUST_PROVIDER`
 */
export function parseOidcProviderArn(arn: string): OidcProvider {
  const [, partition, accountId, keyPrefix] = PROVIDER_ARN.exec(arn) ?? [];
  if (partition === undefined || accountId === undefined || keyPrefix === undefined) {
    throw new TrustError(
      "ERR_TRUST_PROVIDER",
      "provider ARN",
      "expected arn:<partition>:iam::<12 digits>:oidc-provider/<issuer without https://>",
    );
  }
  return { partition, accountId, keyPrefix };
}

export interface OidcProviderArnArgs {
  /** The issuer as the token's `iss` says it, `https://…`. */
  readonly issuer: string;
  readonly accountId: string;
  /** @default "aws" */
  readonly partition?: string;
}

/**
 * The ARN that IAM gives to the OIDC provider of an issuer: one per issuer and account, so it can be known
 * before the provider is looked up.
 *
 * @throws TrustError `ERR_TRUST_PROVIDER`
 */
export function oidcProviderArn({ issuer, accountId, partition = "aws" }: OidcProviderArnArgs): string {
  if (!issuer.startsWith("https://")) {
    throw new TrustError("ERR_TRUST_PROVIDER", "issuer", "expected an https:// URL");
  }
  const arn = `arn:${partition}:iam::${accountId}:oidc-provider/${issuer.slice("https://".length)}`;
  parseOidcProviderArn(arn);
  return arn;
}
