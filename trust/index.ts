/**
 * Subjects and trust policies of GitHub and Pulumi ESC as data: built, parsed, and evaluated with an explanation. Pure
 * functions, without I/O.
 *
 * @module
 */

export { COMMON_CLAIM_KEYS, GITHUB_CLAIM_KEYS, type GithubClaimKey } from "./claim-keys";
export { type Claims, claimKeys } from "./claims";
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
export {
  evaluatePulumiLogin,
  type PulumiLoginArgs,
  type PulumiLoginDecision,
} from "./evaluate/pulumi-login";
export { renderDecision } from "./evaluate/render";
export { evaluateTrustPolicy, type ServiceRoleArgs, type WebIdentityArgs } from "./evaluate/trust-policy";
export type { Cause, CauseCode } from "./explain/causes";
export { type ExplainTrustArgs, explainTrust, type TrustExplanation } from "./explain/explain";
export { renderExplanation } from "./explain/render";
export type { Finding } from "./lint/finding";
export {
  type AdapterAccess,
  type EnvironmentLogin,
  type EnvironmentPermission,
  joinTrustInputs,
  type NamedPolicy,
  type Place,
  type TrustAdapter,
  type TrustEntry,
  type TrustEnvironment,
  type TrustInput,
  type TrustProvider,
  type TrustRole,
  type WorkflowJob,
} from "./lint/input";
export { lintTrust, type Suppression, unusedSuppressions } from "./lint/lint";
export { renderFindings } from "./lint/render";
export { RULES, type Rule, type RuleId, type Severity } from "./lint/rules";
export { toSarif } from "./lint/sarif";
export { buildTrustMap, type MapEdge, type MapNode, type TrustMap } from "./map/build";
export { renderMermaid } from "./map/mermaid";
export {
  type ActionScope,
  actionsByScope,
  actionsOf,
  BOUNDED_ACTIONS,
  RESOURCE_ACTIONS,
  type ResourceActions,
  scopeOf,
  withoutRow,
} from "./permissions/actions";
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
  type PulumiLoginPoliciesArgs,
  type PulumiLoginPolicy,
  type PulumiTokenHolder,
  pulumiLoginAudience,
  pulumiLoginPolicies,
} from "./policies/pulumi-login";
export {
  GITHUB_ISSUER,
  isGithubIssuer,
  type OidcProvider,
  type OidcProviderArnArgs,
  oidcProviderArn,
  PULUMI_ISSUER,
  parseOidcProviderArn,
} from "./providers";
export {
  ESC_SUBJECT_ATTRIBUTES,
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
export {
  type ParsedEscSubject,
  type ParsedEscV2Subject,
  type ParsedGithubSubject,
  type ParsedSubject,
  parseSubject,
} from "./subjects/parse";
export {
  type ExpandArgs,
  expandJobs,
  type JobRun,
  type WorkflowVariable,
} from "./workflow/expand";
export { resolveText } from "./workflow/expressions";
export type {
  AwsLogin,
  Job,
  Located,
  Login,
  PulumiLogin,
  Step,
  Trigger,
  Workflow,
} from "./workflow/model";
export {
  type DeploymentEnvironment,
  type PredictArgs,
  type PredictedJob,
  type PredictedLogin,
  predictedClaims,
  predictWorkflows,
  trustedSubjects,
  type WorkflowFinding,
  type WorkflowFindingCode,
  type WorkflowPrediction,
} from "./workflow/predict";
export { renderPrediction } from "./workflow/render";
