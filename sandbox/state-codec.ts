import { Archive, Asset, ResourceReference, Secret } from "./engine/values";

/**
 * What a cloud is made of, as JSON and back: plain objects and lists, and what JSON has no word for. Anything else is
 * a bug: it would come back as something different.
 */
export function encodeState(value: unknown): unknown {
  if (value === undefined) return { $: "undefined" };
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  if (Array.isArray(value)) return value.map(encodeState);
  if (value instanceof Map) return tagged("map", [...value].map(encodeState));
  if (value instanceof Set) return tagged("set", [...value].map(encodeState));
  if (value instanceof Date) return tagged("date", value.toISOString());
  if (value instanceof Uint8Array) return tagged("bytes", Buffer.from(value).toString("base64"));
  if (value instanceof Secret) return tagged("secret", encodeState(value.reveal()));
  if (value instanceof Asset) return tagged("asset", encodeState([value.asset, value.digest]));
  if (value instanceof Archive) return tagged("archive", encodeState([value.archive, value.digest]));
  if (value instanceof ResourceReference) return tagged("resource", encodeState([value.urn, value.id]));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).map(([name, member]) => [name, encodeState(member)]);
    // A list of pairs, so that no name of a property can be taken for a tag.
    return "$" in value ? tagged("object", entries) : Object.fromEntries(entries);
  }
  throw new TypeError("a cloud holds something that its state cannot");
}

function tagged(tag: string, value: unknown): unknown {
  return { $: tag, value };
}

export function decodeState(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeState);
  if (typeof value !== "object" || value === null) return value;
  const { $: tag, value: content } = value as { $?: string; value?: unknown };
  if (tag === undefined) return mapMembers(Object.entries(value));
  if (tag === "object") return mapMembers(content as [string, unknown][]);
  const inner = decodeState(content);
  switch (tag) {
    case "undefined":
      return undefined;
    case "map":
      return new Map(inner as [unknown, unknown][]);
    case "set":
      return new Set(inner as unknown[]);
    case "date":
      return new Date(inner as string);
    case "bytes":
      return new Uint8Array(Buffer.from(inner as string, "base64"));
    case "secret":
      return new Secret(inner as string);
    case "asset":
      return new Asset(...(inner as ConstructorParameters<typeof Asset>));
    case "archive":
      return new Archive(...(inner as ConstructorParameters<typeof Archive>));
    case "resource":
      return new ResourceReference(...(inner as ConstructorParameters<typeof ResourceReference>));
    default:
      throw new TypeError(`the state holds a ${tag}, which this version does not know`);
  }
}

function mapMembers(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([name, member]) => [name, decodeState(member)]));
}
