import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startRunner } from "../../sandbox/engine/runner";
import { prune, runnerCache } from "../../sandbox/engine/runner-cache";
import { writeInto } from "../support/write-into";

const runner = require.resolve("@pulumi/pulumi/cmd/run");
const preload = require.resolve("../../sandbox/engine/preload.cjs");

/** Runs `program.ts` as the runner would, several times in one process: what it exports each time. */
function results(folder: string, steps: string): unknown[] {
  const script = `
    const fs = require("node:fs");
    const program = ${JSON.stringify(path.join(folder, "program.ts"))};
    const sdk = require("node:path").join(${JSON.stringify(path.dirname(runner))}, "..", "..");
    const strings = require(sdk + "/tsutils").typeScriptRequireStrings();
    require(strings.tsnodeRequire).register({ compiler: strings.typescriptRequire, transpileOnly: true });
    const run = () => { delete require.cache[program]; return require(program).value; };
    const cache = process.env.TS_NODE_CACHE_DIRECTORY;
    const entries = () => fs.readdirSync(cache, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map((entry) => entry.parentPath + "/" + entry.name);
    const results = [];
    ${steps}
    console.log(JSON.stringify(results));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--require", preload, "--eval", script], {
    cwd: path.dirname(runner),
    env: { PATH: process.env.PATH, TS_NODE_CACHE_DIRECTORY: path.join(folder, "cache") },
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return JSON.parse(stdout) as unknown[];
}

describe("What the runner keeps for its next start", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-transpiled-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("transpiled: is never stale, is whole or not there, and is done without where it cannot be written", () => {
    writeFileSync(path.join(folder, "program.ts"), "export const value: string = 'written';");
    const seen = results(
      folder,
      `results.push(run(), entries().length);
      fs.writeFileSync(program, "export const value: string = 'changed';");
      results.push(run(), entries().length);
      // What is kept is what runs: otherwise none of this would show anything.
      const entry = entries().find((file) => fs.readFileSync(file, "utf8").includes("changed"));
      const kept = fs.readFileSync(entry, "utf8");
      fs.rmSync(entry);
      fs.writeFileSync(program + ".kept", kept.replace("'changed'", "'kept'"));
      fs.renameSync(program + ".kept", entry);
      results.push(run());
      // As a file system may leave it that lost its power.
      fs.rmSync(entry);
      fs.writeFileSync(program + ".cut", kept.slice(0, -20));
      fs.renameSync(program + ".cut", entry);
      results.push(run());
      fs.rmSync(cache, { recursive: true });
      fs.writeFileSync(program, "export const value: string = 'once more';");
      results.push(run());`,
    );
    assert.deepEqual(seen, ["written", 1, "changed", 2, "kept", "changed", "once more"]);
  });

  it("compiled: is written once, and taken by the starts that follow", async () => {
    const sdk = path.join(folder, "node_modules", "@pulumi", "pulumi");
    const hooks = "runtime/closure/v8Hooks.js";
    const files = {
      "package.json": JSON.stringify({ name: "@pulumi/pulumi", version: "3.0.0" }),
      // It sets an option of V8.
      [hooks]: readFileSync(require.resolve(`@pulumi/pulumi/${hooks}`), "utf8"),
      "cmd/run/index.js": `require("../../${hooks}"); console.log("ran");`,
    };
    for (const [name, text] of Object.entries(files)) writeInto(sdk, name, text);
    const lines: string[] = [];
    const start = async () => {
      await startRunner({
        operation: "up",
        organization: "acme",
        settings: {
          directory: folder,
          programDirectory: folder,
          main: "index.js",
          project: "shop",
          stack: "dev",
          typescript: false,
          config: {},
          secretConfig: {},
          environments: [],
        },
        address: "127.0.0.1:1",
        environment: {},
        onLine: (_, line) => lines.push(line),
      }).ended;
      const { NODE_COMPILE_CACHE: compiled = "" } = runnerCache(path.join(sdk, "cmd/run/index.js"));
      return readdirSync(compiled, { recursive: true, encoding: "utf8" })
        .map((name) => [name, statSync(path.join(compiled, name)).mtimeMs])
        .sort();
    };
    const first = await start();
    assert.ok(first.length > 0);
    assert.deepEqual(await start(), first);
    assert.deepEqual(lines, ["ran", "ran"]);
  });

  it("lies beside the packages of the program, which is as well guarded as they are", () => {
    const modules = path.join(__dirname, "..", "..", "node_modules");
    const { TS_NODE_CACHE_DIRECTORY: transpiled, NODE_COMPILE_CACHE: compiled } = runnerCache(runner);
    for (const each of [transpiled, compiled])
      assert.ok(each?.startsWith(path.join(modules, ".cache", "escapement") + path.sep));
  });

  it("goes when it is a week old", () => {
    const old = path.join(folder, "old.js");
    const recent = path.join(folder, "recent.js");
    for (const file of [old, recent]) writeFileSync(file, "");
    utimesSync(old, new Date(1000), new Date(1000));
    prune(folder, 2000);
    assert.ok(!readdirSync(folder).includes("old.js"));
    assert.equal(readFileSync(recent, "utf8"), "");
  });
});
