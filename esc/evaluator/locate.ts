import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EvaluatorError } from "./errors";

/** Node has it and its types have not; the module is only handed on to the worker. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

/** What the worker thread is made of. */
export interface EvaluatorFiles {
  readonly worker: string;
  readonly wasmExec: string;
  readonly module: object;
}

/** The package's folder: the same from `esc/evaluator/` under tsx or ts-node and from `dist/esc/evaluator/`. */
function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}

/**
 * Reads and compiles what `npm run prepare` has built.
 * @throws EvaluatorError ERR_ESC_UNAVAILABLE when it has not been built, or cannot be read.
 */
export async function loadEvaluator(): Promise<EvaluatorFiles> {
  const root = packageRoot();
  const built = join(root, "build", "evaluator");
  try {
    const [wasm, wasmExec] = await Promise.all([
      readFile(join(built, "evaluator.wasm")),
      readFile(join(built, "wasm_exec.js"), "utf8"),
    ]);
    const module = await WebAssembly.compile(wasm);
    return { worker: join(root, "esc", "evaluator", "worker.cjs"), wasmExec, module };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new EvaluatorError(
      "ERR_ESC_UNAVAILABLE",
      missing
        ? "the ESC evaluator is not built: install Go 1.25.8 or newer (https://go.dev/dl) and run `npm run prepare`"
        : "the ESC evaluator cannot be loaded: remove build/evaluator and run `npm run prepare`",
    );
  }
}
