import type { ResourceType } from "../../engine/cloud";
import { UNKNOWN } from "../../engine/values";
import { type Account, makeArn } from "../account";
import { AwsError } from "../errors";
import { apiHost, checkAccessLogFormat, executionArn, findApi, findDomain, type HttpApi } from "../http-apis";
import { defineResource, type Inputs, nameOf, regionOf, requireValue, textOf } from "./define";

/** Told of every address at which an HTTP API answers: its own, and custom domains. */
export type ApiAddressListener = (host: string, apiId: string) => void;

/** `aws.apigatewayv2.Api` of protocol HTTP. Its id is the API's. */
export function apiResource(account: Account, onAddress?: ApiAddressListener): ResourceType {
  const publish = (api: HttpApi) => {
    if (api.defaultEndpoint) onAddress?.(apiHost(account, api), api.id);
  };
  return defineResource({
    accepts: ["name", "protocolType", "description", "disableExecuteApiEndpoint", "region", "tags"],
    check(inputs, request) {
      inputs.require("protocolType");
      requireValue(inputs, request, "protocolType", "HTTP");
      const name = nameOf(account, inputs, request.name);
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const api: HttpApi = {
        id: makeId(account),
        region: known.region as string,
        ...settingsOf(inputs, known),
        integrations: new Map(),
        routes: new Map(),
        stages: new Map(),
      };
      account.httpApis.set(api.id, api);
      publish(api);
      return {
        id: api.id,
        outputs: {
          apiEndpoint: `https://${apiHost(account, api)}`,
          executionArn: executionArn(account, api),
          arn: `arn:${account.partition}:apigateway:${api.region}::/apis/${api.id}`,
        },
      };
    },
    update(inputs, known, { old }) {
      const api = findApi(account, old.id);
      Object.assign(api, settingsOf(inputs, known));
      publish(api);
      return {};
    },
    remove: ({ id }) => void account.httpApis.delete(id),
  });
}

function settingsOf(inputs: Inputs, known: Record<string, unknown>) {
  return {
    name: known.name as string,
    description: inputs.text("description") ?? "",
    defaultEndpoint: !(inputs.flag("disableExecuteApiEndpoint") ?? false),
    tags: inputs.tags(),
  };
}

/** `aws.apigatewayv2.Integration`: a Lambda function, by payload format 2.0. Its id is its own. */
export function integrationResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "apiId",
      "integrationType",
      "integrationUri",
      "integrationMethod",
      "payloadFormatVersion",
      "timeoutMilliseconds",
      "region",
    ],
    check(inputs, request) {
      inputs.require("apiId", "integrationType", "integrationUri", "payloadFormatVersion");
      requireValue(inputs, request, "integrationType", "AWS_PROXY");
      requireValue(inputs, request, "integrationMethod", "POST");
      requireValue(inputs, request, "payloadFormatVersion", "2.0");
      const time = inputs.number("timeoutMilliseconds") ?? 30_000;
      if (!(time >= 50 && time <= 30_000)) {
        throw new AwsError("BadRequestException", "Timeout should be between 50 ms and 30000 ms");
      }
      functionArnOf(inputs);
      return { timeoutMilliseconds: time, region: regionOf(account, request, inputs) };
    },
    create(inputs, known) {
      const id = makeId(account);
      const api = findApi(account, inputs.text("apiId") as string);
      api.integrations.set(id, integrationOf(id, inputs, known));
      return { id };
    },
    update(inputs, known, { old }) {
      const api = findApi(account, textOf(old, "apiId"));
      api.integrations.set(old.id, integrationOf(old.id, inputs, known));
      return {};
    },
    remove: (old) => void findApi(account, textOf(old, "apiId")).integrations.delete(old.id),
  });
}

function integrationOf(id: string, inputs: Inputs, known: Record<string, unknown>) {
  return {
    id,
    functionArn: functionArnOf(inputs) as string,
    timeoutMilliseconds: known.timeoutMilliseconds as number,
  };
}

/** The function that an invocation URI leads to; a function's plain ARN is taken as well. */
function functionArnOf(inputs: Inputs): string | undefined {
  const uri = inputs.text("integrationUri");
  if (uri === undefined) return undefined;
  const [arn] = /arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+/.exec(uri) ?? [];
  if (arn === undefined) throw new AwsError("BadRequestException", "Invalid integration URI specified");
  return arn;
}

/** `aws.apigatewayv2.Route` without an authorizer. Its id is its own. */
export function routeResource(account: Account): ResourceType {
  const routeOf = (api: HttpApi, id: string, inputs: Inputs) => {
    const [, integrationId = ""] = /^integrations\/(\w+)$/.exec(inputs.text("target") ?? "") ?? [];
    if (!api.integrations.has(integrationId)) {
      throw new AwsError("BadRequestException", `Invalid integration identifier specified`);
    }
    const key = inputs.text("routeKey") as string;
    if ([...api.routes.values()].some((route) => route.key === key && route.id !== id)) {
      throw new AwsError("ConflictException", `Route with key ${key} already exists for this API`);
    }
    return { id, key, integrationId };
  };
  return defineResource({
    accepts: ["apiId", "routeKey", "target", "authorizationType", "region"],
    check(inputs, request) {
      inputs.require("apiId", "routeKey", "target");
      requireValue(inputs, request, "authorizationType", "NONE");
      const key = inputs.text("routeKey");
      if (
        key !== undefined &&
        key !== "$default" &&
        !/^(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/[\w./-]*$/.test(key)
      ) {
        throw new TypeError(`sandbox: ${request.type} does not implement the route key "${key}"`);
      }
      return { region: regionOf(account, request, inputs) };
    },
    create(inputs) {
      const id = makeId(account);
      const api = findApi(account, inputs.text("apiId") as string);
      api.routes.set(id, routeOf(api, id, inputs));
      return { id };
    },
    update(inputs, _, { old }) {
      const api = findApi(account, textOf(old, "apiId"));
      api.routes.set(old.id, routeOf(api, old.id, inputs));
      return {};
    },
    remove: (old) => void findApi(account, textOf(old, "apiId")).routes.delete(old.id),
  });
}

/** `aws.apigatewayv2.Stage` `$default`, deployed with every change. Its id is its name. */
export function stageResource(account: Account): ResourceType {
  const put = (inputs: Inputs, known: Record<string, unknown>) => {
    const api = findApi(account, inputs.text("apiId") as string);
    const name = known.name as string;
    api.stages.set(name, { name, accessLog: accessLogOf(account, inputs), throttle: throttleOf(inputs) });
    return api;
  };
  return defineResource({
    accepts: [
      "apiId",
      "name",
      "autoDeploy",
      "accessLogSettings",
      "defaultRouteSettings",
      "description",
      "region",
      "tags",
    ],
    check(inputs, request) {
      inputs.require("apiId");
      requireValue(inputs, request, "name", "$default");
      if (!inputs.isUnknown("autoDeploy") && inputs.flag("autoDeploy") !== true) {
        throw new TypeError(`sandbox: ${request.type} implements only "autoDeploy" true`);
      }
      accessLogOf(account, inputs);
      throttleOf(inputs);
      const name = inputs.text("name");
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const { id, region } = put(inputs, known);
      const name = known.name as string;
      return {
        id: name,
        outputs: {
          arn: `arn:${account.partition}:apigateway:${region}::/apis/${id}/stages/${name}`,
          executionArn: `${makeArn(account, "execute-api", region, id)}/${name}`,
          invokeUrl: `https://${apiHost(account, { id, region })}/`,
        },
      };
    },
    update(inputs, known) {
      put(inputs, known);
      return {};
    },
    remove: (old) => void findApi(account, textOf(old, "apiId")).stages.delete(old.id),
  });
}

function accessLogOf(account: Account, inputs: Inputs) {
  const settings = inputs.structure("accessLogSettings", ["destinationArn", "format"]);
  const [groupArn, format] = [settings?.text("destinationArn"), settings?.text("format")];
  if (format !== undefined) checkAccessLogFormat(format);
  if (groupArn === undefined || format === undefined) return undefined;
  if (!account.logGroups.has(groupArn)) {
    throw new AwsError("BadRequestException", `The log group ${groupArn} does not exist`);
  }
  return { groupArn, format };
}

function throttleOf(inputs: Inputs) {
  const settings = inputs.structure("defaultRouteSettings", [
    "throttlingRateLimit",
    "throttlingBurstLimit",
    "detailedMetricsEnabled",
  ]);
  const [rate, burst] = [settings?.number("throttlingRateLimit"), settings?.number("throttlingBurstLimit")];
  return rate === undefined || burst === undefined ? undefined : { rate, burst };
}

/** `aws.apigatewayv2.DomainName`, regional and with TLS 1.2. Its id is the name. */
export function domainNameResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["domainName", "domainNameConfiguration", "region", "tags"],
    check(inputs, request) {
      inputs.require("domainName", "domainNameConfiguration");
      const configuration = configurationOf(inputs);
      if (configuration !== undefined) {
        configuration.require("certificateArn", "endpointType", "securityPolicy");
        requireValue(configuration, request, "endpointType", "REGIONAL");
        requireValue(configuration, request, "securityPolicy", "TLS_1_2");
      }
      return {
        region: regionOf(account, request, inputs),
        tagsAll: inputs.tags(),
        domainNameConfiguration: {
          ...(request.inputs.domainNameConfiguration as object),
          targetDomainName: UNKNOWN,
          hostedZoneId: UNKNOWN,
        },
      };
    },
    create(inputs, known) {
      const name = inputs.text("domainName") as string;
      const region = known.region as string;
      if (account.apiDomains.has(name)) {
        throw new AwsError("ConflictException", `The domain name you provided already exists.`);
      }
      const certificateArn = configurationOf(inputs)?.text("certificateArn") as string;
      account.apiDomains.set(name, { name, region, certificateArn, tags: inputs.tags(), mapping: undefined });
      const target = `d-${makeId(account)}.execute-api.${region}.amazonaws.com`;
      return {
        id: name,
        outputs: {
          arn: `arn:${account.partition}:apigateway:${region}::/domainnames/${name}`,
          domainNameConfiguration: {
            ...(known.domainNameConfiguration as object),
            targetDomainName: target,
            hostedZoneId: `Z${makeId(account).toUpperCase()}`,
          },
        },
      };
    },
    remove: ({ id }) => void account.apiDomains.delete(id),
  });
}

const configurationOf = (inputs: Inputs) =>
  inputs.structure("domainNameConfiguration", ["certificateArn", "endpointType", "securityPolicy"]);

/** `aws.apigatewayv2.ApiMapping` of a whole domain. Its id is its own. */
export function apiMappingResource(account: Account, onAddress?: ApiAddressListener): ResourceType {
  return defineResource({
    accepts: ["apiId", "domainName", "stage", "region"],
    check(inputs, request) {
      inputs.require("apiId", "domainName", "stage");
      requireValue(inputs, request, "stage", "$default");
      return { region: regionOf(account, request, inputs) };
    },
    create(inputs) {
      const [apiId, name] = [inputs.text("apiId") as string, inputs.text("domainName") as string];
      const stage = inputs.text("stage") as string;
      const domain = findDomain(account, name);
      if (!findApi(account, apiId).stages.has(stage)) {
        throw new AwsError("BadRequestException", `Invalid stage identifier specified`);
      }
      if (domain.mapping !== undefined) {
        throw new AwsError("ConflictException", "ApiMapping key already exists for this domain name");
      }
      const id = makeId(account);
      domain.mapping = { id, apiId, stage };
      onAddress?.(name, apiId);
      return { id };
    },
    remove(old) {
      findDomain(account, textOf(old, "domainName")).mapping = undefined;
    },
  });
}

/** The ids of API Gateway: ten of lower case and digits. */
function makeId(account: Account): string {
  return [...account.random(10)].map((byte) => (byte % 36).toString(36)).join("");
}
