import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { entryId } from "../esc/entry-id";
import { createAdapterAlarms, createAdapterDashboard } from "./adapter-alarms";
import { adapterArchive, bundleAssets } from "./adapter-archive";
import {
  type AdapterConfigArgs,
  checkAdapterConfigArgs,
  entryArnsOf,
  entryPatternsOf,
  OPEN_PATH,
  renderAdapterConfig,
} from "./adapter-config";
import {
  AdapterFrontDoor,
  type AdapterHttpApiArgs,
  checkHttpApiArgs,
  createHttpApi,
  HTTP_API_MAX_SECONDS,
} from "./adapter-http-api";
import { adapterPolicy } from "./adapter-permissions";
import { type ArgumentIssue, refuse } from "./args";
import { checkKmsKeyArn } from "./entry-permissions";
import { checkNameParts, checkPhysicalName, flatName } from "./names";
import { checkRoleArgs, createRole, type RoleArgs } from "./role";

export interface AdapterLambdaArgs extends AdapterConfigArgs, RoleArgs {
  /** First part of all names, after the prefix. */
  project: string;
  /** Second part of all names. */
  stage: string;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The customer-managed key of the entries in `rules`, if they have one. */
  kmsKeyArn?: pulumi.Input<string>;
  /**
   * Path of a TypeScript or JavaScript module that exports `sources`, made with `defineSource` of `escapement/adapter`,
   * or a whole `handler` of its own. It is bundled with all that it imports; no tsconfig.json is read.
   * @default the adapter with its built-in sources
   */
  entry?: string;
  /** In MB: 128 to 10240. A larger function also has more CPU, hence starts faster. @default 512 */
  memoryMegabytes?: number;
  /** In seconds: 1 to 900. ESC waits no longer than about half a minute. @default 25 */
  timeoutSeconds?: number;
  /** How many requests are handled at once; 0 shuts the door. Fresh accounts cannot reserve. @default unlimited */
  reservedConcurrency?: number;
  /** What ESC calls. @default AdapterFrontDoor.FunctionUrl */
  frontDoor?: AdapterFrontDoor;
  /** Only with `AdapterFrontDoor.HttpApi`. */
  httpApi?: AdapterHttpApiArgs;
  /**
   * ARNs of what the alarms tell, an SNS topic for instance. There are five: many refusals, errors, throttles, slow
   * requests, and an issuer whose keys cannot be fetched. @default nobody is told
   */
  alarmActions?: pulumi.Input<pulumi.Input<string>[]>;
  /** One of CloudWatch's retention times; 0 keeps logs for ever. @default 90 */
  logRetentionDays?: number;
  /**
   * Private subnets to run in, from `AdapterNetwork` or your own, to reach systems there. They need a way to the
   * internet: the adapter fetches Pulumi's public keys. @default outside of any network of yours
   */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Required with `subnetIds`. The adapter needs to get out by HTTPS; nothing needs to get in. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * The adapter behind `fn::open::external`: a Lambda function with a public address, which answers only requests
 * that carry ESC's token for this address, this organization and an environment that `rules` list.
 *
 * By default the address is a function URL without IAM, for ESC cannot sign requests for AWS: its token is what
 * authenticates, and no source is asked before all of it has been verified. The AWS provider itself grants the
 * public the two permissions that such a URL needs, so none is created here. The token's audience is the full
 * address, which exists only after the function: it is written to an SSM parameter that the function reads when
 * it starts, and until then it answers 503. With an HTTP API the address is known first and lies in the
 * configuration; only `POST` on its one route gets through, throttled and logged.
 *
 * The function's role can read the entries that the rules name, write the replay table, read that parameter and
 * write its own logs. Nothing secret is in its configuration.
 *
 * @throws ResourceError listing every argument that cannot be used; and for an `entry` that cannot be bundled.
 * @see https://www.pulumi.com/docs/esc/providers/external/
 */
export class AdapterLambda extends pulumi.ComponentResource {
  /** The full address, for `url` of `fn::open::external`, and the audience of ESC's tokens byte for byte. */
  readonly url: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  /** To let your own sources do more, attach policies to this role. */
  readonly roleArn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;
  /** The SSM parameter that holds `url`. None with an HTTP API. */
  readonly audienceParameterName?: pulumi.Output<string>;
  /** With a custom domain: what its DNS record (CNAME, or alias in `domainZoneId`) points at. */
  readonly domainTarget?: pulumi.Output<string>;
  /** The hosted zone of `domainTarget`, for an alias record. */
  readonly domainZoneId?: pulumi.Output<string>;
  /** The DynamoDB table of tokens that have been used. */
  readonly tableName: pulumi.Output<string>;

  constructor(name: string, args: AdapterLambdaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:AdapterLambda", name, {}, opts);
    refuse(checkArgs(args), this);
    const { tags } = args;
    const names = namesOf(args);
    const inNetwork = args.subnetIds !== undefined;

    const logRetentionDays = args.logRetentionDays ?? 90;
    const timeoutSeconds = args.timeoutSeconds ?? 25;
    const httpApi =
      args.frontDoor === AdapterFrontDoor.HttpApi
        ? createHttpApi(name, { args: args.httpApi ?? {}, names, logRetentionDays, tags }, this)
        : undefined;

    const table = new aws.dynamodb.Table(
      `${name}-replay`,
      {
        name: names.table,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        ttl: { attributeName: "expires", enabled: true },
        tags,
      },
      { parent: this },
    );
    // Its own, not the one that Lambda would create: that one keeps logs for ever and survives a destroy.
    const logGroup = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { name: `/aws/lambda/${names.function}`, retentionInDays: logRetentionDays, tags },
      { parent: this },
    );
    const { role, policy } = createRole(
      `${name}-role`,
      {
        roleName: names.function,
        description: `What the ESC adapter of ${args.project} ${args.stage} may do`,
        trust: lambdaTrust(),
        permissions: pulumi
          .all([pulumi.all(entryArnsOf(args)), args.kmsKeyArn, table.arn, logGroup.arn])
          .apply(([entryArns, kmsKeyArn, tableArn, logGroupArn]) =>
            adapterPolicy({
              functionName: names.function,
              entryArns,
              entryPatterns: entryPatternsOf(args),
              kmsKeyArn,
              tableArn,
              audienceParameter: httpApi === undefined ? names.audienceParameter : undefined,
              logGroupArn,
              inNetwork,
            }),
          ),
      },
      args,
      this,
    );

    // A promise is never unknown, so a bundle that fails fails even the first preview of an empty account.
    const bundle = bundleAssets(args.entry, this);
    const config = renderAdapterConfig(args, { ...names, audience: httpApi?.url });
    const adapter = new aws.lambda.Function(
      `${name}-function`,
      {
        name: names.function,
        description: `Answers fn::open::external for ${args.project} ${args.stage}`,
        role: role.arn,
        code: pulumi.all([config, bundle]).apply(([config, bundle]) => adapterArchive(bundle, config)),
        handler: "index.handler",
        runtime: aws.lambda.Runtime.NodeJS24dX,
        architectures: ["arm64"],
        memorySize: args.memoryMegabytes ?? 512,
        timeout: timeoutSeconds,
        reservedConcurrentExecutions: args.reservedConcurrency,
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
        vpcConfig: inNetwork
          ? { subnetIds: args.subnetIds ?? [], securityGroupIds: args.securityGroupIds ?? [] }
          : undefined,
        tags,
      },
      { parent: this, dependsOn: [policy] },
    );
    if (httpApi === undefined) {
      const { url, parameterName } = createFunctionUrl(name, { fn: adapter, names, tags }, this);
      this.url = url;
      this.audienceParameterName = parameterName;
    } else {
      httpApi.serve(adapter);
      this.url = httpApi.url;
      this.domainTarget = httpApi.domain?.domainNameConfiguration.targetDomainName;
      this.domainZoneId = httpApi.domain?.domainNameConfiguration.hostedZoneId;
    }
    const functionName = names.function;
    createAdapterAlarms(name, { functionName, timeoutSeconds, actions: args.alarmActions, tags }, this);
    createAdapterDashboard(name, { functionName, logGroup }, this);

    this.functionName = adapter.name;
    this.functionArn = adapter.arn;
    this.roleArn = role.arn;
    this.roleName = role.name;
    this.tableName = table.name;
    this.registerOutputs({
      url: this.url,
      functionName: this.functionName,
      functionArn: this.functionArn,
      roleArn: this.roleArn,
      roleName: this.roleName,
      audienceParameterName: this.audienceParameterName,
      domainTarget: this.domainTarget,
      domainZoneId: this.domainZoneId,
      tableName: this.tableName,
    });
  }
}

/** The function's own address, and the parameter by which the function learns it. */
function createFunctionUrl(
  name: string,
  options: {
    readonly fn: aws.lambda.Function;
    readonly names: ReturnType<typeof namesOf>;
    readonly tags: AdapterLambdaArgs["tags"];
  },
  parent: pulumi.Resource,
): { readonly url: pulumi.Output<string>; readonly parameterName: pulumi.Output<string> } {
  const { fn, names, tags } = options;
  const address = new aws.lambda.FunctionUrl(
    `${name}-url`,
    { functionName: fn.name, authorizationType: "NONE" },
    { parent },
  );
  const url = address.functionUrl.apply((url) => url.replace(/\/*$/, OPEN_PATH));
  const audience = new aws.ssm.Parameter(
    `${name}-audience`,
    {
      name: names.audienceParameter,
      description: "The address of the ESC adapter, which is the audience of ESC's tokens for it",
      type: aws.ssm.ParameterType.String,
      insecureValue: url,
      tags,
    },
    { parent },
  );
  return { url, parameterName: audience.name };
}

/** Known before anything exists, so that the configuration does not wait for the resources it names. */
function namesOf(args: AdapterLambdaArgs) {
  return {
    function: flatName(args, "adapter"),
    table: flatName(args, "adapter-replay"),
    api: flatName(args, "adapter"),
    // The prefix keeps AWS's policy for such groups from growing with each.
    accessLog: `/aws/vendedlogs/${flatName(args, "adapter-access")}`,
    audienceParameter: `/${entryId(args, "adapter/audience")}`,
  };
}

export function lambdaTrust() {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Effect: "Allow" as const,
        Principal: { Service: "lambda.amazonaws.com" },
        Action: "sts:AssumeRole",
      },
    ],
  };
}

export const RETENTION_DAYS = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

function checkArgs(args: AdapterLambdaArgs): ArgumentIssue[] {
  const names = namesOf(args);
  const issues = [
    ...checkNameParts(args),
    ...checkPhysicalName("function", names.function, 64),
    ...checkRoleArgs(args),
    ...checkAdapterConfigArgs(args),
    ...checkKmsKeyArn(args.kmsKeyArn),
    ...checkWhole("memoryMegabytes", args.memoryMegabytes, 128, 10_240),
    ...checkWhole("timeoutSeconds", args.timeoutSeconds, 1, 900),
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
  if (args.frontDoor === AdapterFrontDoor.HttpApi) {
    issues.push(...checkHttpApiArgs(args.httpApi ?? {}));
    if ((args.timeoutSeconds ?? 0) > HTTP_API_MAX_SECONDS) {
      issues.push({ path: "timeoutSeconds", reason: `an HTTP API waits ${HTTP_API_MAX_SECONDS} s at most` });
    }
  } else if (args.httpApi !== undefined) {
    issues.push({ path: "httpApi", reason: `is only for the front door ${AdapterFrontDoor.HttpApi}` });
  }
  if ((args.subnetIds === undefined) !== (args.securityGroupIds === undefined)) {
    issues.push({ path: "subnetIds, securityGroupIds", reason: "are given both or not at all" });
  }
  return issues;
}

export function checkWhole(
  path: string,
  value: number | undefined,
  least: number,
  most: number,
): ArgumentIssue[] {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return [];
  return [{ path, reason: `${value} must be a whole number from ${least} to ${most}` }];
}
