import type { Diagnostic } from "./types";

/**
 * - `ERR_ESC_UNAVAILABLE`: the evaluator is not built; the message says what to install and what to run.
 * - `ERR_ESC_TIMEOUT`, `ERR_ESC_ABORTED`: the evaluation took longer than `timeoutMs`, or its signal fired.
 * - `ERR_ESC_TOO_LARGE`: a definition, the root's or an import's, is larger than 512 KiB.
 * - `ERR_ESC_TOO_DEEP`: a definition nests more than 64 levels, or its references chain too deeply.
 * - `ERR_ESC_RESULT_TOO_LARGE`: a result, or what a provider is given or answers, is larger than 8 MiB.
 * - `ERR_ESC_OUT_OF_MEMORY`: the evaluation needed more than 1 GiB.
 * - `ERR_ESC_PANIC`: a fault in the official evaluator, met by this definition.
 * - `ERR_ESC_CRASHED`: the evaluator went down, nobody knows why.
 * - `ERR_ESC_INTERRUPTED`: another evaluation brought the evaluator down while this one had already called a
 *   provider or rotator; run it again if that is harmless. Evaluations that called none are run again unasked.
 * - `ERR_ESC_INVALID`: something that cannot be evaluated at all, such as a rotation path that does not parse
 *   or, for `encryptSecrets` and `decryptSecrets`, a definition that is not YAML or a cipher that fails.
 */
export type EvaluatorErrorCode =
  | "ERR_ESC_UNAVAILABLE"
  | "ERR_ESC_TIMEOUT"
  | "ERR_ESC_ABORTED"
  | "ERR_ESC_TOO_LARGE"
  | "ERR_ESC_TOO_DEEP"
  | "ERR_ESC_RESULT_TOO_LARGE"
  | "ERR_ESC_OUT_OF_MEMORY"
  | "ERR_ESC_PANIC"
  | "ERR_ESC_CRASHED"
  | "ERR_ESC_INTERRUPTED"
  | "ERR_ESC_INVALID";

/** An evaluation that has no result. What is wrong inside a definition is a {@link Diagnostic} instead. */
export class EvaluatorError extends Error {
  override readonly name = "EvaluatorError";
  readonly code: EvaluatorErrorCode;
  /** What is known of the definition nevertheless: where a call was cut off, or why it is not YAML. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: EvaluatorErrorCode, message: string, diagnostics: readonly Diagnostic[] = []) {
    super(message);
    this.code = code;
    this.diagnostics = diagnostics;
  }
}
