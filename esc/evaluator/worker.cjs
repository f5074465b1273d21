// @ts-check
// The thread in which Go's WebAssembly runs. Plain JavaScript: neither tsx nor Pulumi's ts-node reaches into
// worker threads. It forwards messages both ways and keeps Go away from the process: no file system, no
// output, none of the process's globals.
"use strict";
const { parentPort, workerData } = require("node:worker_threads");

/** @type {{ module: WebAssembly.Module, wasmExec: string, current: Int32Array }} */
const { module: compiled, wasmExec, current } = workerData;
const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);

/** What Go prints: nothing, but for its last words, which begin with what happened. */
let printed = "";
/** @param {Uint8Array} bytes */
function print(bytes) {
  printed = (printed + Buffer.from(bytes).toString()).slice(0, 4096);
  return bytes.length;
}

/** @param {unknown[]} args */
function notImplemented(...args) {
  const callback = args.at(-1);
  if (typeof callback === "function")
    callback(Object.assign(new Error("not implemented"), { code: "ENOSYS" }));
}

const noFiles = new Proxy(
  {
    constants: new Proxy({}, { get: () => -1 }),
    writeSync: (/** @type {number} */ _fd, /** @type {Uint8Array} */ bytes) => print(bytes),
    write(/** @type {any[]} */ ...args) {
      args[5](null, print(args[1].subarray(args[2], args[2] + args[3])));
    },
  },
  { get: (target, key) => Reflect.get(target, key) ?? notImplemented },
);
const noProcess = new Proxy(
  { pid: -1, ppid: -1, cwd: () => "/" },
  { get: (target, key) => Reflect.get(target, key) ?? (() => -1) },
);
const noConsole = { log() {}, warn() {}, error() {} };

const host = {
  /** @type {(id: number, request: string) => void} */
  run() {},
  /** @type {(call: number, ok: boolean, text: string) => void} */
  settle() {},
  /** @type {(id: number, reason: string) => void} */
  abort() {},
  call(
    /** @type {number} */ id,
    /** @type {number} */ call,
    /** @type {string} */ op,
    /** @type {string} */ payload,
  ) {
    port.postMessage({ type: "call", id, call, op, payload });
  },
  done(/** @type {number} */ id, /** @type {object} */ result) {
    port.postMessage({ type: "done", id, result, memory: go.mem.buffer.byteLength });
  },
};

// Node's own `crypto` and `performance` check their receiver, so Go gets its own.
const globals = {
  Object,
  Array,
  Uint8Array,
  Date,
  TextEncoder,
  TextDecoder,
  fs: noFiles,
  process: noProcess,
  path: { resolve: (/** @type {string[]} */ ...parts) => parts.join("/") },
  crypto: { getRandomValues: (/** @type {Uint8Array} */ bytes) => globalThis.crypto.getRandomValues(bytes) },
  performance: { now: () => globalThis.performance.now() },
  host,
  /** @type {any} */
  Go: undefined,
};
new Function("globalThis", "fs", "process", "path", "crypto", "performance", "console", wasmExec)(
  globals,
  globals.fs,
  globals.process,
  globals.path,
  globals.crypto,
  globals.performance,
  noConsole,
);

const go = new globals.Go();
go.exit = () => {
  // A timer that Go left behind would throw in this thread later on.
  go._resume = () => {};
  port.postMessage({ type: "crash", printed });
};

/**
 * Lets Go work on one evaluation. Go runs until it waits, so this evaluation is the only one that can be
 * stuck meanwhile, or bring Go down: the other side reads its number when the thread does not answer any more.
 * @param {number} id
 * @param {() => void} work
 */
function enter(id, work) {
  Atomics.store(current, 0, id);
  work();
  if (!go.exited) Atomics.store(current, 0, 0);
}

port.on("message", (message) => {
  if (go.exited) return;
  switch (message.type) {
    case "run":
      enter(message.id, () => host.run(message.id, message.request));
      break;
    case "settle":
      enter(message.id, () => host.settle(message.call, message.ok, message.text));
      break;
    case "abort":
      enter(message.id, () => host.abort(message.id, message.reason));
  }
});

void go.run(new WebAssembly.Instance(compiled, go.importObject));
port.postMessage({ type: "ready" });
