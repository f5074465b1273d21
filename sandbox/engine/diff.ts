import { formatPropertyPath, type PropertyPath } from "./property-path";
import {
  Archive,
  Asset,
  containsSecret,
  isMap,
  type PropertyMap,
  type PropertyValue,
  plain,
  ResourceReference,
  Secret,
  UNKNOWN,
} from "./values";

/** One property that differs. Safe to print: secrets show as `[secret]`. */
export interface PropertyChange {
  /** `code["config.json"].access[0].names[1]`: JSON text is looked into. */
  readonly path: string;
  /** As text; absent when the property is new. */
  readonly old?: string;
  /** As text; absent when the property goes. */
  readonly new?: string;
  /** The change makes a new resource. */
  readonly replaces?: true;
}

/** A difference before it is put into words. */
export interface Difference {
  readonly path: PropertyPath;
  readonly old: PropertyValue | undefined;
  readonly new: PropertyValue | undefined;
}

/** What differs between two versions of a resource's inputs. What is not known yet differs. */
export function findDifferences(old: PropertyMap, next: PropertyMap): Difference[] {
  return compareMaps([], old, next);
}

/** @param hidden properties whose values are nobody's business, by the first step of their path */
export function describeDifference(
  { path, old, new: next }: Difference,
  options: { readonly hidden: boolean; readonly replaces: boolean },
): PropertyChange {
  const text = (value: PropertyValue) => (options.hidden ? "[secret]" : describeValue(value));
  return {
    path: formatPropertyPath(path),
    ...(old !== undefined && { old: text(old) }),
    ...(next !== undefined && { new: text(next) }),
    ...(options.replaces && { replaces: true }),
  };
}

function compareMaps(path: PropertyPath, old: PropertyMap, next: PropertyMap): Difference[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return names.flatMap((name) => compare([...path, name], old[name], next[name]));
}

function compare(
  path: PropertyPath,
  old: PropertyValue | undefined,
  next: PropertyValue | undefined,
): Difference[] {
  const leaf = [{ path, old, new: next }];
  if (old === undefined || next === undefined) return old === next ? [] : leaf;
  // A secret is compared whole: which part of it differs is a part of the secret.
  if (old instanceof Secret || next instanceof Secret) return sameContent(old, next) ? [] : leaf;
  if (isMap(old) && isMap(next)) return compareMaps(path, old, next);
  if (Array.isArray(old) && Array.isArray(next)) return compareLists(path, old, next);
  if (sameContent(old, next)) return [];
  const inner = compareParts(path, old, next);
  return inner.length > 0 ? inner : leaf;
}

function compareLists(path: PropertyPath, old: PropertyValue[], next: PropertyValue[]): Difference[] {
  const length = Math.max(old.length, next.length);
  return Array.from({ length }, (_, index) => compare([...path, index], old[index], next[index])).flat();
}

/** Looks into what is one value to Pulumi and has parts for people: archives, and JSON in a text. */
function compareParts(path: PropertyPath, old: PropertyValue, next: PropertyValue): Difference[] {
  if (old instanceof Archive && next instanceof Archive) {
    if (!("assets" in old.archive && "assets" in next.archive)) return [];
    return compareMaps(path, { ...old.archive.assets }, { ...next.archive.assets });
  }
  const [one, other] = [jsonIn(old), jsonIn(next)];
  return one === undefined || other === undefined ? [] : compare(path, one, other);
}

function jsonIn(value: PropertyValue): PropertyValue | undefined {
  const text = value instanceof Asset && "text" in value.asset ? value.asset.text : value;
  if (typeof text !== "string" || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as PropertyValue;
  } catch {
    return undefined;
  }
}

/** Whether a provider would see the same. That something has become a secret is no change to a provider. */
function sameContent(old: PropertyValue, next: PropertyValue): boolean {
  if (old instanceof Secret) return sameContent(old.reveal(), next);
  if (next instanceof Secret) return sameContent(old, next.reveal());
  if (old === UNKNOWN || next === UNKNOWN) return false;
  if (isDigested(old) && isDigested(next)) {
    return old.constructor === next.constructor && old.digest !== undefined && old.digest === next.digest;
  }
  if (old instanceof ResourceReference || next instanceof ResourceReference)
    return plain(old) === plain(next);
  if (Array.isArray(old) && Array.isArray(next)) {
    return old.length === next.length && old.every((item, i) => sameContent(item, next[i] as PropertyValue));
  }
  if (isMap(old) && isMap(next)) {
    const names = Object.keys(old);
    if (names.length !== Object.keys(next).length) return false;
    return names.every((name) => {
      const [one, other] = [old[name], next[name]];
      return one !== undefined && other !== undefined && sameContent(one, other);
    });
  }
  return old === next;
}

function isDigested(value: PropertyValue): value is Asset | Archive {
  return value instanceof Asset || value instanceof Archive;
}

function describeValue(value: PropertyValue): string {
  if (value === UNKNOWN) return "(known after up)";
  if (containsSecret(value)) return "[secret]";
  if (value instanceof Archive) return `archive ${shortDigest(value)}`;
  if (value instanceof Asset) {
    if (!("text" in value.asset)) return `file ${shortDigest(value)}`;
    return `text of ${value.asset.text.split("\n").length} lines, ${shortDigest(value)}`;
  }
  if (value instanceof ResourceReference) return String(plain(value));
  return JSON.stringify(value);
}

function shortDigest({ digest }: Asset | Archive): string {
  return digest === undefined ? "that cannot be read" : `sha256 ${digest.slice(0, 12)}`;
}
