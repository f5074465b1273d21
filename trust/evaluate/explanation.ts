/** The outcome in AWS's terms: `denied` is implicit where nothing allows, explicit where a `Deny` matches. */
export type Verdict = "allowed" | "implicitly-denied" | "explicitly-denied";

/** Which of the policies that bear on a request a statement stands in. */
export type PolicyLayer = "trust" | "identity" | "resource" | "boundary" | "session";

/** One comparison of a statement: an element against the request, or one operator and key of its `Condition`. */
export interface Check {
  readonly element:
    | "Principal"
    | "NotPrincipal"
    | "Action"
    | "NotAction"
    | "Resource"
    | "NotResource"
    | "Condition";
  /** The condition operator as the policy writes it; for other elements the element's name. */
  readonly operator: string;
  /** The condition key as the policy writes it. */
  readonly key?: string;
  /** The policy's values, one of which is enough (for `Not` forms: none of which may match). */
  readonly expected: readonly string[];
  /** The request's values; empty when it has none. */
  readonly actual: readonly string[];
  readonly matched: boolean;
  /** Which of `expected` was met, where one was. */
  readonly by?: string;
  /** What the values alone do not say, in a few words. */
  readonly note?: string;
}

/** A check, of a condition unless said otherwise; it has only the optional fields that say something. */
export function newCheck(
  facts: Omit<Check, "element" | "by" | "note"> & { readonly element?: Check["element"] },
  more: Pick<Check, "by" | "note"> = {},
): Check {
  // Field by field: this is the evaluator's innermost allocation, and spreading doubles its cost.
  const check: { -readonly [field in keyof Check]: Check[field] } = {
    element: facts.element ?? "Condition",
    operator: facts.operator,
    expected: facts.expected,
    actual: facts.actual,
    matched: facts.matched,
  };
  if (facts.key !== undefined) check.key = facts.key;
  if (more.by !== undefined) check.by = more.by;
  if (more.note !== undefined) check.note = more.note;
  return check;
}

/** What became of one statement. It matched when every check did. */
export interface StatementTrace {
  readonly layer: PolicyLayer;
  /** The policy's name. */
  readonly policy: string;
  /** Place in the policy's `Statement`, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly matched: boolean;
  readonly checks: readonly Check[];
}

/** What one kind of policy says by itself, all of its policies together. */
export interface LayerTrace {
  readonly layer: PolicyLayer;
  readonly verdict: Verdict;
  readonly statements: readonly StatementTrace[];
}

/** What the decision turned on. */
export interface Deciding {
  /** The layer that allowed, denied, or did not allow what it had to. */
  readonly layer: PolicyLayer;
  /**
   * The statement that allowed or denied; for an implicit denial the `Allow` statement that came closest, absent
   * when the layer has none.
   */
  readonly statement?: StatementTrace;
  /** For an implicit denial the first check that failed in it; otherwise its most specific one. */
  readonly check?: Check;
  readonly note?: string;
}

/** An answer with its reasons. Plain data: it can be compared, stored and printed, and it holds no token. */
export interface Decision {
  readonly allowed: boolean;
  readonly verdict: Verdict;
  readonly request: { readonly principal: string; readonly action: string; readonly resource?: string };
  readonly deciding: Deciding;
  /** Every policy that was looked at, statement by statement. */
  readonly layers: readonly LayerTrace[];
}

/** What the policies of one layer say by themselves: a matching `Deny` wins, a matching `Allow` is needed. */
export function layerVerdict(statements: readonly StatementTrace[]): Verdict {
  let verdict: Verdict = "implicitly-denied";
  for (const { matched, effect } of statements) {
    if (!matched) continue;
    if (effect === "Deny") return "explicitly-denied";
    verdict = "allowed";
  }
  return verdict;
}

/** The statement that made the layer's verdict, as `Deciding`. */
export function decidingIn(
  layer: PolicyLayer,
  statements: readonly StatementTrace[],
  effect: "Allow" | "Deny",
): Deciding {
  const statement = statements.find((candidate) => candidate.matched && candidate.effect === effect);
  return statement === undefined ? { layer } : { layer, statement, check: mostSpecific(statement.checks) };
}

/** The `Allow` statement that came closest to matching, and what failed first in it. */
export function closestIn(layer: PolicyLayer, statements: readonly StatementTrace[]): Deciding {
  let closest: StatementTrace | undefined;
  for (const statement of statements) {
    if (statement.matched || statement.effect !== "Allow") continue;
    if (closest === undefined || compareCloseness(statement, closest) < 0) closest = statement;
  }
  if (closest === undefined) return { layer };
  return { layer, statement: closest, check: closest.checks.find(({ matched }) => !matched) };
}

/**
 * Negative when `a` is the closer one. A wrong principal, action or resource weighs more than any number of failed
 * conditions; then fewer failures; then how far the failing values agree with what was wanted.
 */
export function compareCloseness(a: StatementTrace, b: StatementTrace): number {
  return distance(a) - distance(b) || agreement(b) - agreement(a);
}

const WEIGHT: Readonly<Record<Check["element"], number>> = {
  Principal: 10_000,
  NotPrincipal: 10_000,
  Action: 10_000,
  NotAction: 10_000,
  Resource: 9_000,
  NotResource: 9_000,
  Condition: 1,
};

function distance({ checks }: StatementTrace): number {
  let sum = 0;
  for (const { matched, element } of checks) if (!matched) sum += WEIGHT[element];
  return sum;
}

function agreement({ checks }: StatementTrace): number {
  let sum = 0;
  for (const check of checks) {
    if (!check.matched)
      sum += Math.max(0, ...check.expected.map((value) => commonPrefix(value, check.actual[0] ?? "")));
  }
  return sum;
}

/** How many characters two strings share from the start. */
export function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** A condition says more than an element, a long value more than a short one. */
function mostSpecific(checks: readonly Check[]): Check | undefined {
  let best: Check | undefined;
  for (const check of checks) if (best === undefined || specificity(check) > specificity(best)) best = check;
  return best;
}

function specificity({ element, by, expected, actual }: Check): number {
  const text = by ?? actual[0] ?? expected[0] ?? "";
  return (element === "Condition" ? 10_000 : 0) + (text === "*" ? 0 : text.length);
}
