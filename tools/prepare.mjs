// Run by npm after every install and before packing. Plain Node: an install without development dependencies
// has neither tsx nor Biome. Everything goes to stderr, since `npm pack --json` prints this output before its
// own. A machine without Go gets one line and exit code 0: a failing `prepare` would fail its whole install. It cannot
// pack, though: what it packs would have no evaluator.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const has = (/** @type {string} */ name) => existsSync(join(root, name));

// A packed copy carries what is built, and not what builds it. TypeScript works while Go does.
const dist = has("tsconfig.build.json") && (await import("./build-dist.mjs")).buildDist(root);
const evaluator = has("esc/evaluator/shim") && (await import("./build-evaluator.mjs")).buildEvaluator(root);
const packing = ["pack", "publish"].includes(process.env.npm_command ?? "");
for (const finding of [evaluator, await dist]) {
  if (!finding) continue;
  process.stderr.write(`prepare: ${finding.line}\n`);
  if (finding.failed || packing) process.exitCode = 1;
}
