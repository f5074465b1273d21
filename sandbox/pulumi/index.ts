export type { TokenOwner } from "./access-tokens";
export type { EnvironmentStore, Revision, RevisionTag, StoreContent } from "./environment-store";
export { EscServiceError, type EscServiceErrorCode } from "./errors";
export { createEscProviders, createEscRotators, type EscProvidersOptions } from "./esc-providers";
export {
  type Checked,
  EscService,
  type EscServiceOptions,
  type Opened,
  type OpenOptions,
} from "./esc-service";
export type { EnvironmentId, EnvironmentReference } from "./names";
export type { OidcIssuersContent } from "./oidc-issuers";
export type { EnvironmentPermission, GrantsContent } from "./permissions";
export type { ProviderContext } from "./providers";
export { createPulumiServiceCloud } from "./resources";
export type { RotationEvent } from "./rotate";
export type { SchedulesContent } from "./rotation-schedules";
export { createEscServer, type EscServer, type EscServerOptions, type RequestLogEntry } from "./server";
export { type ExchangeRequest, exchangeToken } from "./token-exchange";
