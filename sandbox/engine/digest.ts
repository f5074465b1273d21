import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import {
  Archive,
  type ArchiveSource,
  Asset,
  type AssetSource,
  isMap,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from "./values";

/**
 * Notes the digest of every file that a program hands over, while it is there: Pulumi compares assets by content, and
 * a path in a temporary folder differs in every run.
 *
 * @param directory where relative paths start
 */
export function digestAssets(inputs: PropertyMap, directory: string): PropertyMap {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, digestValue(value, directory)]),
  );
}

function digestValue(value: PropertyValue, directory: string): PropertyValue {
  if (value instanceof Secret) return new Secret(digestValue(value.reveal(), directory));
  if (value instanceof Asset) return digestAsset(value, directory);
  if (value instanceof Archive) return digestArchive(value, directory);
  if (Array.isArray(value)) return value.map((item) => digestValue(item, directory));
  return isMap(value) ? digestAssets(value, directory) : value;
}

function digestAsset({ asset }: Asset, directory: string): Asset {
  return new Asset(asset, digestSource(asset, directory));
}

function digestArchive({ archive }: Archive, directory: string): Archive {
  if (!("assets" in archive)) return new Archive(archive, digestSource(archive, directory));
  const parts = Object.entries(archive.assets).map(([name, part]): [string, Asset | Archive] => [
    name,
    part instanceof Asset ? digestAsset(part, directory) : digestArchive(part, directory),
  ]);
  parts.sort(([one], [other]) => (one < other ? -1 : 1));
  const hash = createHash("sha256");
  for (const [name, part] of parts) hash.update(`${name}\0${part.digest}\0`);
  return new Archive({ assets: Object.fromEntries(parts) }, hash.digest("hex"));
}

/** Undefined for what cannot be read, which equals nothing: the provider says what is wrong with it. */
function digestSource(source: AssetSource | ArchiveSource, directory: string): string | undefined {
  if ("text" in source) return sha256(source.text);
  if ("uri" in source) return sha256(source.uri);
  if (!("path" in source)) return undefined;
  const file = path.resolve(directory, source.path);
  try {
    return statSync(file).isDirectory() ? digestFolder(file) : sha256(readFileSync(file));
  } catch {
    return undefined;
  }
}

function digestFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(`${name}\0${sha256(readFileSync(path.join(folder, name)))}\0`);
  return hash.digest("hex");
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
