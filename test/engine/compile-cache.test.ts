import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const compileCache = require.resolve("../../sandbox/engine/compile-cache.cjs");

describe("What V8 compiled, kept for the runner's next start", () => {
  let folder: string;
  let file: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-compiled-"));
    file = path.join(folder, "compiled");
    const modules = {
      "main.js": `
        const { twice } = require("./library.js");
        const here = [__filename, require.resolve("./library.js"), require.main === module, this === exports];
        import("./library.js").then(async ({ default: library }) => {
          const { shown } = await import("./module.mjs");
          console.log(JSON.stringify({
            twice: twice(21), here, same: library.twice === twice, shown,
            shell: require("./shell.js"), script: require("./script").value, failed: require("./fails.js"),
          }));
        });`,
      "library.js": "'use strict'; exports.twice = (n) => n * 2;",
      "shell.js": "#!/usr/bin/env node\nmodule.exports = 'with a first line for the shell';",
      "module.mjs": "export const shown = import.meta.url.startsWith('file:');",
      "script.js": "exports.value = typeof require.cache[__filename];",
      "fails.js":
        "module.exports = (() => { try { null.it } catch (e) { return e.stack.split('\\n')[1] } })();",
    };
    for (const [name, text] of Object.entries(modules)) writeFileSync(path.join(folder, name), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...options: string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, [...options, path.join(folder, "main.js")], {
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    return stdout;
  };
  const runKept = (...options: string[]) => {
    const hook = path.join(folder, "hook.cjs");
    writeFileSync(hook, `require(${JSON.stringify(compileCache)}).install(${JSON.stringify(file)});`);
    return run(...options, "--require", hook);
  };

  it("changes nothing that a program sees, down to the columns of a stack, is never stale, and never run damaged", () => {
    const without = run();
    assert.match(without, /fails\.js:1:\d+/);
    assert.equal(runKept(), without);
    const kept = readFileSync(file);
    assert.equal(runKept(), without);
    assert.deepEqual(readFileSync(file), kept, "the second run compiled something anew");

    writeFileSync(path.join(folder, "library.js"), "'use strict'; exports.twice = (n) => n + n + 1;");
    assert.match(runKept(), /"twice":43/);
    const grown = readFileSync(file);
    assert.ok(grown.length > kept.length);

    assert.match(runKept("--stack-trace-limit=9"), /"twice":43/);
    const anew = readFileSync(file);
    assert.notDeepEqual(anew, grown, "what was compiled under other options was kept");
    assert.match(runKept("--stack-trace-limit=9"), /"twice":43/);
    assert.deepEqual(readFileSync(file), anew);

    const damaged = Buffer.from(grown);
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, damaged);
    assert.match(runKept(), /"twice":43/);
    assert.notDeepEqual(readFileSync(file), damaged);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("compiled")),
      ["compiled"],
    );
  });
});
