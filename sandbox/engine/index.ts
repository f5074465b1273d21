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
} from "./cloud.js";
export { type DeployOptions, deploy } from "./deploy.js";
export type {
  Deployment,
  DeploymentEvent,
  DeploymentFailure,
  Diagnostic,
  FailureCode,
  ResourceAlias,
  ResourceOptions,
  ResourceState,
} from "./deployment.js";
export { EngineError, type EngineErrorCode } from "./errors.js";
export { readStackSettings, type StackSettings, type StackSettingsOptions } from "./stack-settings.js";
export { renderTree, type TreeOptions } from "./tree.js";
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
} from "./values.js";
