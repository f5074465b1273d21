import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { entryId } from "../esc/entry-id";
import type { PolicyDocument } from "../trust/index";
import { createAdapterAlarms, createAdapterDashboard } from "./adapter-alarms";
import { adapterArchive, bundleAssets } from "./adapter-archive";
import {
  AdapterFrontDoor,
  type AdapterHttpApiArgs,
  type AdapterRoute,
  checkHttpApiArgs,
  createHttpApi,
  HTTP_API_MAX_SECONDS,
} from "./adapter-http-api";
import type { AdapterResources } from "./adapter-permissions";
import type { ArgumentIssue } from "./args";
import { checkKmsKeyArn } from "./entry-permissions";
import { checkNameParts, checkPhysicalName, flatName } from "./names";
import { checkRoleArgs, createRole, type RoleArgs } from "./role";

/** What both adapters take: the one that opens and the one that rotates. */
export interface AdapterFunctionArgs extends RoleArgs {
  /** First part of all names, after the prefix. */
  project: string;
  /** Second part of all names. */
  stage: string;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The customer-managed key of the entries that the function reads or writes, if they have one. */
  kmsKeyArn?: pulumi.Input<string>;
  /**
   * Path of a TypeScript or JavaScript module that exports `sources`, made with `defineSource` of `escapement/adapter`,
   * `rotators`, made with `defineRotator`, or a whole `handler` of its own. It is bundled with all that it imports; no
   * tsconfig.json is read.
   * @default the adapter with what is built in
   */
  entry?: string;
  /** In MB: 128 to 10240. A larger function also has more CPU, hence starts faster. @default 512 */
  memoryMegabytes?: number;
  /** In seconds: 1 to 900, and 5 at least to rotate. ESC waits no longer than about half a minute. @default 25 */
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
   * internet: the adapter fetches Pulumi's public keys, and it needs AWS's services. @default outside of any network of yours
   */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Required with `subnetIds`. The adapter needs to get out by HTTPS; nothing needs to get in. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/** What tells one adapter from the other. */
export interface AdapterKind {
  /** Last part of its names. */
  readonly suffix: string;
  /** The path of ESC's route. */
  readonly path: string;
  /** The function of ESC's language that it answers. */
  readonly answers: string;
  /** How it is called in descriptions. */
  readonly title: string;
  readonly leastTimeoutSeconds: number;
}

/** What exists beside every function, hence what its configuration and permissions are made of. */
export type SharedResources = Omit<AdapterResources, "reading">;

interface FunctionContent {
  /** The text of `config.json`. The address is given when it is known before the function. */
  config(audience: pulumi.Output<string> | undefined): pulumi.Output<string>;
  /** What the role may do. */
  permissions(shared: pulumi.Output<SharedResources>): pulumi.Output<PolicyDocument>;
}

/** A function that answers ESC, with all that belongs to it. */
export interface AdapterFunction {
  readonly function: aws.lambda.Function;
  readonly role: aws.iam.Role;
  /** The full address. */
  readonly url: pulumi.Output<string>;
  /** None with an HTTP API. */
  readonly audienceParameterName: pulumi.Output<string> | undefined;
  /** The custom domain, if there is one. */
  readonly domain: aws.apigatewayv2.DomainName | undefined;
  /** Tokens that have been used. */
  readonly replayTable: aws.dynamodb.Table;
}

export const DEFAULT_TIMEOUT_SECONDS = 25;

/** The function, its role, log, table of used tokens, front door, alarms and dashboard. */
export function createAdapterFunction(
  name: string,
  options: {
    readonly args: AdapterFunctionArgs;
    readonly kind: AdapterKind;
    readonly content: FunctionContent;
    /** Routes beside ESC's. @default none */
    readonly routes?: readonly AdapterRoute[];
  },
  parent: pulumi.Resource,
): AdapterFunction {
  const { args, kind, content, routes = [] } = options;
  const { tags } = args;
  const names = adapterNames(args, kind);
  const inNetwork = args.subnetIds !== undefined;
  const logRetentionDays = args.logRetentionDays ?? 90;
  const timeoutSeconds = args.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const httpApi =
    args.frontDoor === AdapterFrontDoor.HttpApi
      ? createHttpApi(
          name,
          { args: args.httpApi ?? {}, path: kind.path, routes, names, logRetentionDays, tags },
          parent,
        )
      : undefined;

  const replayTable = new aws.dynamodb.Table(
    `${name}-replay`,
    {
      name: names.replayTable,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: [{ name: "id", type: "S" }],
      ttl: { attributeName: "expires", enabled: true },
      tags,
    },
    { parent },
  );
  // Its own, not the one that Lambda would create: that one keeps logs for ever and survives a destroy.
  const logGroup = new aws.cloudwatch.LogGroup(
    `${name}-logs`,
    { name: `/aws/lambda/${names.function}`, retentionInDays: logRetentionDays, tags },
    { parent },
  );
  const shared = pulumi
    .all([replayTable.arn, logGroup.arn, args.kmsKeyArn])
    .apply(([tableArn, logGroupArn, kmsKeyArn]) => ({
      functionName: names.function,
      kmsKeyArn,
      tableArn,
      audienceParameter: httpApi === undefined ? names.audienceParameter : undefined,
      logGroupArn,
      inNetwork,
    }));
  const { role, policy } = createRole(
    `${name}-role`,
    {
      roleName: names.function,
      description: `What the ${kind.title} of ${args.project} ${args.stage} may do`,
      trust: lambdaTrust(),
      permissions: content.permissions(shared),
    },
    args,
    parent,
  );

  // A promise is never unknown, so a bundle that fails fails even the first preview of an empty account.
  const bundle = bundleAssets(args.entry, parent);
  const config = content.config(httpApi?.url);
  const fn = new aws.lambda.Function(
    `${name}-function`,
    {
      name: names.function,
      description: `Answers ${kind.answers} for ${args.project} ${args.stage}`,
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
    { parent, dependsOn: [policy] },
  );
  httpApi?.serve(fn);
  const door = httpApi ?? createFunctionUrl(name, { fn, kind, names, tags }, parent);

  const functionName = names.function;
  createAdapterAlarms(name, { functionName, timeoutSeconds, actions: args.alarmActions, tags }, parent);
  createAdapterDashboard(name, { functionName, logGroup }, parent);
  return {
    function: fn,
    role,
    url: door.url,
    audienceParameterName: "parameterName" in door ? door.parameterName : undefined,
    domain: httpApi?.domain,
    replayTable,
  };
}

/** The function's own address, and the parameter by which the function learns it. */
function createFunctionUrl(
  name: string,
  options: {
    readonly fn: aws.lambda.Function;
    readonly kind: AdapterKind;
    readonly names: AdapterNames;
    readonly tags: AdapterFunctionArgs["tags"];
  },
  parent: pulumi.Resource,
): { readonly url: pulumi.Output<string>; readonly parameterName: pulumi.Output<string> } {
  const { fn, kind, names, tags } = options;
  const address = new aws.lambda.FunctionUrl(
    `${name}-url`,
    { functionName: fn.name, authorizationType: "NONE" },
    { parent },
  );
  const url = address.functionUrl.apply((url) => url.replace(/\/*$/, kind.path));
  const audience = new aws.ssm.Parameter(
    `${name}-audience`,
    {
      name: names.audienceParameter,
      description: `The address of the ${kind.title}, which is the audience of ESC's tokens for it`,
      type: aws.ssm.ParameterType.String,
      insecureValue: url,
      tags,
    },
    { parent },
  );
  return { url, parameterName: audience.name };
}

type AdapterNames = ReturnType<typeof adapterNames>;

/** Known before anything exists, so that the configuration does not wait for the resources it names. */
export function adapterNames(args: AdapterFunctionArgs, { suffix }: AdapterKind) {
  return {
    function: flatName(args, suffix),
    replayTable: flatName(args, `${suffix}-replay`),
    api: flatName(args, suffix),
    // The prefix keeps AWS's policy for such groups from growing with each.
    accessLog: `/aws/vendedlogs/${flatName(args, `${suffix}-access`)}`,
    audienceParameter: `/${entryId(args, `${suffix}/audience`)}`,
  };
}

function lambdaTrust(): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  };
}

const RETENTION_DAYS = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** What is wrong with the arguments that both adapters take. */
export function checkAdapterFunctionArgs(args: AdapterFunctionArgs, kind: AdapterKind): ArgumentIssue[] {
  const names = adapterNames(args, kind);
  const issues = [
    ...checkNameParts(args),
    ...checkPhysicalName("function", names.function, 64),
    ...checkRoleArgs(args),
    ...checkKmsKeyArn(args.kmsKeyArn),
    ...checkWhole("memoryMegabytes", args.memoryMegabytes, 128, 10_240),
    ...checkWhole("timeoutSeconds", args.timeoutSeconds, kind.leastTimeoutSeconds, 900),
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

function checkWhole(path: string, value: number | undefined, least: number, most: number): ArgumentIssue[] {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return [];
  return [{ path, reason: `${value} must be a whole number from ${least} to ${most}` }];
}
