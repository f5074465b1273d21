// Run by npm after every install and before packing. Plain Node: an install without development dependencies
// has neither tsx nor Biome. Everything goes to stderr, since `npm pack --json` prints this output before its
// own. A machine without Go gets one line and exit code 0: a failing `prepare` would fail its whole install.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildEvaluator } from "./build-evaluator.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const finding = buildEvaluator(root);
if (finding) {
  process.stderr.write(`prepare: ${finding.line}\n`);
  if (finding.failed) process.exitCode = 1;
}
