// util.inspect(error, { colors: true }) never ends on a stack frame inside `node_modules/@scope/file.ext` (Node 20
// and 22), and Pulumi's source maps make such frames: without this, every failing program takes 20 s and 4 GB.
const path = require("node:path");
const util = require("node:util");
const withoutColors = (options) =>
  typeof options === "object" && options !== null ? { ...options, colors: false } : options;
util.inspect = new Proxy(util.inspect, {
  apply: (inspect, self, [value, options, depth]) =>
    Reflect.apply(inspect, self, [value, withoutColors(options), depth]),
});
// A program must not outlive the engine that started it, however that one ended: it takes its process group along.
const engine = Number(process.env.ESCAPEMENT_ENGINE_PID);
delete process.env.ESCAPEMENT_ENGINE_PID;
if (process.ppid === engine)
  setInterval(() => process.ppid === engine || process.kill(0, "SIGKILL"), 500).unref();
// ts-node writes what it transpiled where other programs read and write at the same time: an entry appears whole or not
// at all, and the program goes on without one that cannot be written.
const cache = process.env.TS_NODE_CACHE_DIRECTORY;
if (cache !== undefined) {
  const fs = require("node:fs");
  const { renameSync, writeFileSync } = fs;
  fs.writeFileSync = (file, ...rest) => {
    if (typeof file !== "string" || !file.startsWith(cache)) return writeFileSync(file, ...rest);
    try {
      writeFileSync(`${file}.${process.pid}`, ...rest);
      renameSync(`${file}.${process.pid}`, file);
    } catch {}
  };
}
// Node 22 and later see to this themselves.
const compiled = process.env.NODE_COMPILE_CACHE;
if (compiled !== undefined && require("node:module").enableCompileCache === undefined)
  require("./compile-cache.cjs").install(`${compiled}/${process.version}-${process.arch}`);
const [, runner = ""] = process.argv;
if (runner.endsWith(path.join("@pulumi", "pulumi", "cmd", "run", "index.js"))) {
  const sdk = path.join(runner, "../../..");
  const { existsSync } = require("node:fs");
  const { debugWhenUsed, loadWhenUsed, spareStacks } = require("./lighter-sdk.cjs");
  // An SDK that is built otherwise runs as it is.
  const lighten = (part, how) => {
    const file = path.join(sdk, part);
    if (existsSync(file)) how(require(file));
  };
  loadWhenUsed(sdk);
  lighten("runtime/debuggable.js", spareStacks);
  lighten("runtime/closure/v8Hooks.js", debugWhenUsed);
}
