import { type Account, makeArn, type Tags } from "./account";
import { AwsError } from "./errors";

/** An HTTP API of API Gateway (version 2). Its parts are replaced, never changed. */
export interface HttpApi {
  readonly id: string;
  readonly region: string;
  name: string;
  description: string;
  /** Off, it is reached by custom domains alone. */
  defaultEndpoint: boolean;
  tags: Tags;
  readonly integrations: Map<string, Integration>;
  readonly routes: Map<string, ApiRoute>;
  readonly stages: Map<string, Stage>;
}

/** A Lambda function behind an API, by payload format 2.0. */
export interface Integration {
  readonly id: string;
  readonly functionArn: string;
  readonly timeoutMilliseconds: number;
}

export interface ApiRoute {
  readonly id: string;
  /** `POST /open`, or `$default` */
  readonly key: string;
  readonly integrationId: string;
}

/** A stage that shows changes at once. Only `$default` is implemented, which adds nothing to paths. */
export interface Stage {
  readonly name: string;
  readonly accessLog: { readonly groupArn: string; readonly format: string } | undefined;
  /** Requests a second, and how many at once. */
  readonly throttle: { readonly rate: number; readonly burst: number } | undefined;
}

/** A custom domain. Whom it leads to is the mapping's to say. */
export interface ApiDomain {
  readonly name: string;
  readonly region: string;
  readonly certificateArn: string;
  tags: Tags;
  mapping: { readonly id: string; readonly apiId: string; readonly stage: string } | undefined;
}

/** `<id>.execute-api.<region>.amazonaws.com` */
export function apiHost({ partition }: Account, { id, region }: Pick<HttpApi, "id" | "region">): string {
  return `${id}.execute-api.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}

/** The ARN that permissions name: requests follow as `/<stage>/<method>/<path>`. */
export function executionArn(account: Account, { id, region }: HttpApi): string {
  return makeArn(account, "execute-api", region, id);
}

/** @throws {NotFoundException} */
export function findApi(account: Account, id: string): HttpApi {
  const api = account.httpApis.get(id);
  if (api) return api;
  throw new AwsError("NotFoundException", `Invalid API identifier specified ${account.id}:${id}`);
}

/** @throws {NotFoundException} */
export function findDomain(account: Account, name: string): ApiDomain {
  const domain = account.apiDomains.get(name);
  if (domain) return domain;
  throw new AwsError("NotFoundException", `Invalid domain name identifier specified`);
}

/** What an access log's line may say. Source: API Gateway developer guide, "Logging variables for HTTP API". */
export const ACCESS_LOG_VARIABLES = [
  "requestId",
  "extendedRequestId",
  "identity.sourceIp",
  "identity.userAgent",
  "requestTime",
  "requestTimeEpoch",
  "httpMethod",
  "path",
  "routeKey",
  "stage",
  "domainName",
  "protocol",
  "status",
  "responseLength",
  "responseLatency",
] as const;

/** @throws {BadRequestException} a variable that is not implemented */
export function checkAccessLogFormat(format: string): void {
  for (const [, name = ""] of format.matchAll(/\$context\.([\w.]+)/g)) {
    if (!(ACCESS_LOG_VARIABLES as readonly string[]).includes(name)) {
      throw new AwsError("BadRequestException", `sandbox: the variable $context.${name} is not implemented`);
    }
  }
  if (!format.includes("$context.requestId") && !format.includes("$context.extendedRequestId")) {
    throw new AwsError("BadRequestException", "Access log format must contain $context.requestId");
  }
}
