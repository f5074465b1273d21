import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PolicyDocument } from "../trust/index";
import { NETWORK_ACTIONS } from "./adapter-permissions";
import { refuse } from "./args";
import { checkNameParts, checkPhysicalName, type NameParts } from "./names";
import { checkRoleArgs } from "./role";

export interface StageBoundaryArgs {
  /** First part of the names of the stage's resources, after the prefix. */
  project: string;
  /** Second part of them. */
  stage: string;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** IAM path of this policy: that of the deploy roles and of the stage's own. @default "/" */
  rolePath?: string;
  /** Entries of others that the stage reads (`existing` of `SecretEntries`). @default none */
  entryArns?: pulumi.Input<pulumi.Input<string>[]>;
  /** SSM parameters besides the stage's own that the adapter's sources read, `…:parameter/shared/*`. @default none */
  parameterArns?: pulumi.Input<pulumi.Input<string>[]>;
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * The policy that bounds every role of one stage: the most that such a role can ever do, whoever writes its policies.
 * That is to read the stage's own entries and those listed, to decrypt through Secrets Manager and Systems Manager, and
 * to work with what carries the stage's names. It grants nothing. `GithubDeploy` lets no deploy role make or change a role
 * without it.
 *
 * Belongs, like the deploy roles, to the stack that people run. The stage's components take its ARN as their
 * `permissionsBoundary`: `stageBoundaryArn(…)`, which follows from the names.
 *
 * @throws ResourceError listing every argument that cannot be used.
 */
export class StageBoundary extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: StageBoundaryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:StageBoundary", name, {}, opts);
    const issues = [
      ...checkNameParts(args),
      ...checkRoleArgs(args),
      ...checkPhysicalName("policy", boundaryName(args), 128),
    ];
    refuse(issues, this);
    const policy = new aws.iam.Policy(
      `${name}-policy`,
      {
        name: boundaryName(args),
        path: args.rolePath ?? "/",
        description: `The most that roles of ${args.project} ${args.stage} can do`,
        policy: pulumi.jsonStringify(
          pulumi
            .all([accountOf({ parent: this }), args.entryArns ?? [], args.parameterArns ?? []])
            .apply(([account, entries, parameters]) =>
              boundaryPolicy(args, account, { entries, parameters }),
            ),
        ),
        tags: args.tags,
      },
      { parent: this },
    );
    this.arn = policy.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** ARN of the `StageBoundary` of these names, made or yet to be made: nothing is looked up but the account's id. */
export function stageBoundaryArn(
  args: Pick<StageBoundaryArgs, "namePrefix" | "project" | "stage" | "rolePath">,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<string> {
  return accountOf(opts).apply(
    ({ partition, accountId }) =>
      `arn:${partition}:iam::${accountId}:policy${args.rolePath ?? "/"}${boundaryName(args)}`,
  );
}

function accountOf(opts?: pulumi.InvokeOptions) {
  return pulumi
    .all([aws.getPartitionOutput({}, opts).partition, aws.getCallerIdentityOutput({}, opts).accountId])
    .apply(([partition, accountId]) => ({ partition, accountId }));
}

/** Unlike the stage's own names it does not begin with `<project>-<stage>-`. */
function boundaryName({ namePrefix = "", project, stage }: NameParts): string {
  return `${namePrefix}${project}-boundary-${stage}`;
}

/**
 * The most that a role of the stage can ever do, whoever writes its policies: read the stage's own entries and those
 * listed, decrypt through Secrets Manager and Systems Manager, and work with what carries the stage's names. It grants
 * nothing.
 *
 * @param others ARNs of what the stage reads besides its own
 */
export function boundaryPolicy(
  { namePrefix = "", project, stage }: NameParts,
  account: { readonly partition: string; readonly accountId: string },
  others: { readonly entries?: readonly string[]; readonly parameters?: readonly string[] } = {},
): PolicyDocument {
  const { partition, accountId } = account;
  const flat = `${namePrefix}${project}-${stage}-*`;
  const nested = `${namePrefix}${project}/${stage}/*`;
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:*:${accountId}:${resource}`;
  const entries = arn("secretsmanager", `secret:${nested}`);
  return {
    Version: "2012-10-17",
    Statement: [
      allow("ReadEntries", ["secretsmanager:GetSecretValue"], [entries, ...(others.entries ?? [])]),
      allow("WriteJournal", ["secretsmanager:PutSecretValue"], [entries]),
      {
        ...allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], ["*"]),
        Condition: { StringLike: { "kms:ViaService": ["secretsmanager.*", "ssm.*"] } },
      },
      // A batch reads only what each read on its own may be.
      allow("ReadBatches", ["secretsmanager:BatchGetSecretValue"], ["*"]),
      allow(
        "ReadParameters",
        ["ssm:GetParameter", "ssm:GetParametersByPath"],
        [arn("ssm", `parameter/${nested}`), ...(others.parameters ?? [])],
      ),
      allow(
        "UseTables",
        ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        [arn("dynamodb", `table/${flat}`)],
      ),
      // Whoever is told of rotations has a bus of their own name, or the account's.
      allow("TellEvents", ["events:PutEvents"], [arn("events", "event-bus/*")]),
      allow(
        "WriteLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [arn("logs", `log-group:/aws/lambda/${flat}`)],
      ),
      // EC2 cannot narrow these, with which Lambda puts a function into a network.
      allow("AttachToNetwork", NETWORK_ACTIONS, ["*"]),
    ],
  };
}

function allow(sid: string, actions: readonly string[], resources: readonly string[]) {
  return { Sid: sid, Effect: "Allow" as const, Action: actions, Resource: resources };
}
