import type { IncomingHttpHeaders } from "node:http";

/** A request as it came, with the body read. */
export interface AwsRequest {
  readonly method: string;
  /** As on the wire: still percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface AwsReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** The one value of a header, or undefined; a header that came several times has its values joined. */
export function headerOf(request: AwsRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
