import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BuildOptions, version } from "esbuild";

/** What esbuild made. */
export interface Bundled {
  /** Content by name. */
  readonly files: Readonly<Record<string, string>>;
  /** What it was made of, as esbuild calls it: mostly paths from the working directory. */
  readonly inputs: readonly string[];
}

interface Kept extends Omit<Bundled, "inputs"> {
  /** Hash of what is at each path: a file's content, a folder's names. */
  readonly seen: Readonly<Record<string, string>>;
}

/**
 * What `bundle` made of the same inputs before, or makes now. The sandbox alone says where that is kept
 * (`ESCAPEMENT_BUNDLE_CACHE`), since it bundles the same adapter a dozen times: `pulumi up` bundles anew each time.
 *
 * The same means: esbuild and its options, the content of each file that went in, the names beside those outside
 * `node_modules` (a new file may be found first), and what npm installed.
 */
export async function bundleOnce(
  options: BuildOptions & { readonly absWorkingDir: string },
  bundle: () => Promise<Bundled>,
): Promise<Bundled["files"]> {
  const folder = process.env.ESCAPEMENT_BUNDLE_CACHE;
  if (folder === undefined) return (await bundle()).files;
  const { absWorkingDir: root } = options;
  // Nothing in it depends on where the working directory is, only on what is where from there.
  const question = JSON.stringify([version, path.relative(root, folder), options]).replaceAll(root, ".");
  const file = path.join(folder, `${hash(question)}.json`);
  const kept = read(file);
  const isSame = ([name, known]: [string, string]) => look(path.resolve(root, name)) === known;
  if (kept && Object.entries(kept.seen).every(isSame)) return kept.files;

  const { inputs, files } = await bundle();
  const sources = inputs.filter((input) => existsSync(path.resolve(root, input)));
  const names = new Set(sources.flatMap((source) => [source, surroundings(source)]));
  const seen = Object.fromEntries([...names].map((name) => [name, look(path.resolve(root, name))]));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify({ files, seen } satisfies Kept));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // Nothing is lost but time.
  }
  return files;
}

/** What tells of another file that might be found instead of this one. */
function surroundings(input: string): string {
  const installed = input.lastIndexOf("node_modules/");
  return installed < 0 ? path.dirname(input) : `${input.slice(0, installed)}node_modules/.package-lock.json`;
}

function read(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Kept;
  } catch {
    return undefined;
  }
}

function look(name: string): string {
  if (!existsSync(name)) return "";
  try {
    return hash(readFileSync(name));
  } catch {
    return hash(readdirSync(name).join("\n"));
  }
}

function hash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}
