/** Every code a caller can see, with its HTTP status. The one place where the two meet. */
const STATUS = {
  request_invalid_json: 400,
  request_invalid: 400,
  authorization_missing: 401,
  authorization_malformed: 401,
  token_malformed: 401,
  token_algorithm: 401,
  token_header: 401,
  token_key_unknown: 401,
  token_signature: 401,
  token_claims_malformed: 401,
  token_issuer: 401,
  token_audience: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_lifetime: 401,
  token_replayed: 401,
  body_hash_missing: 401,
  body_hash_mismatch: 401,
  organization_denied: 403,
  access_denied: 403,
  not_found: 404,
  source_not_found: 404,
  method_not_allowed: 405,
  state_unknown: 409,
  target_taken: 409,
  target_full: 409,
  body_too_large: 413,
  content_type: 415,
  source_not_text: 422,
  source_not_json: 422,
  source_key_missing: 422,
  header_too_large: 431,
  internal: 500,
  rotation_unproven: 502,
  source_denied: 502,
  source_invalid: 502,
  source_too_large: 502,
  source_unavailable: 502,
  target_denied: 502,
  target_refused: 502,
  target_unavailable: 502,
  journal_unavailable: 503,
  not_configured: 503,
  keys_unavailable: 503,
  replay_unavailable: 503,
  rotation_busy: 503,
  source_throttled: 503,
  rotation_timeout: 504,
  source_timeout: 504,
} as const satisfies Readonly<Record<string, number>>;

/** What a caller sees as `code`. */
export type AdapterErrorCode = keyof typeof STATUS;

/**
 * A refusal. The caller is told `status`, `code` and the request id; `message` is the reason and goes to the
 * log alone, so it names what was wrong and never carries a token, a body or a secret.
 */
export class AdapterError extends Error {
  override readonly name = "AdapterError";
  readonly code: AdapterErrorCode;

  constructor(code: AdapterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** Any thrown value as a refusal; what nobody foresaw becomes `internal`. */
export function toAdapterError(thrown: unknown): AdapterError {
  if (thrown instanceof AdapterError) return thrown;
  return new AdapterError("internal", describeUnforeseen(thrown), { cause: thrown });
}

/**
 * Name and place of an unforeseen error. Its message is left out on purpose: JSON.parse quotes the text it
 * failed on, and that text may be a secret.
 */
function describeUnforeseen(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `a ${typeof thrown} was thrown`;
  const frames = thrown.stack?.replace(thrown.message, () => "").split("\n");
  const frame = frames?.find((line) => /^\s+at /.test(line));
  return frame === undefined ? thrown.name : `${thrown.name} ${frame.trim()}`;
}

/** The configuration is not usable; `problems` lists everything that is wrong with it. */
export class AdapterConfigError extends Error {
  override readonly name = "AdapterConfigError";
  readonly code = "ERR_ADAPTER_CONFIG";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(["the adapter's configuration has problems:", ...problems].join("\n  - "));
    this.problems = problems;
  }
}
