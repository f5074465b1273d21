import type { Claims } from "../claims";
import { type Check, commonPrefix, type Decision } from "../evaluate/explanation";
import { matchesTokens, patternTokens } from "../evaluate/patterns";
import { trustsAnIssuer } from "../lint/statements";
import { isGithubIssuer } from "../providers";
import { escSubjectCause, githubSubjectCause } from "./subject-causes";

/** Codes of the classic mistakes. Stable: tools may rely on them. */
export type CauseCode =
  | "no-provider"
  | "signature"
  | "expired"
  | "audience"
  | "duration"
  | "explicit-deny"
  | "not-granted"
  | "other-issuer"
  | "wrong-action"
  | "no-statement"
  | "key-prefix"
  | "claim-not-offered"
  | "claim-absent"
  | "policy-variable"
  | "whitespace"
  | "case"
  | "pattern-under-equals"
  | "job-context"
  | "subject-form"
  | "other-repository"
  | "recycled-name"
  | "other-workflow"
  | "colon"
  | "anonymous-environment"
  | "subject-attributes"
  | "other-organization"
  | "other-environment"
  | "other-revision"
  | "issuer-version"
  | "value";

/** The likely reason of a refusal, and what mends it. */
export interface Cause {
  readonly code: CauseCode;
  readonly text: string;
  readonly fix: string;
}

export interface CauseArgs {
  readonly decision: Decision;
  readonly claims: Claims;
  readonly trustPolicy: unknown;
}

/** The likeliest of the classic causes why a trust policy refused a token. */
export function causeOf({ decision, claims, trustPolicy }: CauseArgs): Cause {
  const { statement, check } = decision.deciding;
  if (decision.verdict === "explicitly-denied") {
    return {
      code: "explicit-deny",
      text: `the Deny ${statement?.sid ?? `Statement[${statement?.index}]`} matches this token`,
      fix: "a Deny wins over every Allow: take this token out of it, or use another role",
    };
  }
  if (statement === undefined || check === undefined) {
    return {
      code: "no-statement",
      text: "the trust policy allows nobody",
      fix: "add a statement for this issuer: githubTrustPolicy() or escTrustPolicy()",
    };
  }
  if (check.element === "Principal") return principalCause(check, trustsAnIssuer(trustPolicy));
  if (check.element === "Action") {
    return {
      code: "wrong-action",
      text: `the statement allows ${check.expected.join(", ")}, but a token is presented with sts:AssumeRoleWithWebIdentity`,
      fix: "write Action: sts:AssumeRoleWithWebIdentity",
    };
  }
  return conditionCause(check, claims);
}

function principalCause({ expected, actual }: Check, takesTokens: boolean): Cause {
  const versions =
    [...expected, ...actual].some((arn) => arn.endsWith("/oidc/v2")) &&
    [...expected, ...actual].some((arn) => arn.endsWith("/oidc"));
  if (versions) {
    return {
      code: "issuer-version",
      text: "the role trusts another version of Pulumi's issuer than the token is of",
      fix: "aws-login presents tokens of /oidc, fn::open::oidc those of /oidc/v2: trust the provider of the one in use",
    };
  }
  return {
    code: "other-issuer",
    text: takesTokens
      ? "the role trusts the provider of another issuer"
      : "the role trusts no issuer of tokens at all",
    fix: "use the role that is for this issuer, or name this provider's ARN under Principal.Federated",
  };
}

function conditionCause(check: Check, claims: Claims): Cause {
  const { key = "", expected, actual, note, operator } = check;
  const prefix = key.slice(0, key.lastIndexOf(":"));
  const claim = key.slice(key.lastIndexOf(":") + 1);
  if (note?.startsWith("the request has no single value")) {
    return {
      code: "policy-variable",
      text: `the policy compares with a variable that has no value here: ${note}`,
      fix: "use a key that every such request has, or give the variable a default: ${key, 'default'}",
    };
  }
  if (actual.length === 0) return absentCause({ key, prefix, claim, note, claims });
  const [value = ""] = actual;
  const wanted = closestTo(expected, value);
  return (
    spellingCause(operator, wanted, value, expected) ??
    (claim === "aud" ? audienceCause(prefix, wanted, value) : undefined) ??
    (claim === "sub" && isGithubIssuer(prefix) ? githubSubjectCause(expected, value) : undefined) ??
    (claim === "sub" && value.startsWith("pulumi:") ? escSubjectCause(wanted, value) : undefined) ??
    (/^repository(?:_owner)?_id$/.test(claim) ? recycledName(claim) : undefined) ??
    (claim === "job_workflow_ref" ? workflowCause(expected, value) : undefined) ?? {
      code: "value",
      text: `${claim} is "${value}", not "${wanted}"`,
      fix: "correct the side that is wrong: the policy, or what asks for the token",
    }
  );
}

interface AbsentKey {
  readonly key: string;
  readonly prefix: string;
  readonly claim: string;
  readonly note: string | undefined;
  readonly claims: Claims;
}

function absentCause({ key, prefix, claim, note, claims }: AbsentKey): Cause {
  const issuer = String(claims.iss ?? "").replace(/^https:\/\//, "");
  if (note !== undefined) {
    return {
      code: "claim-not-offered",
      text: `the token has ${claim}, but AWS offers no condition key for it, so the condition never matches`,
      fix: "use a claim of AWS's list, or put this one into the subject template of the repository",
    };
  }
  if (prefix.toLowerCase() !== issuer.toLowerCase()) {
    return {
      code: "key-prefix",
      text: `${key} is no key of the token's issuer: its keys begin with ${issuer}:`,
      fix: `write ${issuer}:${claim}, which is the provider's URL without https://`,
    };
  }
  return {
    code: "claim-absent",
    text: `the token has no ${claim}`,
    fix:
      claim === "environment"
        ? "give the job an environment:"
        : "take the condition out, or ask the issuer for the claim",
  };
}

function spellingCause(
  operator: string,
  wanted: string,
  value: string,
  expected: readonly string[],
): Cause | undefined {
  if (expected.some((one) => one !== value && one.trim() === value.trim())) {
    return {
      code: "whitespace",
      text: "the values differ in spaces around them only",
      fix: "take the spaces out of the policy: JSON in YAML or a template often brings some along",
    };
  }
  if (wanted.toLowerCase() === value.toLowerCase()) {
    return {
      code: "case",
      text: "the values differ in case only",
      fix: `write it as the token does: ${value}`,
    };
  }
  if (
    /^StringEquals/.test(operator) &&
    expected.some((one) => /[*?]/.test(one) && matchesTokens(patternTokens(one), value))
  ) {
    return {
      code: "pattern-under-equals",
      text: `under ${operator} a * or ? stands for itself`,
      fix: "list the exact values; or StringLike, if every value that the pattern matches may get in",
    };
  }
  const decoded = expected.find((one) => one.replaceAll("%3A", ":") === value.replaceAll("%3A", ":"));
  return decoded === undefined
    ? undefined
    : {
        code: "colon",
        text: "a colon inside a name is %3A in the subject",
        fix: `write it as the token does: ${value}`,
      };
}

function audienceCause(prefix: string, wanted: string, value: string): Cause {
  const fix = isGithubIssuer(prefix)
    ? `let the job ask for ${wanted} (audience of configure-aws-credentials); without asking, GitHub gives the owner's URL`
    : "trust aws:ORG, and the bare ORG only for environments of the legacy project default";
  return {
    code: "audience",
    text: `the token was made for ${value}, the role takes those for ${wanted}`,
    fix,
  };
}

function recycledName(claim: string): Cause {
  return {
    code: "recycled-name",
    text: `${claim} is another's: a repository that has the name now, but is not the one that was trusted`,
    fix: "if the repository was created anew on purpose, put its new ids into the policy",
  };
}

/** A job is written in one file of one branch; for a reusable workflow, that is not the one that calls it. */
function workflowCause(expected: readonly string[], value: string): Cause {
  const file = (ref: string) => ref.replace(/@.*$/, "");
  const sameFile = expected.find((ref) => file(ref) === file(value));
  const at = (ref: string) => ref.replace(/^.*@(?:refs\/heads\/)?/, "");
  return {
    code: "other-workflow",
    text:
      sameFile === undefined
        ? `the job is written in ${file(value)}, the role trusts jobs of ${expected.map(file).join(" or ")}`
        : `the job is written in the file as ${at(value)} has it, the role trusts it as of ${at(sameFile)}`,
    fix: `run it from there, or trust ${value} (GithubDeploy: jobWorkflowRefs)`,
  };
}

/** The one that shares most of its beginning with the value. */
export function closestTo(expected: readonly string[], value: string): string {
  return expected.reduce(
    (best, one) => (commonPrefix(one, value) > commonPrefix(best, value) ? one : best),
    expected[0] ?? "",
  );
}
