import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import {
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import {
  ConstructRequest,
  type ConstructResponse,
  GetSchemaRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import {
  type RegisterResourceRequest,
  RegisterResourceResponse,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";

/** A package served by Pulumi's own plugin runner, as Pulumi's plugin host starts and asks it. */
export interface PluginHost {
  getSchema(): Promise<PackageSchema>;
  /** Has a component built; answers its state. What it registered is in `registered`. */
  construct(type: string, name: string, inputs: Record<string, unknown>): Promise<Record<string, unknown>>;
  readonly registered: readonly { readonly type: string; readonly name: string }[];
  stop(): Promise<void>;
}

export interface PackageSchema {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<
    Record<
      string,
      { readonly inputProperties?: Readonly<Record<string, unknown>>; readonly isComponent?: boolean }
    >
  >;
}

/** Starts the plugin in `folder`. @throws Error with what it printed, when it ends instead of serving. */
export async function startPlugin(folder: string): Promise<PluginHost> {
  const monitor = await startMonitor();
  const runner = createRequire(path.join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run-plugin");
  const child = spawn(process.execPath, [runner, `--pwd=${folder}`, folder, monitor.address], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TS_NODE_CACHE: "false" },
  });
  const ended = once(child, "exit");
  const printed = text(child.stderr);
  const [port] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    ended.then(async ([code]) => {
      monitor.stop();
      throw new Error(`the plugin ended with exit code ${code}: ${await printed}`);
    }),
  ]);
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    registered: monitor.registered,
    async getSchema() {
      const response = await unary<{ getSchema(): string }>((done) =>
        client.getSchema(new GetSchemaRequest(), done),
      );
      return JSON.parse(response.getSchema()) as PackageSchema;
    },
    async construct(type, name, inputs) {
      const request = new ConstructRequest();
      request
        .setProject("shop")
        .setStack("staging")
        .setOrganization("acme")
        .setMonitorendpoint(monitor.address);
      request.setType(type).setName(name).setParallel(1);
      request.setInputs(Struct.fromJavaScript(inputs as Parameters<typeof Struct.fromJavaScript>[0]));
      const response = await unary<ConstructResponse>((done) => client.construct(request, done));
      return response.getState()?.toJavaScript() ?? {};
    },
    async stop() {
      client.close();
      child.kill("SIGKILL");
      await ended;
      monitor.stop();
    },
  };
}

function unary<Response>(
  call: (done: (error: Error | null, response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** A resource monitor that makes everything it is asked for, and an engine that listens to no log. */
async function startMonitor() {
  const registered: { type: string; name: string }[] = [];
  const server = new Server();
  const answer =
    <Request>(handle: (request: Request) => unknown) =>
    (call: ServerUnaryCall<Request, unknown>, done: sendUnaryData<unknown>) =>
      done(null, handle(call.request));
  const unused = (service: object) =>
    Object.fromEntries(Object.keys(service).map((method) => [method, answer(() => new Empty())]));
  server.addService(EngineService, unused(EngineService));
  server.addService(ResourceMonitorService, {
    ...unused(ResourceMonitorService),
    supportsFeature: answer(() => new SupportsFeatureResponse().setHassupport(true)),
    registerResource: answer((request: RegisterResourceRequest) => {
      const [type, name] = [request.getType(), request.getName()];
      registered.push({ type, name });
      const response = new RegisterResourceResponse();
      response
        .setUrn(`urn:pulumi:staging::shop::${type}::${name}`)
        .setId(request.getCustom() ? `${name}-id` : "");
      const inputs = request.getObject()?.toJavaScript() ?? {};
      response.setObject(Struct.fromJavaScript({ ...inputs, arn: `arn:of:${name}` }));
      return response;
    }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, registered, stop: () => server.forceShutdown() };
}
