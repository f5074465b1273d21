export { type Account, type AccountOptions, createAccount, type Session } from "./account";
export { asCaller } from "./as-caller";
export { Authorizer } from "./authorize";
export { type Aws, type AwsOptions, startAws } from "./aws";
export type { AccessDecision, DecisionListener } from "./decisions";
export { AwsError, type AwsErrorCode } from "./errors";
export { createAwsCloud } from "./resources";
export type { AwsCall, AwsService } from "./service";
export { openAdministratorSession, openSession } from "./sessions";
