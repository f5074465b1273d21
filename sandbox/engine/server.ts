import { Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import { Callbacks } from "./callbacks";
import { engineService } from "./engine-service";
import { monitorService } from "./monitor-service";
import type { DeploymentRecord } from "./record";
import type { Activity } from "./rpc";

/** The SDK's own limit (`maxRPCMessageSize` in `sdk/nodejs/runtime/settings.ts`), in bytes. */
const largestMessage = 400 * 1024 * 1024;

export interface EngineServer {
  /** `127.0.0.1:<port>`: both the monitor and the engine. */
  readonly address: string;
  close(): void;
}

/** Serves one deployment, on loopback and a free port. */
export async function startServer(record: DeploymentRecord, activity: Activity): Promise<EngineServer> {
  const server = new Server({ "grpc.max_receive_message_length": largestMessage });
  const callbacks = new Callbacks();
  server.addService(ResourceMonitorService, monitorService(record, callbacks, activity));
  server.addService(EngineService, engineService(record, activity));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    close() {
      server.forceShutdown();
      callbacks.close();
    },
  };
}
