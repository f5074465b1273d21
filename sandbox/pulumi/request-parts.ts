import type * as z from "zod";
import { EscServiceError } from "./errors";

/** The ETag inside a header's quotes; none for no header and for `*`, which only asks that the environment exists. */
export function entityTag(header: string | undefined): string | undefined {
  const tag = header?.trim().replace(/^(W\/)?"(.*)"$/, "$2");
  return tag === "*" || tag === "" ? undefined : tag;
}

/** The Go client sends parameters that it leaves out as empty ones. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text !== "" && !/^\d{1,9}$/.test(text)) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `query parameter ${name} must be a whole number`,
    );
  }
  return text === "" ? undefined : Number(text);
}

export function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", "the request's body is not JSON");
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join(".") || "body"}: ${message}`,
    );
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `invalid request: ${problems.join("; ")}`);
  }
  return result.data;
}

/** A part of a longer list, and where the next part begins. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The key of the last item here; empty when nothing comes after it. */
  readonly last: string;
}

/**
 * The items after the one with a key, at most so many. A key that is gone begins where it would stand.
 * @param items sorted by key
 */
export function pageOf<T>(
  items: readonly T[],
  { after, count, key }: { after: string; count: number; key: (item: T) => string },
): Page<T> {
  const rest = after === "" ? items : items.filter((item) => key(item) > after);
  const page = rest.slice(0, count);
  const last = page.at(-1);
  return { items: page, last: last === undefined || page.length === rest.length ? "" : key(last) };
}

/** A continuation token is the last key in words that nobody takes apart. */
export function continuationToken(key: string): string {
  return Buffer.from(key).toString("base64url");
}

/** The key in a request's `continuationToken`, empty for the first page. @throws {ERR_ESC_SERVICE_BAD_REQUEST} */
export function continuesAfter(query: URLSearchParams): string {
  const token = query.get("continuationToken") ?? "";
  const key = Buffer.from(token, "base64url").toString();
  if (continuationToken(key) !== token) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      "continuationToken is not one that was given out",
    );
  }
  return key;
}
