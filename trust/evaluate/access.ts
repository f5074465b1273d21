import { Context, type RequestContext } from "./context";
import {
  closestIn,
  compareCloseness,
  type Deciding,
  type Decision,
  decidingIn,
  type LayerTrace,
  layerVerdict,
  type PolicyLayer,
  type StatementTrace,
} from "./explanation";
import { arnFields } from "./patterns";
import { asCompiled, type PolicyInput } from "./policy";
import { type Grant, type Identity, identityOf, isMoreDirect, type RequestPrincipal } from "./principals";
import { newQuestion, shownRequest } from "./request";
import { askPolicies, type Question, type StatementAnswer } from "./statement";

/** Who wants to do what with what. */
export interface AccessRequest {
  readonly principal: RequestPrincipal;
  /** `service:Action`, in any case. */
  readonly action: string;
  /** An ARN; `*` for an action that has no resource, such as a list. */
  readonly resource: string;
  /** @default the account in the resource's ARN, else the principal's */
  readonly resourceAccountId?: string;
  /**
   * The other condition keys. What follows from principal and resource is filled in and must not be given:
   * `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`,
   * `aws:ResourceAccount`.
   */
  readonly context?: RequestContext;
}

export interface AccessArgs {
  readonly request: AccessRequest;
  /** All policies of the user or role, inline and managed. */
  readonly identityPolicies: readonly PolicyInput[];
  /** Policies given with the session. Together they limit it; none, or an empty list, does not. */
  readonly sessionPolicies?: readonly PolicyInput[];
  readonly permissionsBoundary?: PolicyInput;
  readonly resourcePolicy?: PolicyInput;
  /**
   * True for KMS keys and for roles that an AWS principal assumes: there the identity's own policies count only
   * when the resource's policy names the account.
   * @default false
   */
  readonly resourcePolicyRequired?: boolean;
}

/**
 * Whether AWS would let a request through, and why: an explicit deny anywhere wins; within the account, the policy
 * of the identity or of the resource is enough; across accounts both are needed; boundary and session policies only
 * take away. Organisation policies (SCP, RCP) and VPC endpoint policies are not part of it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * @throws TrustError for what cannot be judged, see `TrustErrorCode`
 */
export function evaluateAccess(args: AccessArgs): Decision {
  const question = questionOf(args);
  const { layers, granted } = askLayers(args, question);
  const { verdict, deciding } = decide({ args, question, layers, granted });
  const allowed = verdict === "allowed";
  return { allowed, verdict, request: shownRequest(question), deciding, layers: [...layers.values()] };
}

function questionOf({ request, permissionsBoundary }: AccessArgs): Question {
  const identity = identityOf(request.principal);
  const context = new Context().add(request.context ?? {}).add({
    "aws:PrincipalArn": identity.account && (identity.role ?? identity.self),
    "aws:PrincipalAccount": identity.account?.id,
    "aws:PrincipalIsAWSService": identity.type === "Service",
    "aws:PrincipalServiceName": identity.type === "Service" ? identity.self : undefined,
    "aws:ResourceAccount": resourceAccount(request, identity),
  });
  const { action, resource } = request;
  return newQuestion({ identity, action, resource, context, hasBoundary: permissionsBoundary !== undefined });
}

function resourceAccount(
  { resource, resourceAccountId }: AccessRequest,
  identity: Identity,
): string | undefined {
  return resourceAccountId ?? (arnFields(resource)[4] || identity.account?.id);
}

type Layers = ReadonlyMap<PolicyLayer, LayerTrace>;

function askLayers(args: AccessArgs, question: Question): Pick<Situation, "layers" | "granted"> {
  const layers = new Map<PolicyLayer, LayerTrace>();
  const ask = (layer: PolicyLayer, inputs: readonly PolicyInput[], label: string) => {
    const policies = inputs.map((input, index) =>
      layer === "resource"
        ? asCompiled(input, ["resource", "trust"], label)
        : asCompiled(input, ["identity"], inputs.length === 1 ? label : `${label} ${index + 1}`),
    );
    const answers = askPolicies(layer, policies, question);
    const statements = answers.map(({ trace }) => trace);
    layers.set(layer, { layer, verdict: layerVerdict(statements), statements });
    return answers;
  };

  const { resourcePolicy, permissionsBoundary, sessionPolicies = [] } = args;
  if (question.identity.account !== undefined) ask("identity", args.identityPolicies, "identity policy");
  const granted =
    resourcePolicy === undefined
      ? undefined
      : mostDirect(ask("resource", [resourcePolicy], "resource policy"));
  if (permissionsBoundary !== undefined) ask("boundary", [permissionsBoundary], "permissions boundary");
  if (sessionPolicies.length > 0) ask("session", sessionPolicies, "session policy");
  return { layers, granted };
}

/** The matching `Allow` of a resource policy that names who asks most directly. */
function mostDirect(answers: readonly StatementAnswer[]): Granted | undefined {
  let best: Granted | undefined;
  for (const { trace, grant } of answers) {
    if (grant === undefined || !trace.matched || trace.effect !== "Allow") continue;
    if (best === undefined || isMoreDirect(grant, best.grant)) best = { grant, trace };
  }
  return best;
}

interface Granted {
  readonly grant: Grant;
  readonly trace: StatementTrace;
}

interface Situation {
  readonly args: AccessArgs;
  readonly question: Question;
  readonly layers: Layers;
  /** What the resource policy allows. */
  readonly granted: Granted | undefined;
}

type Outcome = Pick<Decision, "verdict" | "deciding">;

function decide(situation: Situation): Outcome {
  const { args, question, layers, granted } = situation;
  for (const { layer, verdict, statements } of layers.values()) {
    if (verdict === "explicitly-denied") return { verdict, deciding: decidingIn(layer, statements, "Deny") };
  }

  const { account } = question.identity;
  if (account === undefined) {
    return granted === undefined ? denied(situation, "resource") : allowedByResource(granted);
  }

  const limit = (["boundary", "session"] as const).find((layer) => isLacking(layers, layer));
  const byIdentity = !isLacking(layers, "identity");
  if (account.id !== resourceAccount(args.request, question.identity)) {
    if (!byIdentity) return denied(situation, "identity");
    if (granted === undefined) return denied(situation, "resource");
    return limit === undefined ? allowedByIdentity(layers) : denied(situation, limit);
  }

  // AWS: what is granted to a user or session itself, or to everyone, is not cut by an implicit denial elsewhere;
  // what is granted to its role is cut by boundary and session policies.
  const required = args.resourcePolicyRequired === true;
  const viaIdentity = byIdentity && (!required || granted !== undefined);
  if (viaIdentity && limit === undefined) return allowedByIdentity(layers);
  if (granted?.grant === "direct") return allowedByResource(granted);
  if (viaIdentity && limit !== undefined) return denied(situation, limit);
  if (granted?.grant === "role") {
    return limit === undefined ? allowedByResource(granted) : denied(situation, limit);
  }
  if (required && granted === undefined) return denied(situation, "resource");
  return deniedInAccount(situation);
}

/** Whether a layer does not allow what it had to. A boundary or session policy that is not there does not have to. */
function isLacking(layers: Layers, layer: PolicyLayer): boolean {
  const trace = layers.get(layer);
  return trace !== undefined && trace.verdict !== "allowed";
}

function allowedByIdentity(layers: Layers): Outcome {
  return {
    verdict: "allowed",
    deciding: decidingIn("identity", layers.get("identity")?.statements ?? [], "Allow"),
  };
}

function allowedByResource({ trace }: Granted): Outcome {
  return { verdict: "allowed", deciding: decidingIn("resource", [trace], "Allow") };
}

function denied({ layers }: Situation, layer: PolicyLayer): Outcome {
  return { verdict: "implicitly-denied", deciding: closestIn(layer, layers.get(layer)?.statements ?? []) };
}

/** Neither the identity's nor the resource's policy allows: the closer one tells more. */
function deniedInAccount(situation: Situation): Outcome {
  const own = denied(situation, "identity");
  if (situation.granted?.grant === "account") {
    const note = "the resource policy leaves it to the account's own policies";
    return { ...own, deciding: { ...own.deciding, note } };
  }
  const other = denied(situation, "resource");
  return isCloser(other.deciding, own.deciding) ? other : own;
}

function isCloser(a: Deciding, b: Deciding): boolean {
  if (a.statement === undefined) return false;
  return b.statement === undefined || compareCloseness(a.statement, b.statement) < 0;
}
