import { accessSync, constants, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** An entry is made anew after this time, in milliseconds: so what belongs to nothing any more goes. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

const pruned = new Set<string>();

/**
 * What the runner keeps for its next start, as variables of its environment: what ts-node transpiled and what V8
 * compiled, a half and a quarter of a start without them.
 *
 * It lies in `.cache` of the `node_modules` that holds the SDK, so that who may change it may change the program's
 * packages too. Entries are named by hashes of the source and of what made them, so nothing is ever stale; that an
 * entry is whole or not there is the preload's doing.
 *
 * @param runner the file `@pulumi/pulumi/cmd/run`
 */
export function runnerCache(runner: string): Record<string, string> {
  const { version } = createRequire(runner)("@pulumi/pulumi/package.json") as { version: string };
  const modules = runner.slice(0, runner.lastIndexOf(`${path.sep}node_modules${path.sep}`));
  const folder = path.join(modules, "node_modules", ".cache", "escapement");
  // The SDK brings its ts-node along.
  const transpiled = path.join(folder, `transpiled-${version}`);
  const compiled = path.join(folder, "compiled");
  try {
    for (const each of [transpiled, compiled]) {
      mkdirSync(each, { recursive: true });
      accessSync(each, constants.W_OK);
    }
  } catch {
    // ts-node's own place is the temporary folder, which everybody may write to.
    return { TS_NODE_CACHE: "false" };
  }
  if (!pruned.has(folder)) prune(folder, Date.now() - keptMs);
  pruned.add(folder);
  return {
    TS_NODE_CACHE: "true",
    TS_NODE_CACHE_DIRECTORY: transpiled,
    NODE_COMPILE_CACHE: compiled,
    // For the adapter's bundle: lambda/bundle-cache.ts.
    ESCAPEMENT_BUNDLE_CACHE: path.join(folder, "bundles"),
  };
}

/** Removes the files that were written before a time. Another process may do the same meanwhile, or use them. */
export function prune(folder: string, before: number): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (modified !== undefined && modified < before) rmSync(file, { force: true });
  }
}
