import Module from "node:module";
import path from "node:path";
import { bundleEntry } from "./bundle";
import type { Source } from "./sources/define-source";

/**
 * The sources that an adopter's entry exports, in this process: what tells the component which IAM statements they take.
 * The entry is run as far as its own top level; none of its sources is connected.
 *
 * @returns undefined for an entry that exports no sources, or a whole `handler` that keeps them to itself
 * @throws Error for an entry that cannot be bundled, or that fails when it is loaded
 */
export async function loadEntrySources(entry: string): Promise<readonly Source[] | undefined> {
  const code = await bundleEntry(entry);
  if (code === undefined) return undefined;
  const loaded = new Module(path.resolve(entry), module) as Module & {
    _compile(code: string, file: string): void;
    paths: readonly string[];
  };
  loaded._compile(code, path.resolve(entry));
  const { sources } = loaded.exports as { readonly sources?: readonly Source[] };
  return Array.isArray(sources) ? sources : [];
}
