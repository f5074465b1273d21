export type { EnvironmentStore, Revision, RevisionTag } from "./environment-store.js";
export { EscServiceError, type EscServiceErrorCode } from "./errors.js";
export { EscService, type EscServiceOptions, type Opened, type OpenOptions } from "./esc-service.js";
export type { EnvironmentId, EnvironmentReference } from "./names.js";
export type { ProviderContext } from "./providers.js";
export { createPulumiServiceCloud } from "./resources.js";
export { createEscServer, type EscServer, type EscServerOptions, type RequestLogEntry } from "./server.js";
