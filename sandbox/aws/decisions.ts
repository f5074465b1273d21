import type { AwsError } from "./errors";

/**
 * One decision of the account: who wanted what, whether they got it, and why. It says what AWS does not tell
 * its callers, so it goes to the sandbox's log and never into an answer. It holds no token and no value.
 */
export interface AccessDecision {
  /** By the account's clock. */
  readonly when: Date;
  /** ARN of the session; for a login, the issuer and the subject of the token as far as they could be read. */
  readonly who: string;
  /** `secretsmanager:GetSecretValue` */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  readonly allowed: boolean;
  /** One line: the condition, statement or check that decided. */
  readonly because: string;
  /** The whole of it, where policies decided. */
  readonly explanation?: unknown;
  /** What the caller was told, when it was refused. */
  readonly error?: Pick<AwsError, "code" | "message">;
}

/** Receives decisions as they are taken. */
export type DecisionListener = (decision: AccessDecision) => void;
