import type { Context } from "./context";
import { type Check, newCheck, type PolicyLayer, type StatementTrace } from "./explanation";
import type { CompiledPatterns, CompiledPolicy, CompiledStatement } from "./policy";
import type { Grant, Identity } from "./principals";

/** A request, made ready to be put to every statement. */
export interface Question {
  readonly identity: Identity;
  readonly action: string;
  /** Absent where the policy is the role's own trust policy. */
  readonly resource?: string;
  readonly context: Context;
  /** AWS: a `Deny` with `NotPrincipal` always hits who has a permissions boundary. */
  readonly hasBoundary: boolean;
  /** Principal, action and resource as explanations show them. */
  readonly shown: Readonly<Record<"principal" | "action" | "resource", readonly string[]>>;
}

/** A statement's trace, and how it covers who asks where it is an `Allow` that names them. */
export interface StatementAnswer {
  readonly trace: StatementTrace;
  readonly grant?: Grant;
}

/** Puts a request to each statement of the policies of one layer. Nothing is skipped: the trace tells all. */
export function askPolicies(
  layer: PolicyLayer,
  policies: readonly CompiledPolicy[],
  question: Question,
): StatementAnswer[] {
  return policies.flatMap((policy) =>
    policy.statements.map((statement) => askStatement(layer, policy.name, statement, question)),
  );
}

function askStatement(
  layer: PolicyLayer,
  policy: string,
  statement: CompiledStatement,
  question: Question,
): StatementAnswer {
  const { index, sid, effect, principal, action, resource, conditions } = statement;
  const checks: Check[] = [];
  let grant: Grant | undefined;
  if (principal !== undefined) {
    const covered = principal.grant(question.identity);
    grant = covered?.grant;
    checks.push(checkPrincipal(principal, covered?.by, question));
  }
  checks.push(checkPatterns(action, question.action, question.shown.action, question));
  if (resource !== undefined) {
    checks.push(checkPatterns(resource, question.resource ?? "", question.shown.resource, question));
  }
  for (const condition of conditions) checks.push(condition.check(question.context));

  const matched = checks.every((check) => check.matched);
  const trace: StatementTrace =
    sid === undefined
      ? { layer, policy, index, effect, matched, checks }
      : { layer, policy, index, sid, effect, matched, checks };
  return grant === undefined ? { trace } : { trace, grant };
}

function checkPrincipal(
  principal: NonNullable<CompiledStatement["principal"]>,
  by: string | undefined,
  { identity, hasBoundary, shown }: Question,
): Check {
  const { element, expected } = principal;
  const check = (matched: boolean, more: Pick<Check, "by" | "note"> = {}) =>
    newCheck({ element, operator: element, expected, actual: shown.principal, matched }, more);
  if (element === "Principal") return check(by !== undefined, { by });
  if (principal.exempts(identity) && !hasBoundary) return check(false);
  // Listed, and yet denied: AWS's two surprises with NotPrincipal.
  if (by === undefined) return check(true);
  const note = hasBoundary
    ? "never exempts who has a boundary"
    : "exempts only role and account listed together";
  return check(true, { note });
}

function checkPatterns(
  { element, negated, expected, matchers }: CompiledPatterns,
  value: string,
  actual: readonly string[],
  { context }: Question,
): Check {
  const by = expected[matchers.findIndex((matcher) => matcher(value, context))];
  return newCheck(
    { element, operator: element, expected, actual, matched: (by !== undefined) !== negated },
    { by },
  );
}
