import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { entryId } from "../esc/entry-id";
import { adapterArchive, bundleAssets } from "./adapter-archive";
import { checkWhole, lambdaTrust, RETENTION_DAYS } from "./adapter-lambda";
import {
  type AdapterRotateConfigArgs,
  type AdapterTargetArgs,
  checkRotateConfigArgs,
  ROTATE_PATH,
  renderRotateConfig,
  targetId,
} from "./adapter-rotate-config";
import { adapterRotatePolicy } from "./adapter-rotate-permissions";
import { type ArgumentIssue, refuse } from "./args";
import { checkKmsKeyArn } from "./entry-permissions";
import { checkNameParts, checkPhysicalName, flatName } from "./names";
import { checkRoleArgs, createRole, type RoleArgs } from "./role";
import { tlsOnlyPolicy } from "./secret-entries";

export interface AdapterRotateArgs extends AdapterRotateConfigArgs, RoleArgs {
  /** First part of all names, after the prefix. */
  project: string;
  /** Second part of all names. */
  stage: string;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The customer-managed key of the journal's entries, and of those in `entryArns` if they have one. */
  kmsKeyArn?: pulumi.Input<string>;
  /**
   * Path of a TypeScript or JavaScript module that exports `rotators`, made with `defineRotator` of `escapement/adapter`,
   * or a whole `handler` of its own. @default the adapter with its built-in rotators
   */
  entry?: string;
  /** In MB: 128 to 10240. @default 512 */
  memoryMegabytes?: number;
  /** In seconds: 5 to 900. ESC waits no longer than about half a minute. @default 25 */
  timeoutSeconds?: number;
  /** How many requests are handled at once; 0 shuts the door. @default unlimited */
  reservedConcurrency?: number;
  /** One of CloudWatch's retention times; 0 keeps logs for ever. @default 90 */
  logRetentionDays?: number;
  /** Private subnets to run in, to reach targets there. They need a way to the internet and to AWS's services. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Required with `subnetIds`. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * The adapter behind `fn::rotate::external`: a function of its own beside `AdapterLambda`, with its own address, audience
 * and role, of the same code. It answers only the environment that each target names, and only to rotate; the
 * function that opens has neither these rights nor this route.
 *
 * Where rotations stand is remembered in a DynamoDB table (who is at it, and which version counts) and in one Secrets
 * Manager entry a target (the credentials). Without them a rotation begins anew from what ESC has: protect them.
 *
 * @throws ResourceError listing every argument that cannot be used; and for an `entry` that cannot be bundled.
 * @see https://www.pulumi.com/docs/esc/integrations/rotated-secrets/external/
 */
export class AdapterRotate extends pulumi.ComponentResource {
  /** The full address, for `url` of `fn::rotate::external`, and the audience of ESC's tokens byte for byte. */
  readonly url: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  /** To let your own rotators do more, attach policies to this role. */
  readonly roleArn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;
  /** The SSM parameter that holds `url`. */
  readonly audienceParameterName: pulumi.Output<string>;
  /** The DynamoDB table with an item for each target. */
  readonly journalTableName: pulumi.Output<string>;
  /** The Secrets Manager entries that hold the journal, by `<rotator>/<target>`. */
  readonly journalEntryArns: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: AdapterRotateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:AdapterRotate", name, {}, opts);
    refuse(checkArgs(args), this);
    const { tags } = args;
    const names = namesOf(args);
    const timeoutSeconds = args.timeoutSeconds ?? 25;

    const table = (suffix: string, tableName: string, expires: boolean) =>
      new aws.dynamodb.Table(
        `${name}-${suffix}`,
        {
          name: tableName,
          billingMode: "PAY_PER_REQUEST",
          hashKey: "id",
          attributes: [{ name: "id", type: "S" }],
          ...(expires && { ttl: { attributeName: "expires", enabled: true } }),
          tags,
        },
        { parent: this },
      );
    const replay = table("replay", names.replayTable, true);
    const journal = table("journal", names.journalTable, false);
    const entries = Object.fromEntries(
      args.targets.map((target) => [targetId(target), createEntry(name, { args, target }, this)]),
    );
    const journalEntryArns = Object.values(entries).map(({ arn }) => arn);

    const logGroup = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { name: `/aws/lambda/${names.function}`, retentionInDays: args.logRetentionDays ?? 90, tags },
      { parent: this },
    );
    const { role, policy } = createRole(
      `${name}-role`,
      {
        roleName: names.function,
        description: `What the rotating ESC adapter of ${args.project} ${args.stage} may do`,
        trust: lambdaTrust(),
        permissions: pulumi
          .all([
            pulumi.all(args.targets.flatMap(({ entryArns = [] }) => entryArns)),
            pulumi.all(journalEntryArns),
            args.kmsKeyArn,
            replay.arn,
            journal.arn,
            logGroup.arn,
          ])
          .apply(([entryArns, journalEntryArns, kmsKeyArn, tableArn, journalTableArn, logGroupArn]) =>
            adapterRotatePolicy({
              functionName: names.function,
              entryArns,
              journalEntryArns,
              kmsKeyArn,
              tableArn,
              journalTableArn,
              audienceParameter: names.audienceParameter,
              logGroupArn,
              inNetwork: args.subnetIds !== undefined,
            }),
          ),
      },
      args,
      this,
    );

    const bundle = bundleAssets(args.entry, this);
    const config = renderRotateConfig(args, { ...names, timeoutSeconds });
    const adapter = new aws.lambda.Function(
      `${name}-function`,
      {
        name: names.function,
        description: `Answers fn::rotate::external for ${args.project} ${args.stage}`,
        role: role.arn,
        code: pulumi.all([config, bundle]).apply(([config, bundle]) => adapterArchive(bundle, config)),
        handler: "index.handler",
        runtime: aws.lambda.Runtime.NodeJS24dX,
        architectures: ["arm64"],
        memorySize: args.memoryMegabytes ?? 512,
        timeout: timeoutSeconds,
        reservedConcurrentExecutions: args.reservedConcurrency,
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
        vpcConfig:
          args.subnetIds === undefined
            ? undefined
            : { subnetIds: args.subnetIds, securityGroupIds: args.securityGroupIds ?? [] },
        tags,
      },
      { parent: this, dependsOn: [policy] },
    );
    const address = new aws.lambda.FunctionUrl(
      `${name}-url`,
      { functionName: adapter.name, authorizationType: "NONE" },
      { parent: this },
    );
    this.url = address.functionUrl.apply((url) => url.replace(/\/*$/, ROTATE_PATH));
    const audience = new aws.ssm.Parameter(
      `${name}-audience`,
      {
        name: names.audienceParameter,
        description: "The address of the rotating ESC adapter, which is the audience of ESC's tokens for it",
        type: aws.ssm.ParameterType.String,
        insecureValue: this.url,
        tags,
      },
      { parent: this },
    );

    this.functionName = adapter.name;
    this.functionArn = adapter.arn;
    this.roleArn = role.arn;
    this.roleName = role.name;
    this.audienceParameterName = audience.name;
    this.journalTableName = journal.name;
    this.journalEntryArns = pulumi.output(
      Object.fromEntries(Object.entries(entries).map(([target, { arn }]) => [target, arn])),
    );
    this.registerOutputs({
      url: this.url,
      functionName: this.functionName,
      functionArn: this.functionArn,
      roleArn: this.roleArn,
      roleName: this.roleName,
      audienceParameterName: this.audienceParameterName,
      journalTableName: this.journalTableName,
      journalEntryArns: this.journalEntryArns,
    });
  }
}

/** Where a target's documents are: credentials, so never in the table. */
function createEntry(
  name: string,
  { args, target }: { readonly args: AdapterRotateArgs; readonly target: AdapterTargetArgs },
  parent: pulumi.Resource,
): aws.secretsmanager.Secret {
  const child = `${name}-journal-${targetId(target).replace("/", "-")}`;
  const secret = new aws.secretsmanager.Secret(
    child,
    {
      name: namesOf(args).entryPrefix + targetId(target),
      description: `Where the rotation of ${target.name} stands. Written by the adapter alone`,
      kmsKeyId: args.kmsKeyArn,
      tags: args.tags,
    },
    { parent },
  );
  new aws.secretsmanager.SecretPolicy(
    `${child}-tls`,
    {
      secretArn: secret.arn,
      policy: pulumi.jsonStringify(tlsOnlyPolicy(secret.arn)),
      blockPublicPolicy: true,
    },
    { parent },
  );
  return secret;
}

/** Known before anything exists, so that the configuration does not wait for the resources it names. */
function namesOf(args: AdapterRotateArgs) {
  return {
    function: flatName(args, "rotate"),
    replayTable: flatName(args, "rotate-replay"),
    journalTable: flatName(args, "rotate-journal"),
    entryPrefix: entryId(args, "rotation/"),
    audienceParameter: `/${entryId(args, "rotate/audience")}`,
  };
}

function checkArgs(args: AdapterRotateArgs): ArgumentIssue[] {
  const names = namesOf(args);
  const issues = [
    ...checkNameParts(args),
    ...checkPhysicalName("function", names.function, 64),
    ...checkRoleArgs(args),
    ...checkRotateConfigArgs(args),
    ...checkKmsKeyArn(args.kmsKeyArn),
    ...checkWhole("memoryMegabytes", args.memoryMegabytes, 128, 10_240),
    ...checkWhole("timeoutSeconds", args.timeoutSeconds, 5, 900),
    ...checkWhole("reservedConcurrency", args.reservedConcurrency, 0, 100_000),
  ];
  if (/^\/(aws|ssm)/i.test(names.audienceParameter)) {
    issues.push({
      path: "namePrefix, project",
      reason: "must not begin with aws or ssm: AWS keeps such parameters for itself",
    });
  }
  if (args.logRetentionDays !== undefined && !RETENTION_DAYS.includes(args.logRetentionDays)) {
    issues.push({
      path: "logRetentionDays",
      reason: `${args.logRetentionDays} is not a retention time that CloudWatch offers`,
    });
  }
  if ((args.subnetIds === undefined) !== (args.securityGroupIds === undefined)) {
    issues.push({ path: "subnetIds, securityGroupIds", reason: "are given both or not at all" });
  }
  return issues;
}
