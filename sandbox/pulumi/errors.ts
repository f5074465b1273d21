import type { Diagnostic } from "../../esc/evaluator/types";

/** Every code an `EscServiceError` can carry, with the HTTP status it becomes. */
const statusByCode = {
  ERR_ESC_SERVICE_BAD_REQUEST: 400,
  ERR_ESC_SERVICE_BAD_NAME: 400,
  ERR_ESC_SERVICE_BAD_DEFINITION: 400,
  ERR_ESC_SERVICE_UNAUTHORIZED: 401,
  ERR_ESC_SERVICE_FORBIDDEN: 403,
  ERR_ESC_SERVICE_NOT_FOUND: 404,
  ERR_ESC_SERVICE_METHOD: 405,
  ERR_ESC_SERVICE_EXISTS: 409,
  ERR_ESC_SERVICE_CONFLICT: 409,
  ERR_ESC_SERVICE_TOO_LARGE: 413,
  ERR_ESC_SERVICE_NOT_IMPLEMENTED: 501,
} as const;

export type EscServiceErrorCode = keyof typeof statusByCode;

/**
 * What the ESC service refuses, and why. `status` and `message` are what a client sees; the message carries
 * names and limits, never a value, a token or a body. `diagnostics` are the evaluator's findings when a
 * definition was refused.
 */
export class EscServiceError extends Error {
  override readonly name = "EscServiceError";
  readonly code: EscServiceErrorCode;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: EscServiceErrorCode, message: string, diagnostics: readonly Diagnostic[] = []) {
    super(message);
    this.code = code;
    this.diagnostics = diagnostics;
  }

  get status(): number {
    return statusByCode[this.code];
  }
}
