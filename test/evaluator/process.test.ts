// The evaluator as a guest of the process: it keeps Node alive exactly while it works, prints nothing, is found from
// sources and from what tsc writes, and says one clear line where it has not been built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";

const root = join(__dirname, "..", "..");
const evaluator = join(root, "esc", "evaluator");

describe("the evaluator in a process", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "escapement-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps Node alive while it works, not a moment longer, and prints nothing", () => {
    const script = join(folder, "script.cts");
    writeFileSync(
      script,
      `const { check, open } = require(${JSON.stringify(join(evaluator, "index.ts"))});
       (async () => {
         await check({ yaml: "values: { a: 1 }" });
         const never = { open: () => new Promise(() => {}) };
         const error = await open({ yaml: "values: { a: { fn::open::never: {} } }", timeoutMs: 200, providers: { never } })
           .catch((error) => error);
         process.exitCode = error.code === "ERR_ESC_TIMEOUT" ? 7 : 1;
       })();`,
    );
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--require", "tsx/cjs", script], {
      cwd: root,
      encoding: "utf8",
      timeout: 15_000,
    });
    assert.deepEqual({ status, signal, stdout, stderr }, { status: 7, signal: null, stdout: "", stderr: "" });
  });

  it("works from what tsc writes, and says what to do where it has not been built", async () => {
    const dist = join(folder, "dist", "esc", "evaluator");
    mkdirSync(dist, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    for (const name of readdirSync(evaluator).filter((file) => file.endsWith(".ts"))) {
      const { outputText } = ts.transpileModule(readFileSync(join(evaluator, name), "utf8"), {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      });
      writeFileSync(join(dist, name.replace(/\.ts$/, ".js")), outputText);
    }
    const { check } = createRequire(__filename)(join(dist, "index.js"));
    await assert.rejects(check({ yaml: "values: { a: 1 }" }), {
      name: "EvaluatorError",
      code: "ERR_ESC_UNAVAILABLE",
      message:
        "the ESC evaluator is not built: install Go 1.25.8 or newer (https://go.dev/dl) and run `npm run prepare`",
    });
    const built = join(folder, "build", "evaluator");
    mkdirSync(built, { recursive: true });
    for (const name of ["evaluator.wasm", "wasm_exec.js"]) writeFileSync(join(built, name), "damaged");
    await assert.rejects(check({ yaml: "values: { a: 1 }" }), {
      code: "ERR_ESC_UNAVAILABLE",
      message: "the ESC evaluator cannot be loaded: remove build/evaluator and run `npm run prepare`",
    });
    rmSync(join(folder, "build"), { recursive: true });
    symlinkSync(join(root, "build"), join(folder, "build"));
    symlinkSync(join(root, "esc"), join(folder, "esc"));
    assert.equal((await check({ yaml: "values: { a: 1 }" })).redactedJson, '{"a":1}');
  });

  describe("prepared", function () {
    // Starts npm's own script and Go's command: slow on a busy machine.
    this.timeout(60_000);
    const prepare = (at: string, path = process.env.PATH) =>
      spawnSync(process.execPath, [join(at, "tools", "prepare.mjs")], {
        env: { ...process.env, PATH: path },
        encoding: "utf8",
      });

    it("builds nothing that is up to date, and is silent about it", () => {
      const wasm = join(root, "build", "evaluator", "evaluator.wasm");
      const before = statSync(wasm).mtimeMs;
      const { status, stdout, stderr } = prepare(root);
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
      assert.equal(statSync(wasm).mtimeMs, before);
    });

    for (const [machine, go, found] of [
      ["without Go", undefined, "found none"],
      ["with a Go that is too old", "go1.24.13", "found go1.24.13"],
      ["with a Go that fails", "go version is a mystery", "found none"],
    ] as const) {
      it(`succeeds with one line ${machine}`, () => {
        cpSync(join(root, "tools"), join(folder, "tools"), { recursive: true });
        cpSync(join(evaluator, "shim"), join(folder, "esc", "evaluator", "shim"), { recursive: true });
        const bin = join(folder, "bin");
        mkdirSync(bin);
        if (go) {
          writeFileSync(
            join(bin, "go"),
            `#!/bin/sh\n[ "$1" = env ] && echo ${go}\n[ "$1" = env ] || echo "go version ${go} linux/amd64"\n`,
          );
          chmodSync(join(bin, "go"), 0o755);
        }
        const { status, stdout, stderr } = prepare(folder, bin);
        assert.deepEqual(
          { status, stdout, stderr },
          {
            status: 0,
            stdout: "",
            stderr: `prepare: the ESC evaluator was not built: it needs Go 1.25.8 or newer (${found}); install it from https://go.dev/dl and run \`npm run prepare\`\n`,
          },
        );
      });
    }

    it("keeps a copy that carries the product, without Go", () => {
      for (const part of ["tools", join("esc", "evaluator", "shim"), join("build", "evaluator")]) {
        cpSync(join(root, part), join(folder, part), { recursive: true });
      }
      const { status, stdout, stderr } = prepare(folder, folder);
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
    });
  });
});
