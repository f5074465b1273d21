export { type Claims, COMMON_CLAIM_KEYS, claimKeys, GITHUB_CLAIM_KEYS } from "./claims.js";
export { TrustError, type TrustErrorCode } from "./errors.js";
export { type AccessArgs, type AccessRequest, evaluateAccess } from "./evaluate/access.js";
export type { RequestContext } from "./evaluate/context.js";
export type {
  Check,
  Deciding,
  Decision,
  LayerTrace,
  PolicyLayer,
  StatementTrace,
  Verdict,
} from "./evaluate/explanation.js";
export {
  type CompiledPolicy,
  type CompilePolicyArgs,
  compilePolicy,
  type PolicyInput,
  type PolicyKind,
} from "./evaluate/policy.js";
export type { RequestPrincipal, ServicePrincipal } from "./evaluate/principals.js";
export { renderDecision } from "./evaluate/render.js";
export { evaluateTrustPolicy, type ServiceRoleArgs, type WebIdentityArgs } from "./evaluate/trust-policy.js";
export type {
  OneOrMany,
  PolicyCondition,
  PolicyDocument,
  PolicyPrincipal,
  PolicyStatement,
  PrincipalMap,
} from "./policies/document.js";
export { type EscTrustPolicyArgs, escTrustPolicy } from "./policies/esc.js";
export { type GithubTrustPolicyArgs, githubTrustPolicy } from "./policies/github.js";
export {
  GITHUB_ISSUER,
  type OidcProvider,
  type OidcProviderArnArgs,
  oidcProviderArn,
  PULUMI_ISSUER,
  parseOidcProviderArn,
} from "./providers.js";
export {
  type EscOpener,
  type EscSubjectArgs,
  type EscSubjectAttribute,
  type EscSubjectsArgs,
  escAudience,
  escSubject,
  escSubjects,
} from "./subjects/esc.js";
export {
  type GithubContext,
  type GithubRepository,
  type GithubSubjectArgs,
  type GithubSubjectForm,
  type GithubSubjectsArgs,
  githubSubject,
  githubSubjects,
} from "./subjects/github.js";
