/**
 * The components, for other Pulumi projects.
 *
 * @module
 */

export type { AdapterEntryArgs, AdapterIssuerArgs, AdapterRuleArgs } from "./adapter-config";
export { AdapterFrontDoor, type AdapterHttpApiArgs } from "./adapter-http-api";
export { AdapterLambda, type AdapterLambdaArgs } from "./adapter-lambda";
export { AdapterNatGateways, AdapterNetwork, type AdapterNetworkArgs } from "./adapter-network";
export {
  type AdapterNorthflankArgs,
  AdapterNorthflankEncoding,
  type AdapterNorthflankModeArgs,
  AdapterNorthflankModePolicy,
  type AdapterNorthflankOwnerArgs,
  AdapterNorthflankOwnerPolicy,
  type AdapterNorthflankRuleArgs,
  type AdapterNorthflankSecretArgs,
} from "./adapter-northflank";
export { AdapterRotate, type AdapterRotateArgs } from "./adapter-rotate";
export type { AdapterTargetArgs } from "./adapter-rotate-config";
export { type EscAccessArgs, EscPermission } from "./esc-access";
export {
  type EscEnvironmentArgs,
  EscEnvironments,
  type EscEnvironmentsArgs,
  renderTwice,
} from "./esc-environments";
export { EscLogin, type EscLoginArgs } from "./esc-login";
export { GithubDeploy, type GithubDeployArgs, type GithubPulumiLoginArgs } from "./github-deploy";
export {
  type GithubEnvironmentArgs,
  GithubEnvironments,
  type GithubEnvironmentsArgs,
} from "./github-environments";
export type { GithubRepositoryArgs } from "./github-repository";
export { OidcProvider, type OidcProviderArgs, OidcProviderMode } from "./oidc-provider";
export {
  OidcIssuerMode,
  PulumiLogin,
  type PulumiLoginArgs,
  type PulumiLoginPolicyArgs,
} from "./pulumi-login";
export { RotatedEnvironment, type RotatedEnvironmentArgs } from "./rotated-environment";
export {
  type ExistingEntryArgs,
  SecretEntries,
  type SecretEntriesArgs,
  type SecretEntryArgs,
} from "./secret-entries";
export { StageBoundary, type StageBoundaryArgs, stageBoundaryArn } from "./stage-boundary";
export { requireDeployable } from "./stage-resources";
