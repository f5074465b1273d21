import path from "node:path";
import { inspect } from "node:util";

/**
 * A property value as the engine holds it: JSON, and the five things of Pulumi's that JSON has no word for.
 * All five serialise to something that is safe to show, so `JSON.stringify` of anything holding them is too.
 */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | PropertyValue[]
  | PropertyMap
  | Unknown
  | Secret
  | Asset
  | Archive
  | ResourceReference;

export interface PropertyMap {
  [name: string]: PropertyValue;
}

/** What `preview` cannot know yet. There is one: `UNKNOWN`. */
class Unknown {
  toJSON(): string {
    return "[unknown]";
  }

  [inspect.custom](): string {
    return "[unknown]";
  }
}

export type { Unknown };
export const UNKNOWN = new Unknown();

/** A secret. It shows itself as `[secret]` however it is printed; `reveal()` is the only way in. */
export class Secret<T extends PropertyValue = PropertyValue> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toJSON(): string {
    return "[secret]";
  }

  toString(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** A file, as the program gave it. A relative `path` starts at the program's folder. */
export type AssetSource = { readonly text: string } | { readonly path: string } | { readonly uri: string };
/** A folder, an archive file, or a tree made of named parts. */
export type ArchiveSource =
  | { readonly path: string }
  | { readonly uri: string }
  | { readonly assets: Readonly<Record<string, Asset | Archive>> };

/** A report names what was given, not what is in it nor where it lies on this machine. */
function reportSource(source: AssetSource | ArchiveSource): Record<string, unknown> {
  if ("text" in source) return { text: `[${source.text.length} characters]` };
  if ("path" in source)
    return { path: path.isAbsolute(source.path) ? path.basename(source.path) : source.path };
  return { ...source };
}

export class Asset {
  readonly asset: AssetSource;
  readonly #digest: string | undefined;

  constructor(asset: AssetSource, digest?: string) {
    this.asset = asset;
    this.#digest = digest;
  }

  /** Over the content when the program gave it; a path may lead elsewhere by the next run. */
  get digest(): string | undefined {
    return this.#digest;
  }

  toJSON(): unknown {
    return { asset: reportSource(this.asset) };
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }
}

export class Archive {
  readonly archive: ArchiveSource;
  readonly #digest: string | undefined;

  constructor(archive: ArchiveSource, digest?: string) {
    this.archive = archive;
    this.#digest = digest;
  }

  /** As an asset's. */
  get digest(): string | undefined {
    return this.#digest;
  }

  toJSON(): unknown {
    return { archive: reportSource(this.archive) };
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }
}

/** A resource passed as a value. Components have no `id`; a custom resource's is unknown before it exists. */
export class ResourceReference {
  readonly urn: string;
  readonly id: string | Unknown | undefined;

  constructor(urn: string, id: string | Unknown | undefined) {
    this.urn = urn;
    this.id = id;
  }
}

function isLeaf(value: object): boolean {
  return (
    value instanceof Unknown ||
    value instanceof Asset ||
    value instanceof Archive ||
    value instanceof ResourceReference
  );
}

/** Whether there is a secret anywhere in the value. */
export function containsSecret(value: PropertyValue): boolean {
  if (value instanceof Secret) return true;
  if (typeof value !== "object" || value === null || isLeaf(value)) return false;
  return Object.values(value).some(containsSecret);
}

/**
 * The value as a provider sees it: secrets opened, a resource as its id (a component as its urn). Unknowns,
 * assets and archives stay what they are.
 */
export function plain(value: PropertyValue): unknown {
  if (value instanceof Secret) return plain(value.reveal());
  if (value instanceof ResourceReference) return value.id ?? value.urn;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || isLeaf(value)) return value;
  return plainMap(value as PropertyMap);
}

export function plainMap(map: PropertyMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, plain(value)]));
}

/**
 * What a provider answered, checked to be made of property values. Properties that are `undefined` are left
 * out, as Pulumi leaves them out.
 *
 * @throws TypeError naming the property, never its value: a provider's bug.
 */
export function toPropertyMap(record: Record<string, unknown>, where = ""): PropertyMap {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, toPropertyValue(value, where ? `${where}.${name}` : name)]),
  );
}

function toPropertyValue(value: unknown, where: string): PropertyValue {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => toPropertyValue(item, `${where}[${index}]`));
  if (typeof value === "object") {
    if (value instanceof Secret || isLeaf(value)) return value as PropertyValue;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return toPropertyMap(value as Record<string, unknown>, where);
    }
  }
  throw new TypeError(`${where} is not a value that Pulumi can carry`);
}

/**
 * Marks as secret what was secret on the way in, as Pulumi's engine does: objects property by property, and
 * anything else whole when the input of the same name holds a secret.
 */
export function carrySecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const carried = Object.entries(outputs).map(([name, output]): [string, PropertyValue] => {
    const input = inputs[name];
    if (input === undefined || output instanceof Secret || !containsSecret(input)) return [name, output];
    if (isMap(input) && isMap(output)) return [name, carrySecrets(output, input)];
    return [name, new Secret(output)];
  });
  return Object.fromEntries(carried);
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return (
    value !== undefined &&
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !isLeaf(value)
  );
}
