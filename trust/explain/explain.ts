import type { Claims } from "../claims";
import { TrustError } from "../errors";
import { withoutTokens } from "../evaluate/context";
import type { Check, Deciding, Decision } from "../evaluate/explanation";
import type { PolicyInput } from "../evaluate/policy";
import { evaluateTrustPolicy } from "../evaluate/trust-policy";
import type { TrustProvider, TrustRole } from "../lint/input";
import { mayDo } from "../lint/permissions";
import { keyPrefixOf, readTrustStatements } from "../lint/statements";
import { type Cause, causeOf } from "./causes";

export interface ExplainTrustArgs {
  readonly role: TrustRole;
  /** The account's IAM OIDC providers. Unknown ones are taken for registered, with every audience. */
  readonly providers?: readonly TrustProvider[];
  /** The token's payload. Only what decides is repeated, and never the token. */
  readonly claims: Claims;
  /** Whether somebody has checked the signature with the issuer's keys. @default "unchecked" */
  readonly signature?: "valid" | "invalid" | "unchecked";
  /** Seconds since 1970. Without it the token's times are not judged. */
  readonly now?: number;
  /** What the caller asks for. @default the role's own hour, which is always given */
  readonly durationSeconds?: number;
  /** What the session is then used for. */
  readonly access?: { readonly action: string; readonly resource: string };
}

/** Why a role lets a token in, or does not. Plain data without any token. */
export interface TrustExplanation {
  readonly allowed: boolean;
  readonly role: string;
  /** Where it was decided; AWS tells its callers none of these apart. */
  readonly decidedBy: "token" | "provider" | "trust policy" | "session" | "permissions";
  /** The statement that decided or, for a refusal, came closest. */
  readonly statement?: string;
  /** The operator, or the element of the statement. */
  readonly operator?: string;
  readonly key?: string;
  readonly expected: readonly string[];
  readonly actual: readonly string[];
  /** The likely cause among the classic ones. Absent when allowed. */
  readonly cause?: Cause;
  /** What could not be judged, for people. */
  readonly notes: readonly string[];
  /** The evaluator's own answer, where it came to policies. */
  readonly decision?: Decision;
}

/** STS takes a token that long after its end, for clocks that differ. */
const LEEWAY_SECONDS = 300;

/**
 * Goes the way that STS goes, and stops where it would refuse: issuer, signature, times, audience, trust policy,
 * session length; then, where asked, what the session may do.
 *
 * @throws TrustError for a policy that cannot be judged, see `TrustErrorCode`
 */
export function explainTrust(args: ExplainTrustArgs): TrustExplanation {
  const { role, claims, signature = "unchecked" } = args;
  const notes = signature === "unchecked" ? ["the signature was not checked"] : [];
  return (
    explainToken(args, notes) ??
    explainTrustPolicy(args, notes) ??
    explainDuration(args, notes) ??
    explainAccess(args, notes) ?? {
      ...allowedBy(role, trustDecision(args), "trust policy", notes),
      role: role.name,
      ...(typeof claims.sub === "string" && { actual: [withoutTokens(claims.sub)] }),
    }
  );
}

function explainToken(args: ExplainTrustArgs, notes: readonly string[]): TrustExplanation | undefined {
  const { role, claims, providers = [], signature, now } = args;
  const issuer = String(claims.iss ?? "");
  const provider = providers.find(({ url }) => url === issuer);
  const refuse = (decidedBy: "token" | "provider", rest: Refused) => refused(role, decidedBy, rest, notes);
  if (providers.length > 0 && provider === undefined) {
    return refuse("provider", {
      operator: "issuer",
      expected: providers.map(({ url }) => url),
      actual: [issuer],
      cause: {
        code: "no-provider",
        text: "the account has no IAM OIDC provider for the token's issuer",
        fix: `create the provider for ${issuer || "the issuer"} (components: OidcProvider), slug and path included`,
      },
    });
  }
  if (signature === "invalid") {
    return refuse("token", {
      operator: "signature",
      expected: ["a key that the issuer publishes"],
      actual: ["another key"],
      cause: {
        code: "signature",
        text: "the issuer's keys did not sign this token",
        fix: "ask the issuer for a new token; if it persists, somebody else made it",
      },
    });
  }
  const expiry = Number(claims.exp);
  if (now !== undefined && expiry + LEEWAY_SECONDS <= now) {
    return refuse("token", {
      operator: "exp",
      expected: [`after ${new Date(now * 1000).toISOString()}`],
      actual: [new Date(expiry * 1000).toISOString()],
      cause: {
        code: "expired",
        text: "the token expired before it was presented",
        fix: "ask for the token in the step that uses it: GitHub's live for some minutes",
      },
    });
  }
  const audience = typeof claims.azp === "string" ? claims.azp : [claims.aud].flat()[0];
  if (
    provider !== undefined &&
    provider.audiences.length > 0 &&
    !provider.audiences.includes(String(audience))
  ) {
    return refuse("provider", {
      operator: "aud",
      key: `${issuer.replace(/^https:\/\//, "")}:aud`,
      expected: provider.audiences,
      actual: [withoutTokens(String(audience))],
      cause: {
        code: "audience",
        text: "the token's audience is none of those registered with the account's OIDC provider",
        fix: `ask for ${provider.audiences.join(" or ")}, or add this audience to the provider and to the trust policy`,
      },
    });
  }
  return undefined;
}

function explainTrustPolicy(args: ExplainTrustArgs, notes: readonly string[]): TrustExplanation | undefined {
  const decision = trustDecision(args);
  if (decision.allowed) return undefined;
  const cause = causeOf({ decision, claims: args.claims, trustPolicy: args.role.trustPolicy });
  return refused(args.role, "trust policy", { ...deciding(decision), cause, decision }, notes);
}

function trustDecision({ role, claims, providers = [] }: ExplainTrustArgs): Decision {
  return evaluateTrustPolicy({
    policy: role.trustPolicy as PolicyInput,
    providerArn: providerArnOf(role, claims, providers),
    claims,
  });
}

/** The provider that STS takes: the account's one for the token's issuer. */
function providerArnOf(role: TrustRole, claims: Claims, providers: readonly TrustProvider[]): string {
  const issuer = String(claims.iss ?? "");
  const known = providers.find(({ url }) => url === issuer)?.arn;
  if (known !== undefined) return known;
  const named = readTrustStatements(role.trustPolicy).flatMap(({ principals }) => principals.Federated);
  const own = named.find((arn) => `https://${keyPrefixOf(arn)}` === issuer);
  if (own !== undefined) return own;
  const account = (role.arn ?? named[0] ?? "").split(":");
  if (!issuer.startsWith("https://")) {
    throw new TrustError("ERR_TRUST_CLAIM", "claim iss", "expected the issuer's https:// URL");
  }
  return `arn:${account[1] || "aws"}:iam::${account[4] || "000000000000"}:oidc-provider/${issuer.slice("https://".length)}`;
}

function explainDuration(args: ExplainTrustArgs, notes: readonly string[]): TrustExplanation | undefined {
  const { role, durationSeconds } = args;
  const most = role.maxSessionSeconds;
  if (durationSeconds === undefined || most === undefined || durationSeconds <= most) return undefined;
  const rest: Refused = {
    operator: "MaxSessionDuration",
    expected: [`at most ${most} seconds`],
    actual: [`${durationSeconds} seconds`],
    cause: {
      code: "duration",
      text: "the session asked for is longer than the role gives",
      fix: `set duration of aws-login (role-duration-seconds) to at most ${most}, or raise the role's maxSessionDuration`,
    },
  };
  return refused(role, "session", rest, notes);
}

function explainAccess(args: ExplainTrustArgs, notes: readonly string[]): TrustExplanation | undefined {
  const { role, access } = args;
  if (access === undefined) return undefined;
  const decision = mayDo(role, access.action, access.resource);
  if (decision === undefined)
    throw new TrustError("ERR_TRUST_POLICY_MALFORMED", role.name, "its permissions cannot be judged");
  const more = [...notes, "the policy of the resource itself was not looked at"];
  if (decision.allowed) return allowedBy(role, decision, "permissions", more);
  const explicit = decision.verdict === "explicitly-denied";
  const cause: Cause = explicit
    ? {
        code: "explicit-deny",
        text: "a Deny of the role's own policies forbids it whatever else allows it",
        fix: "use a role that is meant to do this",
      }
    : {
        code: "not-granted",
        text: `no statement of the role's policies allows ${access.action} on it`,
        fix: "name it among the role's resources, if the role is meant to reach it",
      };
  return refused(role, "permissions", { ...deciding(decision), cause, decision }, more);
}

type Refused = Omit<TrustExplanation, "allowed" | "role" | "decidedBy" | "notes"> & { readonly cause: Cause };

function refused(
  role: TrustRole,
  decidedBy: TrustExplanation["decidedBy"],
  rest: Refused,
  notes: readonly string[],
): TrustExplanation {
  return { allowed: false, role: role.name, decidedBy, ...rest, notes };
}

function allowedBy(
  role: TrustRole,
  decision: Decision,
  decidedBy: TrustExplanation["decidedBy"],
  notes: readonly string[],
): TrustExplanation {
  return { allowed: true, role: role.name, decidedBy, ...deciding(decision), notes, decision };
}

function deciding({
  deciding,
}: Decision): Pick<TrustExplanation, "statement" | "operator" | "key" | "expected" | "actual"> {
  const { statement, check } = deciding;
  return {
    ...(statement && { statement: nameOf(statement) }),
    ...(check && { operator: check.operator, ...(check.key !== undefined && { key: check.key }) }),
    expected: expectedOf(check),
    actual: check?.actual ?? [],
  };
}

function expectedOf(check: Check | undefined): readonly string[] {
  return check?.expected ?? [];
}

function nameOf({ sid, index }: NonNullable<Deciding["statement"]>): string {
  return sid ?? `Statement[${index}]`;
}
