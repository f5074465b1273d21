// util.inspect(error, { colors: true }) never ends on a stack frame inside `node_modules/@scope/file.ext` (Node 20
// and 22), and Pulumi's source maps make such frames: without this, every failing program takes 20 s and 4 GB.
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
