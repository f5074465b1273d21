import { AwsError, type AwsErrorCode } from "./errors";
import type { JsonInput } from "./service";

export interface PageLimits {
  /** The most that `MaxResults` may ask for. */
  readonly max: number;
  /** How many there are on a page when it is not given. */
  readonly standard: number;
  /** The service's error for a token that is none of its own. */
  readonly code: AwsErrorCode;
}

/** One page of a list, by the request's `MaxResults` and `NextToken`. */
export function pageOf<T>(
  all: readonly T[],
  input: JsonInput,
  limits: PageLimits,
): { items: readonly T[]; nextToken: string | undefined } {
  const size = input.integer("MaxResults", { min: 1, max: limits.max }) ?? limits.standard;
  const start = readToken(input.text("NextToken"), limits.code);
  const end = start + size;
  return { items: all.slice(start, end), nextToken: end < all.length ? writeToken(end) : undefined };
}

function writeToken(start: number): string {
  return Buffer.from(`page:${start}`).toString("base64url");
}

function readToken(token: string | undefined, code: AwsErrorCode): number {
  if (token === undefined) return 0;
  const start = /^page:(\d{1,9})$/.exec(Buffer.from(token, "base64url").toString("utf8"))?.[1];
  if (start === undefined) throw new AwsError(code, "The NextToken value is invalid.");
  return Number(start);
}
