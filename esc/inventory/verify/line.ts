import type { InventoryValue } from "../item";

/** What can be wrong with a line. */
export type ProblemCode =
  /** The environment does not show it. */
  | "missing"
  | "empty"
  | "placeholder"
  /** It is not of its form. */
  | "malformed"
  /** It is a secret by the inventory, and ESC does not treat it as one. */
  | "not-secret"
  /** Another stage has the same one. */
  | "same-in-stages"
  /** Its entry is another stage's. */
  | "other-stage"
  /** It is older than it may be. */
  | "overdue"
  /** The definition holds a secret in plain text. */
  | "plain-text"
  /** The definition holds an encrypted secret, and the inventory knows none that lives there. */
  | "in-definition"
  /** The environment shows something that the inventory does not declare. */
  | "undeclared"
  /** A provider failed, so the environment does not open. */
  | "provider"
  /** It opens, and there is nothing in it. */
  | "nothing"
  /** ESC says that it does not open, or was not asked in time. */
  | "does-not-open"
  /** What is deployed is not what the program says. */
  | "drifted";

/** One thing that is wrong. It holds no value. */
export interface LineProblem {
  readonly code: ProblemCode;
  /** In words, following the line's name: `is a placeholder`. */
  readonly reason: string;
  /** How to mend it. */
  readonly fix?: string;
}

/** One line of the inventory as one environment has it, or something that is in no line of it. Safe to print. */
export interface VerifyLine {
  /** A variable (`DATABASE_URL`), a key (`pulumiConfig.aws:region`), a provider, or what else it is about. */
  readonly name: string;
  /** The item of the inventory; absent for what is in no line of it. */
  readonly item?: string;
  readonly problems: readonly LineProblem[];
  /** What could not be told, in words. It fails nothing. */
  readonly unknown?: string;
}

/** What a value's line is called: by its variable, or by its key. */
export function lineName({ variable, config }: InventoryValue): string {
  return variable ?? `pulumiConfig.${config}`;
}

/**
 * Whether a problem is one of the revision that was opened, which is then not for consumers. What is overdue is not: it is as
 * old in the revision that they have.
 */
export function isOfRevision({ code }: LineProblem): boolean {
  return code !== "overdue";
}
