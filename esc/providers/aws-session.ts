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
  const { name, message, code, $metadata } = error as Error & {
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  };
  const said = `${name}: ${message || (code ?? "")}`.trimEnd();
  if ($metadata?.httpStatusCode === undefined) return said;
  return `${said}\n\tstatus code: ${$metadata.httpStatusCode}, request id: ${$metadata.requestId ?? "unknown"}`;
}
