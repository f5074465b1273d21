import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Call {
  /** The signed scope's service, for instance `dynamodb`. */
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A body that is text goes out as it is; `stall` never answers. */
export type Reply = { readonly status: number; readonly body: unknown } | "stall";

export interface Aws {
  readonly endpoint: string;
  readonly calls: Call[];
  close(): Promise<void>;
}

/** One loopback endpoint for all of AWS's JSON services. */
export async function startAws(answer: (call: Call) => Reply): Promise<Aws> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const [, service = ""] = /\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? "") ?? [];
    const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
    const call = { service, operation, input: JSON.parse(await text(request)) };
    calls.push(call);
    const reply = answer(call);
    if (reply === "stall") return;
    response.writeHead(reply.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
