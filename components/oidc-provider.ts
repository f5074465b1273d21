import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { oidcProviderArn } from "../trust/index";
import { type ArgumentIssue, refuse } from "./args";

/**
 * How a stack comes by an account's IAM OIDC provider, of which there can be only one for each issuer. It is
 * said, never detected: a stack that creates what it does not find deletes on its second run what it created on
 * its first.
 */
export const OidcProviderMode = {
  /** This stack owns the provider. It is protected, and stays in the account when it leaves the program. */
  Create: "create",
  /** Another stack owns it. It is looked up, and the preview fails when it or its audience is missing. */
  Adopt: "adopt",
  /** Somebody else answers for it. Nothing is looked up; its ARN follows from account and issuer. */
  Skip: "skip",
} as const;
export type OidcProviderMode = (typeof OidcProviderMode)[keyof typeof OidcProviderMode];

export interface OidcProviderArgs {
  /** The issuer, as the token's `iss` says it: `https://api.pulumi.com/oidc`. */
  issuer: string;
  /** The token's `aud`, which the provider must list: `aws:<organization>` for Pulumi's login. */
  audience: string;
  /** @default OidcProviderMode.Adopt */
  mode?: OidcProviderMode;
  /** Tags of the provider when this stack creates it. */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * The account's IAM OIDC provider for one issuer: created, adopted or taken for granted.
 *
 * No thumbprint is set: IAM trusts well-known issuers by its own list of authorities.
 *
 * @throws ResourceError for arguments that cannot be used. With `Adopt`, the preview fails when the provider is
 * missing, and when it does not list the audience, with the AWS CLI command that adds it.
 */
export class OidcProvider extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: OidcProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:OidcProvider", name, {}, opts);
    refuse(checkArgs(args), this);
    switch (args.mode ?? OidcProviderMode.Adopt) {
      case OidcProviderMode.Create:
        this.arn = create(name, args, this);
        break;
      case OidcProviderMode.Adopt:
        this.arn = pulumi.output(adopt(args, this));
        break;
      case OidcProviderMode.Skip:
        this.arn = expectedArn(args, this);
        break;
    }
    this.registerOutputs({ arn: this.arn });
  }
}

function create(name: string, { issuer, audience, tags }: OidcProviderArgs, parent: pulumi.Resource) {
  const provider = new aws.iam.OpenIdConnectProvider(
    `${name}-provider`,
    { url: issuer, clientIdLists: [audience], tags },
    // Other stacks and other teams log in by it: neither a destroy nor a removed line may take it away.
    // Audiences that they add are theirs: this stack would otherwise remove them.
    { parent, protect: true, retainOnDelete: true, ignoreChanges: ["clientIdLists"] },
  );
  return provider.arn;
}

/** A promise and not an `apply`, so that its rejection fails even a preview in which other inputs are unknown. */
async function adopt({ issuer, audience }: OidcProviderArgs, parent: pulumi.Resource): Promise<string> {
  const fail = async (text: string) => {
    // Pulumi puts `error serializing property "…"` before the text of a rejected input; this line stays plain.
    await pulumi.log.error(text, parent);
    throw new pulumi.ResourceError(text, parent, true);
  };
  const provider = await aws.iam
    .getOpenIdConnectProvider({ url: issuer }, { parent })
    .catch((error: Error) =>
      fail(
        `this account has no IAM OIDC provider for ${issuer}: run "pulumi up -s base" first, which creates it ` +
          `(${error.message.replace(/^.* returned an error: /s, "")})`,
      ),
    );
  if (!provider.clientIdLists.includes(audience)) {
    await fail(
      `this account's IAM OIDC provider for ${issuer} does not accept the audience ${audience}: run ` +
        "aws iam add-client-id-to-open-id-connect-provider " +
        `--open-id-connect-provider-arn ${provider.arn} --client-id ${audience}`,
    );
  }
  return provider.arn;
}

function expectedArn({ issuer }: OidcProviderArgs, parent: pulumi.Resource): pulumi.Output<string> {
  const { accountId } = aws.getCallerIdentityOutput({}, { parent });
  const { partition } = aws.getPartitionOutput({}, { parent });
  return pulumi
    .all([accountId, partition])
    .apply(([accountId, partition]) => oidcProviderArn({ issuer, accountId, partition }));
}

function checkArgs({ issuer, audience }: OidcProviderArgs): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  if (!/^https:\/\/[\w.-]+(\/[\w.~-]+)*$/.test(issuer)) {
    issues.push({ path: "issuer", reason: `"${issuer}" must be an https:// URL without a "/" at its end` });
  }
  if (!/^[\w:./@-]{1,255}$/.test(audience)) {
    issues.push({
      path: "audience",
      reason: `"${audience}" must be 1 to 255 of letters, digits and _ : . / @ -`,
    });
  }
  return issues;
}
