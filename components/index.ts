/**
 * The components, for other Pulumi projects.
 *
 * @module
 */

export type { AdapterEntryArgs, AdapterIssuerArgs, AdapterRuleArgs } from "./adapter-config";
export { AdapterFrontDoor, type AdapterHttpApiArgs } from "./adapter-http-api";
export { AdapterLambda, type AdapterLambdaArgs } from "./adapter-lambda";
export { AdapterNatGateways, AdapterNetwork, type AdapterNetworkArgs } from "./adapter-network";
export { AdapterRotate, type AdapterRotateArgs } from "./adapter-rotate";
export type { AdapterTargetArgs } from "./adapter-rotate-config";
export {
  type EscEnvironmentArgs,
  EscEnvironments,
  type EscEnvironmentsArgs,
  renderTwice,
} from "./esc-environments";
export { EscLogin, type EscLoginArgs } from "./esc-login";
export { GithubDeploy, type GithubDeployArgs } from "./github-deploy";
export { OidcProvider, type OidcProviderArgs, OidcProviderMode } from "./oidc-provider";
export {
  type ExistingEntryArgs,
  SecretEntries,
  type SecretEntriesArgs,
  type SecretEntryArgs,
} from "./secret-entries";
export { StageBoundary, type StageBoundaryArgs, stageBoundaryArn } from "./stage-boundary";
export { requireDeployable } from "./stage-resources";
