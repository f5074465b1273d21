import type { AddressInfo } from "node:net";
import { createAdapter } from "../../../lambda/core";
import { createAdapterServer } from "../../../lambda/server";
import { configFor, vault } from "./fixture";

/**
 * The Node server in a process of its own, driven over IPC: told where the keys are it says its port; asked for memory
 * it collects garbage (`--expose-gc`) and says how many bytes are left; told to stop it lets go of everything.
 */
process.on("message", async (message: { readonly jwksUri: string } | "memory" | "stop") => {
  if (message === "memory") {
    globalThis.gc?.();
    process.send?.(process.memoryUsage().heapUsed);
  } else if (message === "stop") {
    server?.close();
    process.disconnect();
  } else {
    const log = () => {};
    const adapter = await createAdapter({ config: configFor(message.jwksUri), sources: [vault], log });
    const started = createAdapterServer(adapter).listen(0, "127.0.0.1", () => {
      process.send?.((started.address() as AddressInfo).port);
    });
    server = started;
  }
});

let server: ReturnType<typeof createAdapterServer> | undefined;
