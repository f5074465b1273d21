// What Pulumi's SDK does in every start and no run here needs, left out: half of a small program's run.
const Module = require("node:module");

/**
 * In case one leaks, the SDK makes a stack for each promise, maps it to sources, and shows it where
 * PULUMI_DEBUG_PROMISE_LEAKS is set, as it never is here. What fails keeps its stack.
 * @param {{ debuggablePromise: Function }} debuggable the SDK's `runtime/debuggable`
 */
exports.spareStacks = (debuggable) => {
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...given) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...given);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
};

/**
 * For programs that run programs, for the code of functions that are sent to the cloud, for traces, and for a manifest
 * in YAML: 800 modules.
 */
const seldomUsed = new Set([
  "./automation",
  "@npmcli/arborist",
  "@opentelemetry/exporter-zipkin",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-grpc",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/sdk-trace-node",
  "js-yaml",
  "normalize-package-data",
]);

/**
 * Has the SDK load those once it uses them; a program that asks for one gets it as it is.
 * @param {string} sdk its folder
 */
exports.loadWhenUsed = (sdk) => {
  const load = Module._load;
  Module._load = function (request, parent, ...rest) {
    if (!seldomUsed.has(request) || !parent?.filename?.startsWith(sdk))
      return load.call(this, request, parent, ...rest);
    const loaded = () => load.call(this, request, parent, ...rest);
    // `__esModule`: the SDK takes it as it is, instead of copying what is in it.
    return new Proxy({}, { get: (_, name) => name === "__esModule" || loaded()[name] });
  };
};

/**
 * The SDK has V8's debugger on from the start, for it tells where a function of a program stands, once code is sent to
 * the cloud. A debugger reads and hashes every module that is loaded, so it is on once it is asked.
 * @param {{ isInitializedAsync: Function, getSessionAsync: Function }} hooks the SDK's `runtime/closure/v8Hooks`
 */
exports.debugWhenUsed = (hooks) => {
  const { getSessionAsync } = hooks;
  let session;
  const start = async () => {
    const debug = await getSessionAsync();
    // It listens from now on. Turned on anew, the debugger tells it of what was loaded before.
    for (const method of ["Debugger.disable", "Debugger.enable"])
      await new Promise((resolve, reject) =>
        debug.post(method, (error) => (error ? reject(error) : resolve())),
      );
    return debug;
  };
  hooks.isInitializedAsync = async () => {};
  hooks.getSessionAsync = () => {
    session ??= start();
    return session;
  };
};
