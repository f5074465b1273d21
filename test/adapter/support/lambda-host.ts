import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { AdapterConfig } from "../../../lambda/config";
import type { HttpEvent, HttpResult } from "../../../lambda/handler";

/**
 * What a child process runs: it puts a fetch in place that knows the issuer's real address, then loads the
 * bundle and invokes it, as the sandbox's Lambda host does.
 */
const HOST = `
const routes = JSON.parse(process.env.HOST_ROUTES);
delete process.env.HOST_ROUTES;
const original = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const mapped = routes[String(input)];
  if (mapped === undefined) throw new Error("no route to " + String(input));
  return original(mapped, init);
};
const { handler } = await import("./index.mjs");
process.on("message", async (event) => process.send(await handler(event)));
process.send("ready");
`;

export interface LambdaHost {
  invoke(event: HttpEvent): Promise<HttpResult>;
  /** Ends the child and answers all it printed. */
  stop(): Promise<string>;
}

/** Writes a bundle and its configuration into `folder` and runs them under Node with nothing inherited. */
export async function startLambdaHost(options: {
  readonly folder: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly config: AdapterConfig;
  readonly awsEndpoint: string;
  /** Loopback address by the address that the deployed code knows. */
  readonly routes: Readonly<Record<string, string>>;
}): Promise<LambdaHost> {
  const { folder, files, config, awsEndpoint, routes } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of Object.entries(files)) writeFileSync(path.join(folder, name), contents);
  writeFileSync(path.join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(path.join(folder, "host.mjs"), HOST);
  const nowhere = path.join(folder, "no-such-file");
  const child = fork(path.join(folder, "host.mjs"), {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      AWS_ENDPOINT_URL: awsEndpoint,
      AWS_REGION: "us-east-1",
      AWS_LAMBDA_FUNCTION_NAME: "adapter",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_SESSION_TOKEN: "session",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: nowhere,
      AWS_SHARED_CREDENTIALS_FILE: nowhere,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      HOST_ROUTES: JSON.stringify(routes),
    },
  });
  const printed = Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : "")));
  const ended = once(child, "exit").then(async () => {
    throw new Error(`the child ended: ${(await printed).join("")}`);
  });
  // Whoever waits for a message hears of it; nobody else has to.
  ended.catch(() => {});
  const nextMessage = async (): Promise<unknown> => (await Promise.race([once(child, "message"), ended]))[0];
  await nextMessage();
  return {
    async invoke(event) {
      if (child.connected) child.send(event);
      return (await nextMessage()) as HttpResult;
    },
    async stop() {
      child.kill("SIGKILL");
      return (await printed).join("");
    },
  };
}
