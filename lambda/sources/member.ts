import { AdapterError } from "../errors";
import type { JsonObject } from "./define-source";

/**
 * A member of a JSON object that is given as text.
 *
 * @throws {AdapterError} source_not_json, source_key_missing
 */
export function readMember(text: string, key: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AdapterError("source_not_json", "the entry's text is not a JSON object");
  }
  if (!Object.hasOwn(parsed, key)) {
    throw new AdapterError("source_key_missing", "the entry's JSON object has no such member");
  }
  return (parsed as JsonObject)[key];
}
