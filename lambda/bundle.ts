import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { type BuildOptions, build } from "esbuild";
import { bundleOnce } from "./bundle-cache";

export interface AdapterBundle {
  /** Content by file name, sorted. `index.mjs` exports `handler`; `config.json` is to be put beside it. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Of all files together. */
  readonly bytes: number;
  /** Over names and contents, in hex. */
  readonly sha256: string;
}

/**
 * CommonJS packages need `require`, and the entry finds its configuration by `__dirname`; ES modules have
 * neither. The name must be one that no minifier makes up.
 */
const BANNER = [
  `import{createRequire as escapementCreateRequire}from"node:module";`,
  `const require=escapementCreateRequire(import.meta.url),__dirname=import.meta.dirname;`,
].join("");

/**
 * Bundles the adapter for Lambda's Node runtimes. ES modules load in half the time of CommonJS here, and splitting
 * makes every `import()` a file of its own: what is not configured is not read.
 *
 * The result is the same bytes from any folder. Target is Node 20, so that a laptop runs what is deployed.
 *
 * @param options.entry a TypeScript or JavaScript module that exports `sources`, made with `defineSource`, `rotators`, made with
 *   `defineRotator`, or a whole `handler` of its own. Its `escapement/adapter` is this package's. Default: the adapter with the built-in sources.
 * @throws Error for an entry that exports none of them, or that cannot be bundled
 */
export async function bundleAdapter(options: { readonly entry?: string } = {}): Promise<AdapterBundle> {
  const root = findPackageRoot(__dirname);
  const code = options.entry
    ? await aroundEntry(root, path.resolve(options.entry))
    : exportAll(path.join(root, "lambda/entry.ts"));
  const files = numberChunks(new Map(Object.entries(await bundleModule(root, code))));
  const hash = createHash("sha256");
  for (const [name, contents] of files) hash.update(`${name}\0${contents.byteLength}\0`).update(contents);
  return {
    files: Object.fromEntries(files),
    bytes: files.reduce((sum, [, contents]) => sum + contents.byteLength, 0),
    sha256: hash.digest("hex"),
  };
}

/**
 * An entry as one CommonJS module that can be run where it was bundled, or undefined when it exports no sources, or a
 * whole handler of its own.
 *
 * @throws Error for an entry that cannot be bundled
 */
export async function bundleEntry(entry: string): Promise<string | undefined> {
  const root = findPackageRoot(__dirname);
  const file = path.resolve(entry);
  const exports = await exportsOf(root, file);
  if (!exports.includes("sources") || exports.includes("handler")) return undefined;
  const options = entryOptions(root, file, { format: "cjs", ...withAdapter(root) });
  const { [OUTFILE]: code } = await bundleOnce(options, () => bundleFiles(options));
  return code;
}

/** What an entry exports. Packages and the adapter are not read, unless it exports all that one of them does. */
async function exportsOf(root: string, entry: string): Promise<readonly string[]> {
  const { exports, text } = await readExports(root, entry, { packages: "external", external: [ADAPTER] });
  if (!/^export \* from /m.test(text)) return exports;
  return (await readExports(root, entry, withAdapter(root))).exports;
}

async function readExports(root: string, entry: string, how: BuildOptions) {
  // Only of ES modules does esbuild say what they export.
  const { outputFiles, metafile } = await build(entryOptions(root, entry, { format: "esm", ...how }));
  return { exports: metafile.outputs[OUTFILE]?.exports ?? [], text: outputFiles[0]?.text ?? "" };
}

const OUTFILE = "entry.js";

const entryOptions = <How extends BuildOptions>(root: string, entry: string, how: How) => ({
  ...OPTIONS,
  absWorkingDir: root,
  entryPoints: [entry],
  minify: false,
  outfile: OUTFILE,
  ...how,
});

async function bundleFiles(options: BuildOptions & { readonly write: false; readonly metafile: true }) {
  const { outputFiles, metafile } = await build(options);
  return {
    files: Object.fromEntries(outputFiles.map((file) => [path.basename(file.path), file.text])),
    inputs: Object.keys(metafile.inputs),
  };
}

/** How entries import what they are made with: always the adapter that they are bundled by. */
const ADAPTER = "escapement/adapter";

const withAdapter = (root: string) => ({ alias: { [ADAPTER]: path.join(root, "lambda/index.ts") } });

const exportAll = (entry: string) => `export * from ${JSON.stringify(entry)};`;

/** Starting begins while Lambda still loads the function, as in `entry.ts`. */
async function aroundEntry(root: string, entry: string): Promise<string> {
  const exports = await exportsOf(root, entry);
  if (exports.includes("handler")) return exportAll(entry);
  const own = ["sources", "rotators"].filter((name) => exports.includes(name)).join(", ");
  if (own === "") throw new Error(`${entry} exports neither "sources" nor "rotators" nor "handler"`);
  return [
    `import { ${own} } from ${JSON.stringify(entry)};`,
    `import { createHandler, startFromFolder } from ${JSON.stringify(ADAPTER)};`,
    `export const handler = createHandler(startFromFolder(__dirname, { ${own} }));`,
  ].join("\n");
}

const OPTIONS = {
  write: false,
  metafile: true,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node20",
  mainFields: ["module", "main"],
  // pg asks for it by name and goes on without it.
  external: ["pg-native"],
  legalComments: "none",
  // Otherwise the nearest tsconfig.json would have a say.
  tsconfigRaw: {},
  logLevel: "silent",
} as const satisfies BuildOptions;

async function bundleModule(root: string, contents: string) {
  const options = {
    absWorkingDir: root,
    stdin: { contents, resolveDir: root },
    entryNames: "index",
    outdir: "bundle",
    ...withAdapter(root),
    ...OPTIONS,
    splitting: true,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    chunkNames: "[hash]",
    banner: { js: BANNER },
  } as const satisfies BuildOptions;
  return bundleOnce(options, () => bundleFiles(options));
}

/**
 * esbuild names a chunk by a hash that covers the paths of its inputs, so the same code would be called
 * differently in another folder. Chunks are numbered here, in the order in which they are first mentioned; one
 * that is mentioned nowhere is left out.
 */
function numberChunks(outputs: ReadonlyMap<string, string>): readonly (readonly [string, Uint8Array])[] {
  const names = new Map([["index.mjs", "index.mjs"]]);
  const rename = (text: string) =>
    text.replace(/[A-Z0-9]{8}\.mjs/g, (chunk) => {
      if (!outputs.has(chunk)) return chunk;
      if (!names.has(chunk)) names.set(chunk, `chunk-${names.size}.mjs`);
      return names.get(chunk) as string;
    });
  const files: [string, Uint8Array][] = [];
  // A Map's iterator also visits what is added on the way.
  for (const [chunk, name] of names) files.push([name, Buffer.from(rename(outputs.get(chunk) as string))]);
  return files.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** This file runs from `lambda/` and, compiled, from `dist/lambda/`; the sources are bundled either way. */
function findPackageRoot(folder: string): string {
  return existsSync(path.join(folder, "package.json")) ? folder : findPackageRoot(path.dirname(folder));
}
