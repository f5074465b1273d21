import { AdapterError } from "../errors";
import { compilePattern } from "./pattern";

/** What a route does. */
export type Action = "open" | "rotate";

/**
 * One permission. A request is allowed when a single rule matches all of it; what no rule allows is refused.
 * `environment`, `rootEnvironment` and `names` are exact, or patterns in which `*` stands for a part of one
 * segment: `app/pr-*`, `app/staging/*`. It never crosses a `/` or `:`.
 */
export interface AccessRule {
  /** `project/environment` in which the call is written (`current_env`). */
  readonly environment: string;
  /** `project/environment` that must have been opened (`root_env`). Absent: whatever imports `environment`. */
  readonly rootEnvironment?: string;
  readonly action: Action;
  /** The source's name, for instance `secrets-manager`. Exact. */
  readonly source: string;
  /** What may be asked of the source, spelled as the request spells it. */
  readonly names: readonly string[];
}

export interface AccessQuestion {
  readonly environment: string | undefined;
  readonly rootEnvironment: string | undefined;
  readonly action: Action;
  readonly source: string;
  readonly names: readonly string[];
}

/** Refuses what no rule allows. */
export type CheckAccess = (question: AccessQuestion) => void;

/** What checks access by these rules: it throws AdapterError access_denied. */
export function createAccessCheck(rules: readonly AccessRule[]): CheckAccess {
  const allowing = rules.map(compileRule);
  return (question) => {
    if (question.names.length > 0 && allowing.some((allows) => allows(question))) return;
    throw new AdapterError("access_denied", "no access rule allows this");
  };
}

function compileRule(rule: AccessRule): (question: AccessQuestion) => boolean {
  const isEnvironment = compilePattern(rule.environment);
  const isRoot = rule.rootEnvironment === undefined ? undefined : compilePattern(rule.rootEnvironment);
  const isName = rule.names.map(compilePattern);
  return ({ environment, rootEnvironment, action, source, names }) =>
    environment !== undefined &&
    isEnvironment(environment) &&
    (isRoot === undefined || (rootEnvironment !== undefined && isRoot(rootEnvironment))) &&
    rule.action === action &&
    rule.source === source &&
    names.every((name) => isName.some((is) => is(name)));
}
