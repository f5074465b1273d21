/** Names of what the doctor tells apart. Stable: tools may rely on them. */
export type DiagnosisCode =
  | "esc-unreachable"
  | "token-refused"
  | "organization-unknown"
  | "wrong-environment"
  | "permission-denied"
  | "clock"
  | "nothing-exported"
  | "variable-missing"
  | "import-missing"
  | "stack-missing"
  | "entry-missing"
  | "entry-without-value"
  | "entry-denied"
  | "provider-missing"
  | "audience"
  | "trust"
  | "session-too-long"
  | "login-token"
  | "adapter-unreachable"
  | "adapter-not-configured"
  | "adapter-audience"
  | "adapter-access"
  | "adapter-clock"
  | "adapter-source"
  | "adapter-refused"
  | "first-rotation-missing"
  | "definition";

/** One thing that is wrong, why, and what mends it. Safe to print: names, never values. */
export interface Diagnosis {
  readonly code: DiagnosisCode;
  /** What was seen, in the words of whoever said it. */
  readonly what: string;
  readonly why: string;
  /** The first thing to do about it; a command where one does it. */
  readonly fix: string;
}
