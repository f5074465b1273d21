import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import {
  DeploymentInfo,
  type RegisterResourceOutputsRequest,
  type SupportsFeatureRequest,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Callbacks } from "./callbacks";
import { invoke } from "./invoke";
import { readResource } from "./read-resource";
import type { DeploymentRecord } from "./record";
import { registerResource } from "./register-resource";
import { type Activity, implementService, Refusal } from "./rpc";
import { Transforms } from "./transforms";
import { stackType } from "./urn";
import { decodeStruct } from "./wire";

/**
 * What the SDK may use, by its name in `SupportsFeature` (asked by 3.248) and its number in `GetDeploymentInfo`
 * (asked by later ones): `ResourceMonitorFeature` in `proto/pulumi/resource.proto`. Hooks and parameterised
 * packages are among them so that a program that uses them reaches us and is refused by name, instead of being
 * told to update a command that is not there.
 */
const features = {
  secrets: 0,
  resourceReferences: 1,
  outputValues: 2,
  aliasSpecs: 3,
  replacementTrigger: 4,
  deletedWith: 5,
  replaceWith: 6,
  transforms: 7,
  invokeTransforms: 8,
  parameterization: 9,
  resourceHooks: 10,
  errorHooks: 11,
} as const;

/** Pulumi's `ResourceMonitor` service over a `Cloud`. Methods that are not here are refused by name. */
export function monitorService(
  record: DeploymentRecord,
  callbacks: Callbacks,
  activity: Activity,
): UntypedServiceImplementation {
  const transforms = new Transforms(callbacks);
  const handlers = {
    supportsFeature(request: SupportsFeatureRequest) {
      const response = new SupportsFeatureResponse();
      response.setHassupport(Object.hasOwn(features, request.getId()));
      return response;
    },
    getDeploymentInfo: () => deploymentInfo(record),
    registerResource: registerResource.bind(undefined, record, transforms),
    readResource: readResource.bind(undefined, record),
    invoke: invoke.bind(undefined, record, transforms),
    registerResourceOutputs(request: RegisterResourceOutputsRequest) {
      const resource = record.resource(request.getUrn());
      if (resource === undefined) {
        throw new Refusal("ERR_ENGINE_REFUSED", `outputs for ${request.getUrn()}, which is not registered`);
      }
      const outputs = decodeStruct(request.getOutputs());
      record.stack.place({ ...resource, outputs });
      record.put({ ...resource, outputs }, "done");
      if (resource.type === stackType) record.outputs = outputs;
      return new Empty();
    },
    registerStackTransform(callback: Callback) {
      transforms.stack.push(callback);
      return new Empty();
    },
    registerStackInvokeTransform(callback: Callback) {
      transforms.invokes.push(callback);
      return new Empty();
    },
    signalAndWaitForShutdown() {
      record.finished = true;
      return new Empty();
    },
  };
  return implementService({ service: ResourceMonitorService, handlers, record, activity });
}

function deploymentInfo(record: DeploymentRecord): DeploymentInfo {
  const { operation, organization, settings } = record.options;
  const info = new DeploymentInfo();
  info.setOrganization(organization);
  info.setProject(settings.project);
  info.setStack(settings.stack);
  info.setDryrun(operation === "preview");
  info.setSupportedfeaturesList(Object.values(features));
  for (const [key, value] of Object.entries(settings.config)) info.getConfigMap().set(key, value);
  for (const [key, value] of Object.entries(settings.secretConfig)) {
    info.getConfigMap().set(key, value.reveal());
    info.addConfigsecretkeys(key);
  }
  return info;
}
