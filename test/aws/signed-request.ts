import { type IncomingHttpHeaders, request } from "node:http";

/** A request as an SDK would put it on the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Client {
  readonly config: { requestHandler: unknown };
  // biome-ignore lint/suspicious/noExplicitAny: every client has its own type of commands
  send(command: any): Promise<unknown>;
}

/** What the client would send for a command, signed and not sent. */
export async function capture(client: Client, command: unknown): Promise<SignedRequest> {
  let captured: SignedRequest | undefined;
  client.config.requestHandler = {
    handle: async (
      sent: Omit<SignedRequest, "body"> & { body: string | Uint8Array; query?: Record<string, string> },
    ) => {
      const query = new URLSearchParams(sent.query).toString();
      captured = {
        method: sent.method,
        path: query ? `${sent.path}?${query}` : sent.path,
        headers: { ...sent.headers },
        body: typeof sent.body === "string" ? sent.body : new TextDecoder().decode(sent.body),
      };
      throw new Error("captured");
    },
  };
  await client.send(command).catch(() => undefined);
  if (!captured) throw new Error("the client sent nothing");
  return captured;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** AWS's code and message, from JSON or XML. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** Sends a request exactly as it is. */
export function send(url: string, { method, path, headers, body }: SignedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, setHost: false, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          ...readError(text),
        });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function readError(text: string): Pick<Answer, "code" | "message"> {
  if (text.startsWith("<")) {
    return {
      code: /<Code>(.*?)<\/Code>/s.exec(text)?.[1],
      message: /<Message>(.*?)<\/Message>/s.exec(text)?.[1],
    };
  }
  const { __type: code, message, Message } = JSON.parse(text) as Record<string, string>;
  return { code, message: message ?? Message };
}
