import { AdapterError } from "../errors";
import type { AdapterRequest } from "../http";

/** Refuses what is too long before anything looks at it: parsing and hashing cost in proportion to length. */
export function checkSize(
  request: AdapterRequest,
  limits: { readonly bodyBytes: number; readonly tokenBytes: number },
): void {
  if (request.body.byteLength > limits.bodyBytes) {
    throw new AdapterError("body_too_large", `the body is longer than ${limits.bodyBytes} bytes`);
  }
  const authorization = request.headers.authorization;
  if (authorization !== undefined && authorization.length > limits.tokenBytes) {
    throw new AdapterError("header_too_large", `the token is longer than ${limits.tokenBytes} bytes`);
  }
}
