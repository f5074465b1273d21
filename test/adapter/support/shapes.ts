import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createHandler, type HttpEvent } from "../../../lambda/handler";
import type { Adapter } from "../../../lambda/http";
import { createAdapterServer } from "../../../lambda/server";

/** A request before it takes a shape. Repeated headers stay apart. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One way in which a request reaches the adapter. */
export interface Shape {
  readonly name: string;
  open(adapter: Adapter): Promise<{
    send(request: WireRequest): Promise<WireResponse>;
    close(): Promise<void>;
  }>;
}

export const shapes: readonly Shape[] = [
  {
    name: "core",
    open: async (adapter) => ({
      async send({ method, path, headers, body }) {
        const answer = await adapter({
          method,
          path,
          headers: joined(headers),
          body,
          requestId: "request-1",
        });
        return { status: answer.status, headers: answer.headers, text: answer.body };
      },
      close: async () => {},
    }),
  },
  eventShape("function URL event", functionUrlEvent, { base64: false }),
  eventShape("function URL event, base64", functionUrlEvent, { base64: true }),
  eventShape("HTTP API event", httpApiEvent, { base64: false }),
  eventShape("HTTP API event, base64", httpApiEvent, { base64: true }),
  { name: "server over HTTP", open: openServer },
];

function eventShape(
  name: string,
  toEvent: (request: WireRequest) => object,
  { base64 }: { readonly base64: boolean },
): Shape {
  return {
    name,
    async open(adapter) {
      const handler = createHandler(adapter);
      return {
        async send(request) {
          const result = await handler({
            ...toEvent(request),
            ...eventBody(request.body, base64),
          } as HttpEvent);
          return { status: result.statusCode, headers: result.headers, text: result.body };
        },
        close: async () => {},
      };
    },
  };
}

/** AWS leaves an empty body out, and encodes what is not text whatever one prefers. */
function eventBody(body: Uint8Array, base64: boolean): Pick<HttpEvent, "body" | "isBase64Encoded"> {
  if (body.length === 0) return { isBase64Encoded: false };
  return base64 || !isUtf8(body)
    ? { body: Buffer.from(body).toString("base64"), isBase64Encoded: true }
    : { body: Buffer.from(body).toString(), isBase64Encoded: false };
}

function functionUrlEvent({ method, path, headers }: WireRequest): object {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: joined(headers),
    requestContext: {
      accountId: "anonymous",
      apiId: "url-id",
      domainName: "url-id.lambda-url.us-east-1.on.aws",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "esc" },
      requestId: "request-1",
      routeKey: "$default",
      stage: "$default",
    },
  };
}

function httpApiEvent(request: WireRequest): object {
  return {
    ...functionUrlEvent(request),
    routeKey: `POST ${request.path}`,
    cookies: ["a=b"],
    queryStringParameters: { verbose: "1" },
    rawQueryString: "verbose=1",
    pathParameters: null,
    stageVariables: null,
  };
}

function joined(headers: WireRequest["headers"]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of headers) all[name] = name in all ? `${all[name]},${value}` : value;
  return all;
}

async function openServer(adapter: Adapter): ReturnType<Shape["open"]> {
  const server = createAdapterServer(adapter).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    async send({ method, path, headers, body }) {
      const outgoing = httpRequest({ host: "127.0.0.1", port, method, path, agent: false });
      for (const [name, value] of headers) outgoing.appendHeader(name, value);
      outgoing.setHeader("content-length", body.length);
      // A server that has heard enough closes before everything is sent; what counts is its answer.
      outgoing.on("error", () => {});
      outgoing.end(body);
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      const chunks = await incoming.toArray();
      return {
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        text: Buffer.concat(chunks).toString(),
      };
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
