export type { AccessRule, Action } from "./access/rules.js";
export type { ReadParameter } from "./audience.js";
export type { ReplayStore } from "./auth/replay.js";
export type { IssuerConfig } from "./auth/signature.js";
export type { AdapterConfig, AdapterLimits, RouteConfig } from "./config.js";
export { type AdapterOptions, createAdapter } from "./core.js";
export { AdapterConfigError, AdapterError, type AdapterErrorCode } from "./errors.js";
export {
  createHandler,
  type HttpEvent,
  type HttpResult,
  type LambdaHandler,
  startFromFolder,
} from "./handler.js";
export type { Adapter, AdapterRequest, AdapterResponse } from "./http.js";
export type { Logger, NoticeRecord, RequestRecord } from "./log.js";
export { createAdapterServer } from "./server.js";
export {
  defineSource,
  type Fetch,
  type JsonObject,
  type Source,
  type SourceDefinition,
} from "./sources/define-source.js";
