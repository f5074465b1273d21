import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Upstream {
  readonly origin: string;
  /** What has come, as it was on the wire. */
  readonly seen: { readonly url: string; readonly headers: IncomingMessage["headers"] }[];
  /** How the next requests are answered: each takes one, the last one stays. */
  behave(...answers: readonly Answer[]): void;
  close(): Promise<void>;
}

/** A system of one's own on loopback that behaves as it is told. */
export async function startUpstream(): Promise<Upstream> {
  const seen: Upstream["seen"] = [];
  let answers: Answer[] = [];
  const server = createServer((request, response) => {
    // Whoever has heard enough goes away.
    response.on("error", () => {});
    seen.push({ url: request.url ?? "", headers: request.headers });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer) answer(response, request);
    else response.writeHead(500).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    behave(...next) {
      answers = [...next];
      seen.length = 0;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export const answers = {
  json:
    (value: unknown, status = 200): Answer =>
    (response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value)),
  text:
    (text: string | Uint8Array, status = 200, headers: Record<string, string> = {}): Answer =>
    (response) =>
      response.writeHead(status, headers).end(text),
  stall: (): void => {},
  /** Begins, and says no more. */
  halfThenStall: (response: ServerResponse): void => {
    response.writeHead(200, { "content-length": "100" });
    response.write('{"half":');
  },
  /** Says how long it is and ends before. */
  truncated: (response: ServerResponse): void => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"half":', () => response.destroy());
  },
  reset: (response: ServerResponse): void => {
    response.destroy();
  },
} as const;

/** Sends as much as is taken, up to a gigabyte, and tells how much that was when it ends. */
export function gigabyte(onEnd: (bytes: number) => void, headers: Record<string, string> = {}): Answer {
  return (response) => {
    const chunk = Buffer.alloc(65_536, "x");
    let sent = 0;
    response.writeHead(200, headers);
    const send = () => {
      while (sent < 2 ** 30) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", send);
          return;
        }
      }
      response.end();
    };
    response.on("close", () => onEnd(sent));
    send();
  };
}
