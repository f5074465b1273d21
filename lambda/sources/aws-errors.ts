import { AdapterError, type AdapterErrorCode } from "../errors";

/** AWS's error names, which are stable, where its messages and statuses are not. */
const CODES: Readonly<Record<string, AdapterErrorCode>> = {
  ResourceNotFoundException: "source_not_found",
  // Secrets Manager: marked for deletion.
  InvalidRequestException: "source_not_found",
  ParameterNotFound: "source_not_found",
  ParameterVersionNotFound: "source_not_found",
  AccessDeniedException: "source_denied",
  DecryptionFailure: "source_denied",
  // Systems Manager: the parameter's KMS key.
  InvalidKeyId: "source_denied",
  UnrecognizedClientException: "source_denied",
  InvalidSignatureException: "source_denied",
  ExpiredTokenException: "source_denied",
  CredentialsProviderError: "source_denied",
  ThrottlingException: "source_throttled",
  TooManyRequestsException: "source_throttled",
  LimitExceededException: "source_throttled",
  AbortError: "source_timeout",
  TimeoutError: "source_timeout",
};

/** An AWS client's error as a refusal. Only its name is kept: messages quote what was asked. */
export function fromAwsError(error: unknown): AdapterError {
  return awsFailure(error instanceof Error ? error.name : typeof error, error);
}

/** The same of an error that an answer names. */
export function awsFailure(name: string, cause?: unknown): AdapterError {
  const code = Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  return new AdapterError(code ?? "source_unavailable", `the source answered ${name}`, { cause });
}
