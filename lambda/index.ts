/**
 * The adapter behind `fn::open::external`, and what others make with it: sources of their own, or a guard for a
 * service of their own. It knows nothing of Pulumi's SDK.
 *
 * @module
 */

export type { AccessRule, Action } from "./access/rules";
export type { ReadParameter } from "./audience";
export { type AuditLogOptions, createAuditLog } from "./audit/log";
export type { Logger, NoticeRecord, RequestRecord } from "./audit/record";
export type { ReplayStore, TokenUse } from "./auth/replay";
export type { IssuerConfig, PinnedKey } from "./auth/signature";
export type { AdapterConfig, AdapterLimits, RouteConfig } from "./config";
export { type AdapterOptions, createAdapter } from "./core";
export { AdapterConfigError, AdapterError, type AdapterErrorCode } from "./errors";
export {
  createHandler,
  type HttpEvent,
  type HttpResult,
  type LambdaContext,
  type LambdaHandler,
  startFromFolder,
} from "./handler";
export type { Adapter, AdapterRequest, AdapterResponse } from "./http";
export type {
  NorthflankConfig,
  NorthflankFile,
  NorthflankOwner,
  NorthflankPermissions,
  NorthflankRule,
  NorthflankSecret,
  NorthflankSharedSecret,
  NorthflankValue,
  NorthflankVariable,
} from "./northflank/config";
export type { ReadSharedSecret, SecretText, SecretVersions } from "./northflank/shared-secret";
export type { Credential } from "./rotators/credential";
export {
  type ConnectedTarget,
  defineRotator,
  type Rotator,
  type RotatorDefinition,
  type RotatorTools,
} from "./rotators/define-rotator";
export type { Slot } from "./rotators/journal";
export { generatePassword } from "./rotators/password";
export { type PostgresGrants, postgresGrants } from "./rotators/postgres-grants";
export type { Receipt, RotationEvent } from "./rotators/receipt";
export type { ChangeContext, ReplaceContext, StrangeCredential, Target } from "./rotators/target";
export { createAdapterListener, createAdapterServer } from "./server";
export {
  type ConnectContext,
  defineSource,
  type Fetch,
  type FetchContext,
  type JsonObject,
  type Source,
  type SourceDefinition,
  type SourcePolicy,
} from "./sources/define-source";
export type { SourcePlace, SourceStatement } from "./sources/statements";
export {
  type AnswerEscRequest,
  type EscRequest,
  EscRequestValidator,
  type EscRequestValidatorOptions,
} from "./validator";
