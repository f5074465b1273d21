import { AdapterError } from "./errors";
import type { ConnectedSource, PreparedCall } from "./sources/define-source";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the body as the `request` of `fn::open::external`: a JSON object whose `source` names the source (it
 * may be left out when only one is configured) and whose other members are that source's own.
 *
 * @throws {AdapterError} request_invalid_json, request_invalid
 */
export function prepareCall(
  body: Uint8Array,
  sources: ReadonlyMap<string, ConnectedSource>,
): { readonly source: string; readonly call: PreparedCall } {
  const { source: named, ...request } = parseObject(body);
  const source = named ?? onlyKey(sources);
  const connected = typeof source === "string" ? sources.get(source) : undefined;
  if (typeof source !== "string" || connected === undefined) {
    throw new AdapterError("request_invalid", "the request names no configured source");
  }
  return { source, call: connected.prepare(request) };
}

/** @throws {AdapterError} request_invalid_json, request_invalid */
export function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new AdapterError("request_invalid_json", "the body is not JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AdapterError("request_invalid", "the body is not a JSON object");
  }
  return value as Record<string, unknown>;
}

/** The key of a map that has one. */
export function onlyKey(map: ReadonlyMap<string, unknown>): string | undefined {
  const [first, ...others] = map.keys();
  return others.length === 0 ? first : undefined;
}
