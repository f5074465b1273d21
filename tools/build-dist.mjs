// Compiles what others import: components, esc, trust, lambda, sandbox, cli -> dist.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Whose files are compiled; as in tsconfig.build.json. */
const ROOMS = ["components", "esc", "trust", "lambda", "sandbox", "cli"];
const CONFIGURATION = ["tsconfig.json", "tsconfig.build.json", "tools/build-dist.mjs"];

/**
 * Does nothing when dist was built from these sources by this TypeScript.
 * @param {string} root the package's folder
 * @returns {Promise<import("./build-evaluator.mjs").Finding | undefined>}
 */
export async function buildDist(root) {
  const require = createRequire(join(root, "package.json"));
  const sources = ROOMS.flatMap((room) => filesUnder(root, room)).filter((name) => /\.c?[jt]s$/.test(name));
  const stamp = hash(root, [...CONFIGURATION, ...sources], require("typescript/package.json").version);
  const stampFile = join(root, "build", "dist.stamp");
  const products = sources.filter((name) => !name.endsWith(".d.ts")).map(productOf);
  if (read(stampFile) === stamp && products.every((name) => existsSync(join(root, name)))) return undefined;

  // Whole, not incremental: what TypeScript infers is written in another order when it begins in the middle.
  rmSync(stampFile, { force: true });
  const tsc = join(dirname(require.resolve("typescript/package.json")), "lib", "tsc.js");
  const { code, output } = await run(tsc, ["-p", "tsconfig.build.json", "--pretty", "false"], root);
  if (code !== 0) return { line: `TypeScript could not build dist:\n${output}`, failed: true };

  // TypeScript leaves plain JavaScript where it is, and what it built from sources that are gone.
  for (const name of sources.filter((name) => name.endsWith(".cjs"))) copy(root, name, productOf(name));
  const known = new Set(products.flatMap((name) => [name, name.replace(/\.js$/, ".d.ts")]));
  for (const name of filesUnder(root, "dist")) if (!known.has(name)) rmSync(join(root, name));
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  return undefined;
}

/** @param {string} name of a source */
function productOf(name) {
  return `dist/${name.replace(/\.ts$/, ".js")}`;
}

/**
 * All files below a folder, sorted, as paths from the root with "/".
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(root, name) : [name];
    })
    .sort();
}

/**
 * @param {string} root
 * @param {string[]} names
 * @param {string} version
 */
function hash(root, names, version) {
  const sum = createHash("sha256").update(version);
  for (const name of names) sum.update(`\n${name}\n`).update(readFileSync(join(root, name)));
  return sum.digest("hex");
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/**
 * @param {string} root
 * @param {string} source
 * @param {string} target
 */
function copy(root, source, target) {
  mkdirSync(dirname(join(root, target)), { recursive: true });
  copyFileSync(join(root, source), join(root, target));
}

/**
 * Beside this process, so that Go can build meanwhile.
 * @param {string} script
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(script, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
