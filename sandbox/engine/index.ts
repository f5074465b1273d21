export type {
  CallContext,
  Cloud,
  CreatedResource,
  DeleteRequest,
  ExistingResource,
  Invoke,
  Operation,
  ProviderInfo,
  ReadRequest,
  RemoteComponent,
  Replacement,
  ResourceRequest,
  ResourceType,
  StackName,
  UpdateRequest,
} from "./cloud";
export { type DeployOptions, deploy } from "./deploy";
export type {
  Deployment,
  DeploymentEvent,
  DeploymentFailure,
  Diagnostic,
  FailureCode,
} from "./deployment";
export type { PropertyChange } from "./diff";
export { EngineError, type EngineErrorCode } from "./errors";
export type { Change, ResourceAlias, ResourceOptions, ResourceState } from "./resource-state";
export type { Runner, RunnerOptions, StartRunner } from "./runner";
export { readStackSettings, type StackSettings, type StackSettingsOptions } from "./stack-settings";
export type { SavedResource, StackState } from "./stack-state";
export { renderTree, type TreeOptions } from "./tree";
export {
  Archive,
  Asset,
  containsSecret,
  type PropertyMap,
  type PropertyValue,
  plain,
  plainMap,
  Secret,
  UNKNOWN,
} from "./values";
