import { createRequire } from "node:module";
import path from "node:path";
import { runInThisContext } from "node:vm";

/**
 * What a file of a project exports, as it is now: TypeScript or JavaScript. What it imports is bundled in memory; packages
 * are loaded from where the file is. It is code of the project, and runs.
 *
 * @throws Error of esbuild or of the code
 */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    target: "node20",
    write: false,
    logLevel: "silent",
  });
  const module = { exports: {} as Record<string, unknown> };
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${outputFiles[0]?.text}\n})`;
  runInThisContext(wrapped, { filename: file })(
    module.exports,
    createRequire(file),
    module,
    file,
    path.dirname(file),
  );
  return module.exports;
}
