import { accessSync, constants, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** An entry is made anew after this time, in milliseconds: so what belongs to nothing any more goes. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

const pruned = new Set<string>();

/**
 * Where the runner's ts-node keeps what it transpiled, for the next run: in `.cache` of the `node_modules` that holds
 * the SDK, so that who may change it may change the program's packages too. ts-node names an entry by the hash of the
 * source and its folder by compiler, options and program folder, so nothing is ever stale; that an entry is whole or
 * not there is the preload's doing.
 *
 * @param runner the file `@pulumi/pulumi/cmd/run`
 * @returns nothing where that cannot be written to
 */
export function transpileCache(runner: string): string | undefined {
  const { version } = createRequire(runner)("@pulumi/pulumi/package.json") as { version: string };
  const modules = runner.slice(0, runner.lastIndexOf(`${path.sep}node_modules${path.sep}`));
  // The SDK brings its ts-node along.
  const folder = path.join(modules, "node_modules", ".cache", "escapement", `transpiled-${version}`);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch {
    return undefined;
  }
  if (!pruned.has(folder)) prune(folder, Date.now() - keptMs);
  pruned.add(folder);
  return folder;
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
