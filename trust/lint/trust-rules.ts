import { GITHUB_CLAIM_KEYS } from "../claim-keys";
import { claimKeys } from "../claims";
import { type Finding, newFinding } from "./finding";
import type { TrustInput, TrustRole } from "./input";
import { canWrite, isAdministrator } from "./permissions";
import type { RuleId, Severity } from "./rules";
import {
  type ClaimCondition,
  issuerOf,
  isWild,
  keyPrefixOf,
  narrows,
  readTrustStatements,
  type TrustStatement,
} from "./statements";
import { escSubjectRisks, githubSubjectRisks, type SubjectRisk } from "./subject-risks";

/** What one statement of one role's trust policy is judged with. */
interface Subject {
  readonly role: TrustRole;
  readonly statement: TrustStatement;
  readonly organization: string | undefined;
  /** URLs of the statement's providers without scheme. */
  readonly prefixes: readonly string[];
  readonly report: (rule: RuleId, message: string, more?: { path?: string; severity?: Severity }) => void;
}

type Check = (subject: Subject) => void;

/** The rules that look at a role's trust policy, and at what it lets happen with its permissions. */
export function lintRoleTrust(
  role: TrustRole,
  { organization }: Pick<TrustInput, "organization">,
): Finding[] {
  const findings: Finding[] = [];
  for (const statement of readTrustStatements(role.trustPolicy)) {
    const prefixes = statement.principals.Federated.map(keyPrefixOf).filter((prefix) => prefix !== "");
    const report: Subject["report"] = (rule, message, { path = statement.path, severity } = {}) =>
      findings.push(newFinding(rule, { place: role.place, on: role.name, path, message, severity }));
    const subject = { role, statement, organization, prefixes, report };
    checkAction(subject);
    const isLogin =
      statement.principals.Federated.length > 0 || (statement.everyone && statement.conditions.length > 0);
    if (isLogin) for (const check of CHECKS) check(subject);
  }
  return findings;
}

/** The claim that says whose token it is, by shared issuer. */
const TENANCY: readonly (readonly [RegExp, string])[] = [
  [/^token\.actions\./i, "sub"],
  [/^gitlab\.com$/i, "sub"],
  [/^app\.terraform\.io$/i, "sub"],
  [/^api\.pulumi\.com\/oidc\/v2$/i, "sub"],
  [/^api\.pulumi\.com\/oidc$/i, "aud"],
];

const checkTenancy: Check = ({ statement, prefixes, report }) => {
  for (const prefix of prefixes) {
    const claim = TENANCY.find(([issuer]) => issuer.test(prefix))?.[1];
    // A provider of one enterprise, with its slug, is nobody else's.
    if (claim === undefined || /^token\.actions\.githubusercontent\.com\//i.test(prefix)) continue;
    const conditions = statement.conditions.filter(
      (condition) =>
        condition.prefix.toLowerCase() === prefix.toLowerCase() &&
        condition.claim === claim &&
        narrows(condition),
    );
    const open = conditions.find((condition) =>
      condition.values.some((value) => isWild(condition, value) && /^[*?]+$/.test(value)),
    );
    if (conditions.length === 0)
      report("T01", `trusts ${prefix}, which everyone shares, without a condition on ${claim}`);
    else if (open !== undefined) report("T01", `${claim} may be anything`, { path: open.path });
  }
};

const checkGithubSubjects: Check = (subject) => {
  const { statement, report } = subject;
  for (const condition of claims(statement, "github", "sub")) {
    for (const value of condition.values) {
      reportRisks(githubSubjectRisks(value, isWild(condition, value)), condition, report);
    }
    const byIds = condition.values.every((value) => /^repo:[^/:]*@\d+\/[^:]*@\d+(?::|$)/.test(value));
    const hasBoth = condition.values.some((value) => value.includes("@"));
    const pinned =
      claims(statement, "github", "repository_id").length > 0 ||
      condition.values.every((value) => value.startsWith("repository_id:"));
    // A pattern with a wildcard in it is another rule's; patterns after the repository are by name as well.
    const complete = condition.values.every((value) =>
      /^repo:[\w-]+(?:@\d+)?\/[\w.-]+(?:@\d+)?(?::|$)/.test(value),
    );
    if (!byIds && !hasBoth && !pinned && complete)
      report("T12", "names the repository, but neither its ids nor repository_id", { path: condition.path });
  }
};

const checkEscSubjects: Check = ({ statement, prefixes, report }) => {
  if (!prefixes.some((prefix) => issuerOf(prefix) === "esc")) return;
  const conditions = claims(statement, "esc", "sub");
  if (conditions.length === 0)
    report("T08", "names no subject: every environment of the organization gets in");
  for (const condition of conditions) {
    for (const value of condition.values)
      reportRisks(escSubjectRisks(value, isWild(condition, value)), condition, report);
  }
};

function reportRisks(
  risks: readonly SubjectRisk[],
  condition: ClaimCondition,
  report: Subject["report"],
): void {
  for (const [rule, message] of risks) report(rule, message, { path: condition.path });
}

const checkAudience: Check = ({ statement, prefixes, organization, report }) => {
  for (const prefix of prefixes) {
    const issuer = issuerOf(prefix);
    if (issuer === "other") continue;
    const conditions = statement.conditions.filter(
      (condition) => condition.claim === "aud" && narrows(condition),
    );
    if (conditions.length === 0) report("T04", "names no audience");
    for (const condition of conditions) {
      for (const value of condition.values) {
        const problem = isWild(condition, value)
          ? `${value} is a pattern`
          : wrongAudience(issuer, value, statement, organization);
        if (problem !== undefined) report("T04", `audience: ${problem}`, { path: condition.path });
      }
    }
  }
};

function wrongAudience(
  issuer: "github" | "esc" | "esc-v2",
  value: string,
  statement: TrustStatement,
  organization: string | undefined,
): string | undefined {
  if (issuer === "github") {
    return /^sts\.amazonaws\.com(?:\.cn)?$/.test(value)
      ? undefined
      : `${value} is not what configure-aws-credentials asks for`;
  }
  if (issuer === "esc-v2") return undefined;
  const legacy = claims(statement, "esc", "sub").some(({ values }) => values.some(isLegacyEscSubject));
  const org = value.startsWith("aws:") ? value.slice("aws:".length) : legacy ? value : undefined;
  if (org === undefined || org === "") return `${value} is not aws:ORG`;
  return organization !== undefined && org !== organization
    ? `${value} is not of ${organization}`
    : undefined;
}

/** The environment has no project in front. */
export function isLegacyEscSubject(value: string): boolean {
  return /(?::env|:(?:current|root)Environment\.name):(?!<yaml>)[^/:*?]+(?::|$)/.test(value);
}

const checkLegacyProject: Check = ({ statement, report }) => {
  const condition = claims(statement, "esc", "sub").find(({ values }) => values.some(isLegacyEscSubject));
  if (condition !== undefined)
    report("T10", "trusts an environment of the project default", { path: condition.path });
};

const checkOperators: Check = ({ statement, report }) => {
  for (const { operator, path, key } of statement.conditions) {
    if (operator.startsWith("ForAllValues:"))
      report("T05", `ForAllValues: on ${key} holds when the claim is absent`, { path });
    if (operator.endsWith("IfExists"))
      report("T05", `${operator} on ${key} holds when the claim is absent`, { path });
  }
};

const checkKeys: Check = ({ statement, prefixes, report }) => {
  for (const { key, prefix, claim, path } of statement.conditions) {
    const known = prefixes.length === 0 || prefixes.some((own) => own.toLowerCase() === prefix.toLowerCase());
    if (!known) {
      report("T06", `${key} is no key of the provider ${prefixes.join(", ")}`, { path });
      continue;
    }
    if (issuerOf(prefix) === "other") continue;
    const offered = GITHUB_CLAIM_KEYS.find((one) => one.claim === claim)?.offered;
    if (!claimKeys(prefix).includes(claim)) {
      report("T07", `AWS offers no key for the claim ${claim} of ${prefix}`, { path });
    } else if (issuerOf(prefix) === "github" && offered === "disputed") {
      report("T07", `whether AWS offers a key for ${claim} is disputed: try it before relying on it`, {
        path,
        severity: "warning",
      });
    }
  }
};

const checkWrites: Check = ({ role, statement, report }) => {
  if (!canWrite(role)) return;
  for (const condition of claims(statement, "github", "sub")) {
    const open = condition.values.find((value) =>
      /(?::pull_request|:ref:refs\/(?:heads\/)?\*|:ref:\*|^repo:[^:*]+:\*)$/.test(value),
    );
    if (open !== undefined) report("T13", `${open} gets a role that can write`, { path: condition.path });
  }
};

const checkPersons: Check = ({ statement, report }) => {
  for (const { claim, path } of statement.conditions) {
    const bySubject = claims(statement, "github", "sub").some(({ values }) =>
      values.every((value) => /^repo:[\w@-]+\/[\w.@-]+:/.test(value)),
    );
    if ((claim === "actor" || claim === "actor_id") && !bySubject)
      report("T14", `only ${claim} narrows who gets in`, { path });
    if (claim === "workflow" && claims(statement, "github", "job_workflow_ref").length === 0) {
      report("T15", "workflow is the name that the file gives itself", { path });
    }
  }
};

const checkWeakest: Check = ({ statement, report }) => {
  for (const condition of statement.conditions) {
    const weak = condition.values.find((value) => isWild(condition, value));
    if (condition.values.length > 1 && weak !== undefined) {
      report("T17", `of ${condition.values.length} values the weakest decides: ${weak}`, {
        path: condition.path,
      });
    }
  }
};

const checkAdministrator: Check = ({ role, report }) => {
  if (isAdministrator(role)) report("T20", "whoever is let in is an administrator of the account");
};

function checkAction({ statement, report }: Subject): void {
  const { everyone, principals, actions, path } = statement;
  if (everyone) report("T16", "the principal is everyone", { path: `${path}.Principal` });
  const byToken = actions.some((action) => /^sts:AssumeRoleWithWebIdentity$/i.test(action));
  if (principals.Federated.length > 0 && !byToken) {
    report("T16", `${actions.join(", ") || "no action"} is not how a token is presented`, {
      path: `${path}.Action`,
    });
  } else if (
    principals.Federated.length > 0 &&
    actions.some((action) => /^sts:AssumeRole$|\*/i.test(action))
  ) {
    report("T16", "allows more than presenting a token", { path: `${path}.Action` });
  }
}

const CHECKS: readonly Check[] = [
  checkTenancy,
  checkGithubSubjects,
  checkEscSubjects,
  checkAudience,
  checkLegacyProject,
  checkOperators,
  checkKeys,
  checkWrites,
  checkPersons,
  checkWeakest,
  checkAdministrator,
];

/** The conditions on a claim of an issuer that name values. */
function claims(
  statement: TrustStatement,
  issuer: ReturnType<typeof issuerOf>,
  claim: string,
): ClaimCondition[] {
  return statement.conditions.filter(
    (condition) => condition.claim === claim && issuerOf(condition.prefix) === issuer && narrows(condition),
  );
}
