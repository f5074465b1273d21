// Run by npm after every install and before packing. Plain Node: an install without development dependencies
// has neither tsx nor Biome. Everything goes to stderr, since `npm pack --json` prints this output before its
// own. A machine without Go gets one line and exit code 0: a failing `prepare` would fail its whole install. It cannot
// pack, though: what it packs would have no evaluator.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A packed copy carries what is built, and not what builds it.
if (existsSync(join(root, "tsconfig.build.json"))) {
  const { buildDist } = await import("./build-dist.mjs");
  const { buildEvaluator } = await import("./build-evaluator.mjs");
  const packing = ["pack", "publish"].includes(process.env.npm_command ?? "");
  const dist = buildDist(root);
  for (const finding of [buildEvaluator(root), await dist]) {
    if (!finding) continue;
    process.stderr.write(`prepare: ${finding.line}\n`);
    if (finding.failed || packing) process.exitCode = 1;
  }
}
