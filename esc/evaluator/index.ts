import { type CallbackOptions, checkSize, createCallbacks } from "./callbacks";
import { EvaluatorError, type EvaluatorErrorCode } from "./errors";
import { EvaluatorHost, type Outcome, type RawResult, type Task } from "./host";
import { DEFAULT_TIMEOUT_MS, MAX_DEPTH, MAX_RESULT_BYTES } from "./limits";
import { SECRET_MARK } from "./secret";
import type {
  CheckOptions,
  Cipher,
  Decrypter,
  Diagnostic,
  EvaluateOptions,
  Evaluation,
  Limits,
  RotateOptions,
  Rotation,
  RotationEvaluation,
} from "./types";

export { EvaluatorError, type EvaluatorErrorCode } from "./errors";
export { readProperty } from "./json";
export { Secret, secret } from "./secret";
export type * from "./types";

type Operation = "check" | "open" | "rotate" | "encrypt" | "decrypt";

/** One for the process: its thread is started by the first evaluation, in about 170 ms. */
const host = new EvaluatorHost();

/**
 * Evaluates a definition without calling providers or rotators: their results are unknown. What is wrong in
 * the definition is a diagnostic; a rejection means that there is no result.
 * @throws EvaluatorError with any of its codes.
 */
export async function check(options: CheckOptions): Promise<Evaluation> {
  return evaluation(whole(await perform("check", options)));
}

/** Evaluates a definition in full: providers are called, one after another, and secrets decrypted. As {@link check}. */
export async function open(options: EvaluateOptions): Promise<Evaluation> {
  return evaluation(whole(await perform("open", options)));
}

/**
 * Opens a definition and rotates what `paths` name (below `values`, such as `db.creds`), or everything. When the
 * time is up or the signal fires after something was rotated, it resolves all the same, with diagnostics:
 * the new state must not be lost.
 */
export async function rotate(options: RotateOptions): Promise<RotationEvaluation> {
  const outcome = await perform("rotate", options);
  const result = outcome.result.patches ? outcome.result : whole(outcome);
  return {
    ...evaluation(result),
    rotations: JSON.parse(result.rotations ?? "[]") as Rotation[],
    patchesJson: result.patches ?? "[]",
    yaml: result.yaml,
  };
}

/** Replaces every plaintext `fn::secret` in a definition by its ciphertext, as the service does before it stores one. */
export async function encryptSecrets(yaml: string, cipher: Cipher, limits: Limits = {}): Promise<string> {
  return rewritten(await perform("encrypt", { yaml, cipher, ...limits }));
}

/** Replaces every ciphertext under `values` by its plaintext, as the service does before it shows a definition. */
export async function decryptSecrets(
  yaml: string,
  decrypter: Decrypter,
  limits: Limits = {},
): Promise<string> {
  return rewritten(await perform("decrypt", { yaml, decrypter, ...limits }));
}

async function perform(
  op: Operation,
  options: CallbackOptions & Pick<RotateOptions, "yaml" | "name" | "showSecrets" | "paths"> & Limits,
): Promise<Outcome> {
  const { yaml, name = "<yaml>", context, showSecrets, paths, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31))
    throw new RangeError(`timeoutMs is out of range: ${timeoutMs}`);
  const tooLarge = checkSize(name, yaml);
  if (tooLarge) throw tooLarge;
  const task: Task = {
    request: JSON.stringify({
      op,
      name,
      yaml,
      context: context ?? {},
      showSecrets,
      paths,
      mark: SECRET_MARK,
      maxDepth: MAX_DEPTH,
      maxResult: MAX_RESULT_BYTES,
    }),
    title: `${op} of "${name}"`,
    timeoutMs,
    signal: options.signal,
    call: createCallbacks(options),
  };
  const outcome = await host.run(task);
  const { code, message } = outcome.result;
  if (code) {
    throw outcome.cut ?? new EvaluatorError(code as EvaluatorErrorCode, `${task.title} failed: ${message}`);
  }
  return outcome;
}

/** The result of an evaluation that was not cut short. */
function whole({ result, cut }: Outcome): RawResult {
  if (!cut) return result;
  const diagnostics = diagnosticsOf(result);
  // The call that was waiting when the time was up has the reason as its diagnostic.
  const { range } = diagnostics.find(({ summary }) => cut.message.endsWith(summary)) ?? {};
  const where = range ? ` at ${range.environment}:${range.begin.line}:${range.begin.column}` : "";
  throw new EvaluatorError(cut.code, cut.message + where, diagnostics);
}

function diagnosticsOf(result: RawResult): Diagnostic[] {
  return JSON.parse(result.diagnostics ?? "[]") as Diagnostic[];
}

function evaluation(result: RawResult): Evaluation {
  const diagnostics = diagnosticsOf(result);
  return {
    diagnostics,
    hasErrors: diagnostics.some(({ severity }) => severity === "error"),
    environment: result.environment,
    redactedJson: result.redacted,
    revealedJson: result.revealed,
  };
}

function rewritten(outcome: Outcome): string {
  const result = whole(outcome);
  if (result.yaml !== undefined) return result.yaml;
  const diagnostics = diagnosticsOf(result);
  throw new EvaluatorError(
    "ERR_ESC_INVALID",
    `the definition is not valid: ${diagnostics[0]?.summary ?? "unknown"}`,
    diagnostics,
  );
}
