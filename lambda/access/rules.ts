import { AdapterError } from "../errors";

/** What a route does. */
export type Action = "open";

/**
 * One permission. A request is allowed when a single rule matches all of it; what no rule allows is refused.
 * All values are exact.
 */
export interface AccessRule {
  /** `project/environment` in which the call is written (`current_env`). */
  readonly environment: string;
  /** `project/environment` that must have been opened (`root_env`). Absent: whatever imports `environment`. */
  readonly rootEnvironment?: string;
  readonly action: Action;
  /** The source's name, for instance `secrets-manager`. */
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

/** @throws {AdapterError} access_denied */
export function checkAccess(rules: readonly AccessRule[], question: AccessQuestion): void {
  if (question.names.length > 0 && rules.some((rule) => allows(rule, question))) return;
  throw new AdapterError("access_denied", "no access rule allows this");
}

function allows(rule: AccessRule, question: AccessQuestion): boolean {
  return (
    rule.environment === question.environment &&
    (rule.rootEnvironment === undefined || rule.rootEnvironment === question.rootEnvironment) &&
    rule.action === question.action &&
    rule.source === question.source &&
    question.names.every((name) => rule.names.includes(name))
  );
}
