import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { Archive, type Asset } from "../engine/values";
import { AwsError } from "./errors";
import type { FunctionCode } from "./functions";

/**
 * Reads an archive as a program gave it: parts by name, or a folder. It is read at once, for a program's
 * temporary files are gone when it ends.
 *
 * @param directory where relative paths start.
 * @throws {InvalidParameterValueException} a part that is not there, or of a kind that is not implemented.
 */
export function readFunctionCode(archive: Archive, directory: string): FunctionCode {
  const files = new Map<string, Uint8Array>();
  readArchive(archive, { directory, prefix: "", files });
  if (files.size === 0)
    throw new AwsError("InvalidParameterValueException", "Uploaded file must not be empty");
  const hash = createHash("sha256");
  const sorted = [...files].sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [name, contents] of sorted) hash.update(`${name}\0${contents.byteLength}\0`).update(contents);
  return {
    files: new Map(sorted),
    sha256: hash.digest("base64"),
    bytes: sorted.reduce((sum, [, contents]) => sum + contents.byteLength, 0),
  };
}

interface Reading {
  readonly directory: string;
  /** In front of the names of the parts: `""`, or a folder and `/`. */
  readonly prefix: string;
  readonly files: Map<string, Uint8Array>;
}

function readArchive({ archive }: Archive, reading: Reading): void {
  if ("uri" in archive) throw notImplemented("a URI");
  if ("path" in archive) {
    readFolder(path.resolve(reading.directory, archive.path), reading);
    return;
  }
  for (const [name, part] of Object.entries(archive.assets)) {
    const inner = `${reading.prefix}${name}`;
    if (part instanceof Archive) readArchive(part, { ...reading, prefix: `${inner}/` });
    else addFile(inner, readAsset(part, reading), reading);
  }
}

function readAsset({ asset }: Asset, { directory }: Reading): Uint8Array {
  if ("text" in asset) return Buffer.from(asset.text);
  if ("uri" in asset) throw notImplemented("a URI");
  return orMissing(asset.path, () => readFileSync(path.resolve(directory, asset.path)));
}

function readFolder(folder: string, reading: Reading): void {
  if (!orMissing(folder, () => statSync(folder)).isDirectory()) throw notImplemented("an archive file");
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file).split(path.sep).join("/");
    addFile(`${reading.prefix}${name}`, readFileSync(file), reading);
  }
}

/** The names come from a program: none may lead out of the function's folder. */
function addFile(name: string, contents: Uint8Array, { files }: Reading): void {
  if (path.posix.isAbsolute(name) || path.posix.normalize(name) !== name || name.startsWith("../")) {
    throw new AwsError("InvalidParameterValueException", `the archive has a part called ${name}`);
  }
  files.set(name, contents);
}

function orMissing<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const name = path.basename(file);
    throw new AwsError("InvalidParameterValueException", `the archive's part ${name} cannot be read`, {
      cause,
    });
  }
}

function notImplemented(what: string): AwsError {
  return new AwsError("InvalidParameterValueException", `sandbox: code from ${what} is not implemented`);
}
