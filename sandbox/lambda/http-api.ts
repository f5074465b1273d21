import type { IncomingMessage } from "node:http";
import type { Account } from "../aws/account";
import type { LambdaFunction } from "../aws/functions";
import { apiHost, executionArn, type HttpApi, type Stage } from "../aws/http-apis";
import type { HttpAnswer } from "./answer";

/** A request for an HTTP API, before anybody knows where it leads. */
export interface ApiRequest {
  readonly apiId: string;
  /** The name by which it was reached. */
  readonly host: string;
  readonly incoming: IncomingMessage;
  /** As the caller wrote it, still percent-encoded. */
  readonly path: string;
  readonly requestId: string;
}

/** Where a request leads, or what API Gateway itself answers. */
export type ApiResolution =
  | {
      readonly fn: LambdaFunction;
      readonly routeKey: string;
      readonly stage: Stage;
      readonly timeoutMilliseconds: number;
    }
  | { readonly answer: HttpAnswer; readonly stage?: Stage; readonly routeKey?: string };

interface Bucket {
  tokens: number;
  at: number;
}

/** API Gateway's part: which route, whether there is room, and whether the API may call the function. */
export class HttpApiGateway {
  readonly #account: Account;
  /** What is left of each stage's throttle: a token bucket, as API Gateway documents it. */
  readonly #buckets = new WeakMap<Stage, Bucket>();

  constructor(account: Account) {
    this.#account = account;
  }

  resolve({ apiId, host, incoming, path }: ApiRequest): ApiResolution {
    const api = this.#account.httpApis.get(apiId);
    const stage = api?.stages.get("$default");
    if (!api || !stage || !this.#answersAt(api, host)) return { answer: message(404, "Not Found") };
    const { method = "GET" } = incoming;
    const route = [`${method} ${path}`, `ANY ${path}`, "$default"].flatMap((key) =>
      [...api.routes.values()].filter((candidate) => candidate.key === key),
    )[0];
    if (route === undefined) return { stage, answer: message(404, "Not Found") };
    const { key: routeKey, integrationId } = route;
    if (!this.#hasRoom(stage)) return { stage, routeKey, answer: message(429, "Too Many Requests") };
    const integration = api.integrations.get(integrationId);
    const fn = integration && this.#account.functions.get(integration.functionArn);
    const called = `${executionArn(this.#account, api)}/$default/${method}${path}`;
    if (!integration || !fn || !mayCall(fn, called)) {
      return { stage, routeKey, answer: message(500, "Internal Server Error") };
    }
    return { fn, routeKey, stage, timeoutMilliseconds: integration.timeoutMilliseconds };
  }

  /** Writes the stage's line about a request, in the format that the stage says. */
  log(
    stage: Stage | undefined,
    { incoming, path, requestId, host }: ApiRequest,
    {
      answer,
      routeKey = "-",
      milliseconds,
    }: {
      readonly answer: HttpAnswer;
      readonly routeKey?: string;
      readonly milliseconds: number;
    },
  ): void {
    const group = stage?.accessLog && this.#account.logGroups.get(stage.accessLog.groupArn);
    if (!stage?.accessLog || !group) return;
    const at = new Date(this.#account.now());
    const values: Readonly<Record<string, string | undefined>> = {
      requestId,
      extendedRequestId: requestId,
      "identity.sourceIp": incoming.socket.remoteAddress,
      "identity.userAgent": incoming.headers["user-agent"],
      requestTime: at.toUTCString(),
      requestTimeEpoch: String(at.getTime()),
      httpMethod: incoming.method,
      path,
      routeKey,
      stage: stage.name,
      domainName: host,
      protocol: `HTTP/${incoming.httpVersion}`,
      status: String(answer.status),
      responseLength: String(Buffer.byteLength(answer.body)),
      responseLatency: String(milliseconds),
    };
    // What a caller writes must not end the line's string.
    const line = stage.accessLog.format.replace(/\$context\.([\w.]+)/g, (_, name: string) =>
      JSON.stringify(values[name] ?? "-").slice(1, -1),
    );
    group.events.push({ stream: requestId, at, message: line });
  }

  #answersAt(api: HttpApi, host: string): boolean {
    if (host === apiHost(this.#account, api)) return api.defaultEndpoint;
    return this.#account.apiDomains.get(host)?.mapping?.apiId === api.id;
  }

  #hasRoom(stage: Stage): boolean {
    if (stage.throttle === undefined) return true;
    const { rate, burst } = stage.throttle;
    const now = this.#account.now();
    const bucket = this.#buckets.get(stage) ?? { tokens: burst, at: now };
    this.#buckets.set(stage, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Whether a statement of the function's policy lets this API call it, on this route. */
function mayCall(fn: LambdaFunction, called: string): boolean {
  return [...fn.permissions.values()].some(({ action, principal, conditions }) => {
    const { "AWS:SourceArn": source, ...others } = conditions;
    return (
      action === "lambda:InvokeFunction" &&
      principal === "apigateway.amazonaws.com" &&
      Object.keys(others).length === 0 &&
      (source === undefined || matches(source, called))
    );
  });
}

/** `*` stands for anything, as in IAM's `ArnLike`. */
function matches(pattern: string, arn: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(arn);
}

/** What API Gateway answers by itself. */
export function message(status: number, text: string): HttpAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ message: text }) };
}
