import { type JavaScriptValue, Struct, type Value } from "google-protobuf/google/protobuf/struct_pb.js";
import {
  Archive,
  Asset,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  UNKNOWN,
} from "./values";

/**
 * Pulumi's wire form of what JSON cannot say: one string for "unknown", and objects whose signature key tells
 * what they are. Source: `sdk/nodejs/runtime/rpc.ts` and `sdk/go/common/resource/sig` of pulumi/pulumi.
 */
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;

type WireMap = Record<string, JavaScriptValue>;

/** Whether an id or another plain string of a request stands for "not known yet". */
export function isUnknownString(value: string): boolean {
  return value === unknownString;
}

export function decodeStruct(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : decodeMap(struct.toJavaScript());
}

export function decodeValue(value: Value | undefined): PropertyValue | undefined {
  return value === undefined ? undefined : decode(value.toJavaScript());
}

export function encodeStruct(map: PropertyMap): Struct {
  return Struct.fromJavaScript(encodeMap(map));
}

function decodeMap(map: WireMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, decode(value)]));
}

function decode(value: JavaScriptValue): PropertyValue {
  if (value === unknownString) return UNKNOWN;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  const map = value as WireMap;
  switch (map[signatureKey]) {
    case undefined:
      return decodeMap(map);
    case signatures.secret:
      return new Secret(decode(map.value ?? null));
    case signatures.asset:
      return decodeAsset(map);
    case signatures.archive:
      return decodeArchive(map);
    case signatures.resource:
      return decodeReference(map);
    case signatures.output:
      return decodeOutput(map);
    default:
      throw new TypeError("a property carries a signature that this engine does not know");
  }
}

function decodeAsset(map: WireMap): PropertyValue {
  if (Object.values(map).includes(unknownString)) return UNKNOWN;
  if (typeof map.path === "string") return new Asset({ path: map.path });
  if (typeof map.uri === "string") return new Asset({ uri: map.uri });
  return new Asset({ text: typeof map.text === "string" ? map.text : "" });
}

function decodeArchive(map: WireMap): PropertyValue {
  if (Object.values(map).includes(unknownString)) return UNKNOWN;
  if (typeof map.path === "string") return new Archive({ path: map.path });
  if (typeof map.uri === "string") return new Archive({ uri: map.uri });
  const assets = decodeMap((map.assets ?? {}) as WireMap);
  if (Object.values(assets).includes(UNKNOWN)) return UNKNOWN;
  return new Archive({ assets: assets as Record<string, Asset | Archive> });
}

function decodeReference(map: WireMap): ResourceReference {
  const id = map.id === unknownString || map.id === "" ? UNKNOWN : map.id;
  return new ResourceReference(String(map.urn), id as ResourceReference["id"]);
}

/** An output value without `value` is not known yet. Its dependencies are in the request's own list. */
function decodeOutput(map: WireMap): PropertyValue {
  const value = map.value === undefined ? UNKNOWN : decode(map.value);
  return map.secret === true ? new Secret(value) : value;
}

function encodeMap(map: PropertyMap): WireMap {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, encode(value)]));
}

function encode(value: PropertyValue): JavaScriptValue {
  if (typeof value !== "object" || value === null) return value;
  if (value === UNKNOWN) return unknownString;
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Secret) return { [signatureKey]: signatures.secret, value: encode(value.reveal()) };
  if (value instanceof Asset) return { [signatureKey]: signatures.asset, ...value.asset };
  if (value instanceof Archive) return encodeArchive(value);
  if (value instanceof ResourceReference) {
    const id = value.id === undefined ? {} : { id: typeof value.id === "string" ? value.id : unknownString };
    return { [signatureKey]: signatures.resource, urn: value.urn, ...id };
  }
  return encodeMap(value as PropertyMap);
}

function encodeArchive({ archive }: Archive): JavaScriptValue {
  const source = "assets" in archive ? { assets: encodeMap({ ...archive.assets }) } : archive;
  return { [signatureKey]: signatures.archive, ...source };
}
