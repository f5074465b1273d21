import type { IncomingMessage } from "node:http";
import type { FunctionUrl } from "../aws/functions";

export interface EventOptions {
  /** By what the function was reached: a function URL, or an HTTP API. */
  readonly url: FunctionUrl;
  readonly incoming: IncomingMessage;
  /** As the caller wrote it, still percent-encoded. */
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  readonly body: Buffer;
  readonly requestId: string;
  /** HTTP API: the route. @default "$default" */
  readonly routeKey?: string;
  /** HTTP API: whose it is. @default "anonymous" */
  readonly accountId?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The event that a request for a function URL or an HTTP API becomes: payload format 2.0. Body, cookies and query parameters are
 * missing when there are none.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function eventOf(options: EventOptions): object {
  const { url, incoming, path, query, body, requestId, now } = options;
  const { routeKey = "$default", accountId = "anonymous" } = options;
  const { headers, cookies } = readHeaders(incoming);
  const sourceIp = incoming.socket.remoteAddress ?? "127.0.0.1";
  const isText = /^(text\/|application\/(json|javascript|xml)\b|[\w.-]+\/[\w.-]+\+(json|xml)\b)/i.test(
    headers["content-type"] ?? "",
  );
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...headers,
      host: url.host,
      ...(body.length > 0 && { "content-length": String(body.length) }),
      "x-forwarded-for": sourceIp,
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
    },
    ...(query !== "" && { queryStringParameters: readQuery(query) }),
    requestContext: {
      accountId,
      apiId: url.id,
      domainName: url.host,
      domainPrefix: url.host.split(".")[0],
      http: {
        method: incoming.method ?? "GET",
        path,
        protocol: `HTTP/${incoming.httpVersion}`,
        sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId,
      routeKey,
      stage: "$default",
      time: timeOf(now),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** What one connection says to the next is not the function's. */
const hopHeaders = ["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"];

/** Names in lower case; of a header that came several times, the values with commas. Cookies go apart. */
function readHeaders(incoming: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {};
  for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
    if (name !== "cookie" && !hopHeaders.includes(name)) headers[name] = values.join(",");
  }
  const cookies = incoming.headersDistinct.cookie?.flatMap((value) => value.split(/;\s*/)) ?? [];
  return { headers, cookies: cookies.filter((cookie) => cookie !== "") };
}

function readQuery(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(",")]),
  );
}

/** `20/Nov/2026:18:30:00 +0000` */
function timeOf(now: number): string {
  const [, day, month, year, time] = new Date(now).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}
