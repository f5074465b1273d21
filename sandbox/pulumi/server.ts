import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Caller } from "./access-tokens";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { type HttpResponse, jsonResponse } from "./http-message";
import { createRoutes, errorResponse } from "./routes";

/** One answered request, for a log: never a header, a query or a body. */
export interface RequestLogEntry {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** What went wrong inside, when `status` is 500. The client is told nothing of it. */
  readonly error?: unknown;
}

export interface EscServerOptions {
  readonly service: EscService;
  /**
   * Let in with every permission, as `Authorization: token <accessToken>`. Besides it, those are let in that the
   * service's `tokens` has given out, each with its own.
   */
  readonly accessToken: string;
  readonly onRequest?: (entry: RequestLogEntry) => void;
  /** Largest body that is read, in bytes. @default 1 MiB */
  readonly maxBodyBytes?: number;
}

export interface EscServer {
  /** Listens and answers with the address, such as `http://127.0.0.1:4711`. Port 0 takes a free one. */
  start(options?: { port?: number; host?: string }): Promise<string>;
  /** Stops listening, drops open connections and leaves no handle behind. */
  stop(): Promise<void>;
}

const loopbackHosts = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Serves the ESC service over HTTP, to this machine only: it holds plain secrets and has one token.
 * `start` throws a TypeError for any host but loopback.
 */
export function createEscServer(options: EscServerOptions): EscServer {
  if (options.accessToken === "") {
    throw new TypeError("accessToken must not be empty");
  }
  const answer = createRoutes(options.service);

  async function respond(request: IncomingMessage, url: URL): Promise<HttpResponse> {
    const caller = authenticate(request.headers.authorization, options);
    const body = await readBody(request, options.maxBodyBytes ?? 1024 * 1024);
    const headers = singleHeaders(request);
    const { pathname: path, searchParams: query } = url;
    return answer({ method: request.method ?? "", path, query, headers, body }, caller);
  }

  const server = createServer({ requestTimeout: 30_000 }, async (request, response) => {
    const { method = "" } = request;
    const url = new URL(`http://localhost${request.url?.startsWith("/") ? request.url : "/"}`);
    let error: unknown;
    const result = await respond(request, url).catch((thrown: unknown) => {
      const refusal = errorResponse(thrown);
      error = refusal === undefined ? thrown : undefined;
      return refusal ?? jsonResponse(500, { code: 500, message: "Internal Server Error" });
    });
    send(response, result, method);
    options.onRequest?.({ method, path: url.pathname, status: result.status, ...(error ? { error } : {}) });
  });

  return {
    async start({ port = 0, host = "127.0.0.1" } = {}) {
      if (!loopbackHosts.has(host)) {
        throw new TypeError(
          `the sandbox listens on this machine only: host must be 127.0.0.1, ::1 or localhost, not ${host}`,
        );
      }
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(port, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      const { address, family, port: actual } = server.address() as AddressInfo;
      return `http://${family === "IPv6" ? `[${address}]` : address}:${actual}`;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Compares digests, so that neither the time it takes nor a length tells anything about the token.
 * @returns the token's owner; undefined for the one that may do everything
 */
function authenticate(
  header: string | undefined,
  { accessToken, service }: EscServerOptions,
): Caller | undefined {
  const given = /^token (.+)$/.exec(header ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(given), digest(accessToken))) return undefined;
  const caller = service.tokens.find(given);
  if (caller === undefined) throw new EscServiceError("ERR_ESC_SERVICE_UNAUTHORIZED", "Unauthorized");
  return caller;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
      }
    }
  } catch {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", "the request was cut off");
  }
  // Read to the end all the same: a client that is still writing would lose the answer with the connection.
  if (size > maxBytes) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_TOO_LARGE",
      `the request's body is larger than ${maxBytes} bytes`,
    );
  }
  return Buffer.concat(chunks).toString("utf8");
}

function singleHeaders(request: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(request.headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse, method: string): void {
  response.writeHead(status, { ...headers, "cache-control": "no-store" });
  response.end(method === "HEAD" ? undefined : body);
}
