import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { entryId } from "../esc/entry-id";
import { createRotationAlarms } from "./adapter-alarms";
import {
  type AdapterFunctionArgs,
  type AdapterKind,
  adapterNames,
  checkAdapterFunctionArgs,
  createAdapterFunction,
  DEFAULT_TIMEOUT_SECONDS,
  type SharedResources,
} from "./adapter-function";
import {
  type AdapterRotateConfigArgs,
  type AdapterTargetArgs,
  checkRotateConfigArgs,
  DEFAULT_EVENT_BUS,
  ROTATE_PATH,
  renderRotateConfig,
  targetId,
} from "./adapter-rotate-config";
import { adapterRotatePolicy } from "./adapter-rotate-permissions";
import { refuse } from "./args";
import { flatName } from "./names";
import { tlsOnlyPolicy } from "./secret-entries";

export interface AdapterRotateArgs extends AdapterRotateConfigArgs, AdapterFunctionArgs {}

const ROTATES: AdapterKind = {
  suffix: "rotate",
  path: ROTATE_PATH,
  answers: "fn::rotate::external",
  title: "rotating ESC adapter",
  // A rotation asks a target, the journal and the target again.
  leastTimeoutSeconds: 5,
};

/**
 * The adapter behind `fn::rotate::external`: a function of its own beside `AdapterLambda`, with its own address, audience
 * and role, of the same code. It answers only the environment that each target names, and only to rotate; the
 * function that opens has neither these rights nor this route.
 *
 * Each rotation is told to EventBridge, and so is one that failed or is overdue, with an alarm besides; a rule asks once a
 * day for the last. Who may invoke the function asks it how things are and has it mend them: `escapement rotate`.
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
  /** The SSM parameter that holds `url`. None with an HTTP API. */
  readonly audienceParameterName?: pulumi.Output<string>;
  /** With a custom domain: what its DNS record (CNAME, or alias in `domainZoneId`) points at. */
  readonly domainTarget?: pulumi.Output<string>;
  /** The hosted zone of `domainTarget`, for an alias record. */
  readonly domainZoneId?: pulumi.Output<string>;
  /** The DynamoDB table with an item for each target. */
  readonly journalTableName: pulumi.Output<string>;
  /** The Secrets Manager entries that hold the journal, by `<rotator>/<target>`. */
  readonly journalEntryArns: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: AdapterRotateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:AdapterRotate", name, {}, opts);
    refuse([...checkAdapterFunctionArgs(args, ROTATES), ...checkRotateConfigArgs(args)], this);
    const names = { ...adapterNames(args, ROTATES), ...journalNames(args) };
    const timeoutSeconds = args.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;

    const journal = new aws.dynamodb.Table(
      `${name}-journal`,
      {
        name: names.journalTable,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        tags: args.tags,
      },
      { parent: this },
    );
    const entries = Object.fromEntries(
      args.targets.map((target) => [targetId(target), createEntry(name, { args, target }, this)]),
    );
    const content = {
      config: (audience: pulumi.Output<string> | undefined) =>
        renderRotateConfig(args, { ...names, audience, timeoutSeconds }),
      permissions: (shared: pulumi.Output<SharedResources>) =>
        pulumi
          .all([
            shared,
            pulumi.all(args.targets.flatMap(({ entryArns = [] }) => entryArns)),
            pulumi.all(Object.values(entries).map(({ arn }) => arn)),
            journal.arn,
            args.eventBus ?? DEFAULT_EVENT_BUS,
          ])
          .apply(([shared, entryArns, journalEntryArns, journalTableArn, eventBus]) =>
            adapterRotatePolicy({ ...shared, entryArns, journalEntryArns, journalTableArn, eventBus }),
          ),
    };
    const rotate = createAdapterFunction(name, { args, kind: ROTATES, content }, this);
    createDailyLook(name, { args, fn: rotate.function }, this);
    const alarms = { functionName: names.function, actions: args.alarmActions, tags: args.tags };
    createRotationAlarms(name, alarms, this);

    this.url = rotate.url;
    this.functionName = rotate.function.name;
    this.functionArn = rotate.function.arn;
    this.roleArn = rotate.role.arn;
    this.roleName = rotate.role.name;
    this.audienceParameterName = rotate.audienceParameterName;
    this.domainTarget = rotate.domain?.domainNameConfiguration.targetDomainName;
    this.domainZoneId = rotate.domain?.domainNameConfiguration.hostedZoneId;
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
      domainTarget: this.domainTarget,
      domainZoneId: this.domainZoneId,
      journalTableName: this.journalTableName,
      journalEntryArns: this.journalEntryArns,
    });
  }
}

/** Asks the function once a day for what is overdue: whoever fails to be called cannot fail by itself. */
function createDailyLook(
  name: string,
  { args, fn }: { readonly args: AdapterRotateArgs; readonly fn: aws.lambda.Function },
  parent: pulumi.Resource,
): void {
  const rule = new aws.cloudwatch.EventRule(
    `${name}-watch`,
    {
      name: flatName(args, "rotate-watch"),
      description: "Looks once a day whether a rotation is overdue",
      scheduleExpression: "rate(1 day)",
      tags: args.tags,
    },
    { parent },
  );
  const permission = new aws.lambda.Permission(
    `${name}-watch-permission`,
    {
      function: fn.name,
      action: "lambda:InvokeFunction",
      principal: "events.amazonaws.com",
      statementId: "DailyLook",
      sourceArn: rule.arn,
    },
    { parent },
  );
  new aws.cloudwatch.EventTarget(
    `${name}-watch-target`,
    {
      rule: rule.name,
      targetId: "rotate",
      arn: fn.arn,
      input: JSON.stringify({ escapement: { operation: "watch" } }),
    },
    { parent, dependsOn: [permission] },
  );
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
      name: journalNames(args).entryPrefix + targetId(target),
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
function journalNames(args: AdapterRotateArgs) {
  return { journalTable: flatName(args, "rotate-journal"), entryPrefix: entryId(args, "rotation/") };
}
