/**
 * One HTTP request as plain data. `path` is as received (no decoding, no query); header names are lower case
 * and repeated headers are joined by ", ", as Lambda delivers them; `body` is the raw bytes, because ESC's
 * `body_hash` is over those.
 */
export interface AdapterRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** The platform's id of this request. Never taken from a header: a caller could choose it. */
  readonly requestId: string;
  /** How long the platform still lets this request run, in milliseconds. Absent: as long as it takes. */
  readonly remainingMilliseconds?: number;
}

/** One HTTP response as plain data; `body` is JSON text. */
export interface AdapterResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers every request and never throws. */
export interface Adapter {
  (request: AdapterRequest): Promise<AdapterResponse>;
  /**
   * What the person on call asks of an adapter that rotates, as an object; no request leads here. What it answers holds nothing
   * secret. Never throws.
   */
  readonly operate?: (operation: unknown) => Promise<object>;
}

/** A JSON response that no cache keeps. */
export function jsonResponse(status: number, body: unknown): AdapterResponse {
  return textResponse(status, JSON.stringify(body));
}

/** The same, of JSON that has been rendered. */
export function textResponse(status: number, body: string): AdapterResponse {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body,
  };
}
