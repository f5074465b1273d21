// What a function's process runs, in plain JavaScript: Lambda's Node runtime, as far as a function can tell, in a
// network that ends at this machine. It is told what to do by its parent, and logs what goes wrong as Lambda does.
const { existsSync } = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { setFlagsFromString } = require("node:v8");
const { shortLived } = require("../short-lived.cjs");

// Taken away, so that the function does not find the channel.
const send = process.send.bind(process);
process.send = undefined;

// Set from here, they are not among what the function finds of its process.
for (const option of shortLived) setFlagsFromString(option);

/** Known addresses to the loopback ones that stand for them. The same rule as `Routes` in sandbox/routes.ts. */
let routes = {};

/** How far the account's clock is ahead of this machine's, in milliseconds. */
let clockOffset = 0;
const machineTime = Date.now;
const now = () => machineTime() + clockOffset;
globalThis.Date = new Proxy(Date, {
  get: (date, name) => (name === "now" ? now : Reflect.get(date, name)),
  construct: (date, given, target) => Reflect.construct(date, given.length > 0 ? given : [now()], target),
});

function refuse(where) {
  const error = Object.assign(new Error(`sandbox: no route to ${where}`), { code: "ERR_SANDBOX_NO_ROUTE" });
  // The function may keep it to itself.
  console.error(error.message);
  return error;
}

function resolve(address) {
  const url = new URL(address);
  const wanted = url.origin + url.pathname;
  const [known] = Object.keys(routes)
    .filter((candidate) => wanted === candidate || wanted.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length);
  if (known === undefined) throw refuse(url.origin);
  return routes[known] + wanted.slice(known.length) + url.search;
}

const fetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  // A redirect could lead out of the table.
  return fetch(new Request(resolve(request.url), request), { redirect: "error" });
};

// Whatever does not go through fetch reaches this machine at most.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const options =
    typeof first === "object"
      ? first
      : { port: first, host: typeof second === "string" ? second : undefined };
  const { host = "localhost", port } = options;
  if (options.path || /^(localhost|127(\.\d+){3}|::1)$/.test(host)) return connect.apply(this, given);
  process.nextTick(() => this.destroy(refuse(`${host}:${port}`)));
  return this;
};

async function loadHandler() {
  const { _HANDLER: name, LAMBDA_TASK_ROOT: root, AWS_EXECUTION_ENV: runtime } = process.env;
  const end = name.lastIndexOf(".");
  const module = path.join(root, name.slice(0, end));
  const file = [".js", ".mjs", ".cjs"].map((extension) => module + extension).find(existsSync);
  if (file === undefined) throw new Error(`Cannot find module '${name.slice(0, end)}'`);
  const loaded = await import(pathToFileURL(file));
  const exported = name.slice(end + 1);
  const handler = loaded[exported] ?? loaded.default?.[exported];
  if (typeof handler !== "function") throw new Error(`${name} is undefined or not exported`);
  // Node 24 and later: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
  if (handler.length > 2 && Number(/\d+/.exec(runtime)) >= 24) {
    throw new Error(
      "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24.",
    );
  }
  return handler;
}

function logError(kind, error) {
  const {
    name: errorType,
    message: errorMessage,
    stack,
  } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${kind} ${JSON.stringify({ errorType, errorMessage, stack: stack?.split("\n") })}\n`);
}

let handler;

const tasks = {
  async start() {
    try {
      handler = await loadHandler();
      send({ kind: "ready" });
    } catch (error) {
      logError("Init Error", error);
      send({ kind: "failed" });
    }
  },

  async invoke({ event, context, deadline }) {
    try {
      const result = await handler(event, {
        ...context,
        getRemainingTimeInMillis: () => deadline - Date.now(),
      });
      send({ kind: "answered", result: JSON.stringify(result) ?? "null" });
    } catch (error) {
      logError("Invoke Error", error);
      send({ kind: "failed" });
    }
  },
};

process.on("message", (task) => {
  routes = task.routes;
  clockOffset = task.clockOffset;
  void tasks[task.kind](task);
});
