/** Keys that sign requests to AWS. */
export interface AwsSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only temporary keys have one. */
  readonly sessionToken?: string;
}

/** By whom and where a request to AWS is made. */
export interface AwsCaller {
  readonly session: AwsSession;
  readonly region: string;
  /** Aborted when the evaluation ends early. */
  readonly signal: AbortSignal;
}

/**
 * An error of an AWS SDK in the words that ESC shows: AWS's code and message, then the HTTP status and the
 * request id. Source of the form: pulumi/esc#256.
 */
export function describeAwsError(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const { name, message, Code, code, $metadata } = error as AwsSdkError;
  // Some errors of AWS have no message; its SDK writes one of its own then.
  const text = message === "UnknownError" ? "" : message || code;
  const said = [Code ?? name, text].filter(Boolean).join(": ");
  if ($metadata?.httpStatusCode === undefined) return said;
  return `${said}\n\tstatus code: ${$metadata.httpStatusCode}, request id: ${$metadata.requestId ?? "unknown"}`;
}

interface AwsSdkError extends Error {
  /** AWS's code, where the error's name is the SDK's own for it: `InvalidIdentityToken`. */
  readonly Code?: string;
  /** Node's, where AWS was not reached. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}
