import * as pulumi from "@pulumi/pulumi";
import { escAudience, escSubjects, escTrustPolicy, PULUMI_ISSUER } from "../trust/index";
import { type ArgumentIssue, refuse } from "./args";
import { checkKmsKeyArn, readEntries } from "./entry-permissions";
import { checkNameParts, checkPhysicalName, flatName } from "./names";
import { OidcProvider, type OidcProviderMode } from "./oidc-provider";
import { checkRoleArgs, createRole, type RoleArgs } from "./role";

export interface EscLoginArgs extends RoleArgs {
  /** The Pulumi organization. */
  organization: string;
  /** First part of the role's name, after the prefix. */
  project: string;
  /** Second part of the role's name. */
  stage: string;
  /** Put in front of the role's name, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The one ESC environment that may log in, as `project/environment`. @default `<project>/<stage>` */
  environment?: string;
  /** ARNs of the Secrets Manager entries that the environment reads, at least one. */
  entryArns: pulumi.Input<pulumi.Input<string>[]>;
  /** The customer-managed key of the entries, if they have one. */
  kmsKeyArn?: pulumi.Input<string>;
  /**
   * The longest session that ESC may ask for, in seconds: 3600 to 43200. At least `duration` of `aws-login`.
   * @default 7200, ESC's own default, which a role's usual hour would refuse
   */
  maxSessionSeconds?: number;
  /** How the account's IAM OIDC provider for Pulumi is come by. @default OidcProviderMode.Adopt */
  oidcProvider?: OidcProviderMode;
}

/**
 * The role by which one ESC environment reads its stage's Secrets Manager entries, with no stored credential.
 *
 * Its trust is exact: the organization's audience, and the subjects of that environment and of its `live`
 * revision. The environment's `aws-login` must ask with `subjectAttributes: [currentEnvironment.name]`: the
 * default subject is the same for every environment of the organization under `pulumi up`. It grants reading
 * the listed entries, decrypting them by the given key through Secrets Manager alone, and nothing else.
 *
 * @throws ResourceError listing every argument that cannot be used; and see `OidcProvider`.
 * @see https://www.pulumi.com/docs/esc/guides/configuring-oidc/aws/
 */
export class EscLogin extends pulumi.ComponentResource {
  /** For `roleArn` of `aws-login`. */
  readonly roleArn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;
  /** The account's IAM OIDC provider for Pulumi. */
  readonly providerArn: pulumi.Output<string>;

  constructor(name: string, args: EscLoginArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:EscLogin", name, {}, opts);
    refuse(checkArgs(args), this);
    const { organization } = args;
    const environment = environmentOf(args);
    const audience = escAudience({ organization, environment });
    const subjects = escSubjects({
      organization,
      environment,
      tags: ["live"],
      subjectAttributes: ["currentEnvironment.name"],
    });

    const provider = new OidcProvider(
      `${name}-oidc`,
      { issuer: PULUMI_ISSUER, audience, mode: args.oidcProvider, tags: args.tags },
      { parent: this },
    );
    const { role } = createRole(
      `${name}-role`,
      {
        roleName: flatName(args, "esc-login"),
        description: `Lets the ESC environment ${environment} of ${organization} read its secret entries`,
        trust: provider.arn.apply((providerArn) => escTrustPolicy({ providerArn, audience, subjects })),
        permissions: permissions(args, this),
        maxSessionSeconds: args.maxSessionSeconds ?? 7200,
      },
      args,
      this,
    );
    this.roleArn = role.arn;
    this.roleName = role.name;
    this.providerArn = provider.arn;
    this.registerOutputs({ roleArn: this.roleArn, roleName: this.roleName, providerArn: this.providerArn });
  }
}

function environmentOf({ environment, project, stage }: EscLoginArgs): string {
  return environment ?? `${project}/${stage}`;
}

function permissions({ entryArns, kmsKeyArn }: EscLoginArgs, resource: pulumi.Resource) {
  return pulumi.all([entryArns, kmsKeyArn]).apply(([arns, kmsKeyArn]) => {
    refuse(checkEntryArns(arns), resource);
    return { Version: "2012-10-17" as const, Statement: readEntries(arns, kmsKeyArn) };
  });
}

function checkArgs(args: EscLoginArgs): ArgumentIssue[] {
  const issues = [
    ...checkNameParts(args),
    ...checkPhysicalName("role", flatName(args, "esc-login"), 64),
    ...checkRoleArgs(args),
    ...checkKmsKeyArn(args.kmsKeyArn),
    ...(Array.isArray(args.entryArns) ? checkEntryArns(args.entryArns) : []),
  ];
  const { organization, maxSessionSeconds: seconds } = args;
  const environment = environmentOf(args);
  if (!/^[\w.-]+$/.test(organization)) {
    issues.push({
      path: "organization",
      reason: `"${organization}" must be the name of a Pulumi organization`,
    });
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(environment)) {
    issues.push({ path: "environment", reason: `"${environment}" must be project/environment` });
  }
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 3600 && seconds <= 43_200)) {
    issues.push({
      path: "maxSessionSeconds",
      reason: `${seconds} must be a whole number from 3600 to 43200`,
    });
  }
  return issues;
}

/** IAM refuses a statement without resources, and a login that reads nothing would have no use. */
function checkEntryArns(arns: readonly pulumi.Input<string>[]): ArgumentIssue[] {
  return arns.length > 0 ? [] : [{ path: "entryArns", reason: "must name at least one entry" }];
}
