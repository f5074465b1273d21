import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import {
  GetRootResourceResponse,
  type LogRequest,
  LogSeverity,
  RequirePulumiVersionResponse,
  type SetRootResourceRequest,
  SetRootResourceResponse,
} from "@pulumi/pulumi/proto/engine_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { DeploymentRecord } from "./record";
import { describe } from "./resource-state";
import { type Activity, endedDetails, implementService } from "./rpc";

/** Pulumi's `Engine` service: where the program's log goes. Debug messages are dropped, as without `--debug`. */
export function engineService(record: DeploymentRecord, activity: Activity): UntypedServiceImplementation {
  const handlers = {
    log(request: LogRequest) {
      const urn = request.getUrn() || undefined;
      const message = request.getMessage();
      if (request.getSeverity() === LogSeverity.ERROR) logError(record, message, urn);
      else if (request.getSeverity() === LogSeverity.WARNING) record.diagnose("warning", message, urn);
      else if (request.getSeverity() === LogSeverity.INFO) record.diagnose("info", message, urn);
      return new Empty();
    },
    setRootResource(request: SetRootResourceRequest) {
      record.rootUrn = request.getUrn();
      return new SetRootResourceResponse();
    },
    getRootResource() {
      const response = new GetRootResourceResponse();
      response.setUrn(record.rootUrn);
      return response;
    },
    startDebugging: () => new Empty(),
    requirePulumiVersion: () => new RequirePulumiVersionResponse(),
  };
  return implementService({ service: EngineService, handlers, record, activity });
}

function logError(record: DeploymentRecord, message: string, urn: string | undefined): void {
  if (record.failure !== undefined && message.includes(endedDetails)) return;
  if (record.isRepeated(message)) return;
  const resource = urn === undefined ? undefined : record.resource(urn);
  record.fail("ERR_ENGINE_PROGRAM", resource ? `${describe(resource)}: ${message}` : message, urn);
}
