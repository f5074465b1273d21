import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { createAuditLog } from "./audit/log";
import { type AdapterConfig, DEFAULT_LIMITS } from "./config";
import { createAdapter } from "./core";
import { AdapterConfigError } from "./errors";
import { type Adapter, type AdapterRequest, type AdapterResponse, jsonResponse } from "./http";

const DRAIN_MILLISECONDS = 10_000;

/**
 * The adapter behind `node:http`, not yet listening. `GET /healthz` answers 200. It speaks plain HTTP: ESC calls
 * https only, so something that ends TLS stands in front of it. A body is read up to `bodyBytes` and one more.
 */
export function createAdapterServer(adapter: Adapter, bodyBytes = DEFAULT_LIMITS.bodyBytes): Server {
  return createServer(
    { maxHeaderSize: 32_768, requestTimeout: 15_000 },
    createAdapterListener(adapter, bodyBytes),
  );
}

/** The same for a server of one's own. */
export function createAdapterListener(
  adapter: Adapter,
  bodyBytes = DEFAULT_LIMITS.bodyBytes,
): RequestListener {
  return (message, response) => {
    void answer(adapter, message, bodyBytes).then(
      (answered) => send(response, answered, message.complete),
      // The caller went away while sending: there is nobody left to answer.
      () => response.destroy(),
    );
  };
}

async function answer(
  adapter: Adapter,
  message: IncomingMessage,
  bodyBytes: number,
): Promise<AdapterResponse> {
  const [path = ""] = (message.url ?? "").split("?", 1);
  if (path === "/healthz" && message.method === "GET") return jsonResponse(200, { status: "ok" });
  return adapter(await toRequest(message, path, bodyBytes));
}

async function toRequest(message: IncomingMessage, path: string, bodyBytes: number): Promise<AdapterRequest> {
  return {
    method: message.method ?? "",
    path,
    headers: joinHeaders(message),
    body: await readBody(message, bodyBytes),
    requestId: randomUUID(),
  };
}

/** Repeated headers joined, as Lambda does. `message.headers` would drop a second Authorization in silence. */
function joinHeaders(message: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, values] of Object.entries(message.headersDistinct)) headers[name] = values?.join(", ");
  return headers;
}

/** The body, or of one that is too long as much as shows that it is. */
async function readBody(message: IncomingMessage, bodyBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > bodyBytes) break;
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: AdapterResponse, complete: boolean): void {
  // The rest of a body that was not read would be taken for the next request.
  response.writeHead(status, complete ? headers : { ...headers, connection: "close" });
  response.end(body);
}

const HELP = `Usage: npm run adapter -- [--config FILE] [--host HOST] [--port PORT]

Serves the adapter over plain HTTP. GET /healthz answers 200.

  --config FILE  the configuration (or ADAPTER_CONFIG; default config.json)
  --host HOST    address to listen on (default 127.0.0.1)
  --port PORT    port to listen on, 0 for any free one (or PORT; default 8080)
`;

/** Serves until SIGTERM or SIGINT, then answers what is under way and ends. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: "string", default: process.env.ADAPTER_CONFIG ?? "config.json" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: process.env.PORT ?? "8080" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const config = readConfig(values.config);
  const log = createAuditLog({ service: "escapement-adapter" });
  const adapter = await createAdapter({ config, log });
  const server = createAdapterServer(adapter, config.limits?.bodyBytes);
  server.listen(Number(values.port), values.host);
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  log({ level: "info", message: "notice", reason: `listening on http://${address}:${port}` });
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop(server));
}

function readConfig(file: string): AdapterConfig {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as AdapterConfig;
  } catch {
    throw new AdapterConfigError([`${file} is not JSON`]);
  }
}

/** Takes no new connections; a caller that does not finish is cut off in the end. */
function stop(server: Server): void {
  server.close(() => process.exit(0));
  setTimeout(() => server.closeAllConnections(), DRAIN_MILLISECONDS).unref();
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  });
}
