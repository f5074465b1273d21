export type {
  CallContext,
  Cloud,
  CreatedResource,
  Invoke,
  Operation,
  ProviderInfo,
  ReadRequest,
  RemoteComponent,
  ResourceRequest,
  ResourceType,
  StackName,
} from "./cloud";
export { type DeployOptions, deploy } from "./deploy";
export type {
  Deployment,
  DeploymentEvent,
  DeploymentFailure,
  Diagnostic,
  FailureCode,
} from "./deployment";
export { EngineError, type EngineErrorCode } from "./errors";
export type { ResourceAlias, ResourceOptions, ResourceState } from "./resource-state";
export { readStackSettings, type StackSettings, type StackSettingsOptions } from "./stack-settings";
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
