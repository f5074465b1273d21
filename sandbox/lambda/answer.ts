import { validateHeaderName, validateHeaderValue } from "node:http";
import { isMap } from "../../esc/is-map";

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

/** Source: Lambda developer guide, quotas: 6 MB for a synchronous answer. */
const maxAnswerBytes = 6_291_556;

/** The server's to say. */
const connectionHeaders = ["connection", "content-length", "keep-alive", "transfer-encoding"];

/**
 * What Lambda makes of a handler's answer to a function URL's request. Without `statusCode`, anything at all is
 * the body of a 200.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
 */
export function httpAnswerOf(result: unknown): HttpAnswer {
  if (!isMap(result) || !("statusCode" in result)) return json(200, result);
  const { statusCode, headers = {}, cookies = [], body = "", isBase64Encoded = false } = result;
  const status = Number(statusCode);
  const isWellFormed =
    Number.isInteger(status) && status >= 200 && status <= 599 && isMap(headers) && Array.isArray(cookies);
  if (!isWellFormed || typeof body !== "string") return serverError();
  const content = isBase64Encoded === true ? Buffer.from(body, "base64") : Buffer.from(body);
  if (content.length > maxAnswerBytes) return serverError();

  const written = writeHeaders(headers, cookies.map(String));
  return written ? { status, headers: written, body: content } : serverError();
}

/** Undefined when one of them cannot be sent. */
function writeHeaders(headers: object, cookies: readonly string[]): HttpAnswer["headers"] | undefined {
  const written: Record<string, string | readonly string[]> = { "content-type": "application/json" };
  for (const [name, value] of Object.entries(headers)) {
    const lowerCase = name.toLowerCase();
    if (!connectionHeaders.includes(lowerCase)) written[lowerCase] = String(value);
  }
  if (cookies.length > 0) written["set-cookie"] = cookies;
  try {
    for (const [name, value] of Object.entries(written)) {
      validateHeaderName(name);
      for (const one of [value].flat()) validateHeaderValue(name, one);
    }
    return written;
  } catch {
    return undefined;
  }
}

/** A function that threw, did not answer in time, ended, or answered what is no answer. */
export function serverError(): HttpAnswer {
  return { status: 502, headers: { "content-type": "application/json" }, body: "Internal Server Error" };
}

/** What Lambda itself refuses. */
export function refusal(status: number, type: string, body: object): HttpAnswer {
  const answer = json(status, body);
  return { ...answer, headers: { ...answer.headers, "x-amzn-errortype": type } };
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? null) };
}
