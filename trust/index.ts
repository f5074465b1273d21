/**
 * Subjects and trust policies of GitHub and Pulumi ESC as data: built, parsed, and evaluated with an explanation. Pure
 * functions, without I/O.
 *
 * @module
 */

export { type Claims, COMMON_CLAIM_KEYS, claimKeys, GITHUB_CLAIM_KEYS } from "./claims";
export { TrustError, type TrustErrorCode } from "./errors";
export { type AccessArgs, type AccessRequest, evaluateAccess } from "./evaluate/access";
export type { RequestContext } from "./evaluate/context";
export type {
  Check,
  Deciding,
  Decision,
  LayerTrace,
  PolicyLayer,
  StatementTrace,
  Verdict,
} from "./evaluate/explanation";
export {
  type CompiledPolicy,
  type CompilePolicyArgs,
  compilePolicy,
  type PolicyInput,
  type PolicyKind,
} from "./evaluate/policy";
export type { RequestPrincipal, ServicePrincipal } from "./evaluate/principals";
export { renderDecision } from "./evaluate/render";
export { evaluateTrustPolicy, type ServiceRoleArgs, type WebIdentityArgs } from "./evaluate/trust-policy";
export type {
  OneOrMany,
  PolicyCondition,
  PolicyDocument,
  PolicyPrincipal,
  PolicyStatement,
  PrincipalMap,
} from "./policies/document";
export { type EscTrustPolicyArgs, escTrustPolicy } from "./policies/esc";
export { type GithubTrustPolicyArgs, githubTrustPolicy } from "./policies/github";
export {
  GITHUB_ISSUER,
  type OidcProvider,
  type OidcProviderArnArgs,
  oidcProviderArn,
  PULUMI_ISSUER,
  parseOidcProviderArn,
} from "./providers";
export {
  type EscOpener,
  type EscSubjectArgs,
  type EscSubjectAttribute,
  type EscSubjectsArgs,
  escAudience,
  escSubject,
  escSubjects,
} from "./subjects/esc";
export {
  type GithubContext,
  type GithubRepository,
  type GithubSubjectArgs,
  type GithubSubjectForm,
  type GithubSubjectsArgs,
  githubSubject,
  githubSubjects,
} from "./subjects/github";
