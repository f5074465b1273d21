import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ArgumentIssue } from "./args";

/** What ESC calls. */
export const AdapterFrontDoor = {
  /** The function's own URL: nothing to set up, and nothing to throttle with but the function's concurrency. */
  FunctionUrl: "function-url",
  /** An HTTP API in front of it: throttled, with an access log, by a domain of one's own if wanted. */
  HttpApi: "http-api",
} as const;
export type AdapterFrontDoor = (typeof AdapterFrontDoor)[keyof typeof AdapterFrontDoor];

/** The HTTP API in front of the adapter. */
export interface AdapterHttpApiArgs {
  /** Beyond it callers get 429. @default 50 */
  requestsPerSecond?: number;
  /** How many may come at once. @default 100 */
  burst?: number;
  /**
   * A domain of your own, `adapter.example.com`: then AWS's address is off. Point it at `domainTarget` in DNS.
   * @default AWS's address
   */
  domainName?: string;
  /** Required with `domainName`: ARN of its certificate, in the function's region. */
  certificateArn?: pulumi.Input<string>;
}

/** A way through the API besides ESC's. */
export interface AdapterRoute {
  /** Part of the names of its resources. */
  readonly name: string;
  readonly method: "GET";
  readonly path: string;
}

interface HttpApiNames {
  /** The API's name. */
  readonly api: string;
  /** The access log's group. */
  readonly accessLog: string;
}

interface HttpApiOptions {
  readonly args: AdapterHttpApiArgs;
  /** ESC's route. */
  readonly path: string;
  /** Those beside it. */
  readonly routes: readonly AdapterRoute[];
  readonly names: HttpApiNames;
  readonly logRetentionDays: number;
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

/** An API before it leads anywhere: its address has to be known to the function that it will lead to. */
export interface HttpApi {
  readonly api: aws.apigatewayv2.Api;
  readonly domain: aws.apigatewayv2.DomainName | undefined;
  /** The full address. */
  readonly url: pulumi.Output<string>;
  /** Makes it lead to the function. */
  serve(fn: aws.lambda.Function): void;
}

/** One line of JSON a request. Neither headers nor bodies can be logged here. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  route: "$context.routeKey",
  method: "$context.httpMethod",
  status: "$context.status",
  bytes: "$context.responseLength",
  milliseconds: "$context.responseLatency",
});

/** API Gateway's own limit on waiting for a function. */
export const HTTP_API_MAX_SECONDS = 29;

/** Makes the API, and its domain if it has one. Only the adapter's routes get through. */
export function createHttpApi(name: string, options: HttpApiOptions, parent: pulumi.Resource): HttpApi {
  const { args, path, routes, names, logRetentionDays, tags } = options;
  const { domainName, certificateArn } = args;
  const opts = { parent };
  const api = new aws.apigatewayv2.Api(
    `${name}-api`,
    {
      name: names.api,
      protocolType: "HTTP",
      description: "Leads Pulumi ESC to its adapter",
      disableExecuteApiEndpoint: domainName !== undefined,
      tags,
    },
    opts,
  );
  const accessLog = new aws.cloudwatch.LogGroup(
    `${name}-access`,
    { name: names.accessLog, retentionInDays: logRetentionDays, tags },
    opts,
  );
  const stage = new aws.apigatewayv2.Stage(
    `${name}-stage`,
    {
      apiId: api.id,
      name: "$default",
      autoDeploy: true,
      accessLogSettings: { destinationArn: accessLog.arn, format: ACCESS_LOG_FORMAT },
      // Both or none: AWS takes one that is missing for 0.
      defaultRouteSettings: {
        throttlingRateLimit: args.requestsPerSecond ?? 50,
        throttlingBurstLimit: args.burst ?? 100,
      },
      tags,
    },
    opts,
  );
  const domain =
    domainName === undefined
      ? undefined
      : new aws.apigatewayv2.DomainName(
          `${name}-domain`,
          {
            domainName,
            domainNameConfiguration: {
              certificateArn: certificateArn ?? "",
              endpointType: "REGIONAL",
              securityPolicy: "TLS_1_2",
            },
            tags,
          },
          opts,
        );
  if (domain !== undefined) {
    new aws.apigatewayv2.ApiMapping(
      `${name}-mapping`,
      { apiId: api.id, domainName: domain.id, stage: stage.id },
      opts,
    );
  }
  const origin = domainName === undefined ? api.apiEndpoint : pulumi.output(`https://${domainName}`);
  return {
    api,
    domain,
    url: pulumi.interpolate`${origin}${path}`,
    serve: (fn) => {
      const esc = { route: `${name}-route`, permission: `${name}-api-permission`, statementId: "HttpApi" };
      const all = [
        { ...esc, method: "POST", path },
        ...routes.map((route) => ({
          route: `${name}-${route.name}-route`,
          permission: `${name}-${route.name}-permission`,
          statementId: `HttpApi-${route.name}`,
          method: route.method,
          path: route.path,
        })),
      ];
      serve(name, { api, fn, routes: all }, opts);
    },
  };
}

function serve(
  name: string,
  {
    api,
    fn,
    routes,
  }: {
    readonly api: aws.apigatewayv2.Api;
    readonly fn: aws.lambda.Function;
    readonly routes: readonly ServedRoute[];
  },
  opts: pulumi.CustomResourceOptions,
): void {
  const integration = new aws.apigatewayv2.Integration(
    `${name}-integration`,
    {
      apiId: api.id,
      integrationType: "AWS_PROXY",
      integrationUri: fn.invokeArn,
      // The default is 1.0, which is not what function URLs send.
      payloadFormatVersion: "2.0",
      timeoutMilliseconds: 30_000,
    },
    opts,
  );
  for (const { route, permission, statementId, method, path } of routes) {
    new aws.apigatewayv2.Route(
      route,
      {
        apiId: api.id,
        routeKey: `${method} ${path}`,
        target: pulumi.interpolate`integrations/${integration.id}`,
      },
      opts,
    );
    new aws.lambda.Permission(
      permission,
      {
        function: fn.name,
        action: "lambda:InvokeFunction",
        principal: "apigateway.amazonaws.com",
        statementId,
        sourceArn: pulumi.interpolate`${api.executionArn}/$default/${method}${path}`,
      },
      opts,
    );
  }
}

interface ServedRoute {
  /** The names of its two resources. */
  readonly route: string;
  readonly permission: string;
  readonly statementId: string;
  readonly method: string;
  readonly path: string;
}

/** What API Gateway would refuse, or what leaves the adapter without an address. */
export function checkHttpApiArgs(args: AdapterHttpApiArgs): ArgumentIssue[] {
  const { domainName, certificateArn, requestsPerSecond = 50, burst = 100 } = args;
  const issues: ArgumentIssue[] = [];
  for (const [field, value] of Object.entries({ requestsPerSecond, burst })) {
    if (!Number.isInteger(value) || value < 1 || value > 10_000) {
      issues.push({ path: `httpApi.${field}`, reason: `${value} must be a whole number from 1 to 10000` });
    }
  }
  if ((domainName === undefined) !== (certificateArn === undefined)) {
    issues.push({
      path: "httpApi.domainName, httpApi.certificateArn",
      reason: "are given both or not at all",
    });
  }
  if (domainName !== undefined && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(domainName)) {
    issues.push({ path: "httpApi.domainName", reason: `"${domainName}" must be a host name in lower case` });
  }
  return issues;
}
