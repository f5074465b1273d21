import type { AwsError, AwsErrorCode } from "./errors";
import { type AwsReply, type AwsRequest, headerOf } from "./http";

/** What can be wrong with a request's signature. Each protocol has its own names and statuses for them. */
export type SignatureFault =
  | "missing"
  | "incomplete"
  | "unknown-key"
  | "mismatch"
  | "outside-clock"
  | "expired-session";

/** How a service speaks: finding the operation, and writing what came of it. */
export interface Protocol {
  /** The operation that a request names, undefined when it names none. */
  operationOf(request: AwsRequest): string | undefined;
  readonly faults: Readonly<Record<SignatureFault, AwsErrorCode>>;
  /** Minutes that a request's date may be away from ours. */
  readonly clockSkewMinutes: number;
  readonly accessDenied: AwsErrorCode;
  readonly unknownOperation: AwsErrorCode;
  writeError(error: AwsError, requestId: string): AwsReply;
}

/** What services that speak JSON call what goes wrong before an operation. */
export const jsonErrors = {
  faults: {
    missing: "MissingAuthenticationTokenException",
    incomplete: "IncompleteSignatureException",
    "unknown-key": "UnrecognizedClientException",
    mismatch: "InvalidSignatureException",
    "outside-clock": "InvalidSignatureException",
    "expired-session": "ExpiredTokenException",
  },
  clockSkewMinutes: 5,
  accessDenied: "AccessDeniedException",
  unknownOperation: "UnknownOperationException",
} as const;

/**
 * AWS JSON: the operation is in `X-Amz-Target`, an error is `{"__type": code, …}`.
 * @param targetPrefix what stands before the dot in `X-Amz-Target`.
 * @param version of the content type.
 * @param messageKey under which the service's errors carry their text: that differs between services.
 */
export function jsonProtocol(
  targetPrefix: string,
  { version = "1.1", messageKey = "message" }: { version?: string; messageKey?: string } = {},
): Protocol {
  return {
    operationOf(request) {
      const target = headerOf(request, "x-amz-target") ?? "";
      return target.startsWith(`${targetPrefix}.`) ? target.slice(targetPrefix.length + 1) : undefined;
    },
    ...jsonErrors,
    writeError: (error) =>
      jsonReply({ __type: error.code, [messageKey]: error.message }, error.status, version),
  };
}

/** A JSON answer. Members that are undefined are left out, as AWS leaves out what is null. */
export function jsonReply(value: unknown, status = 200, version = "1.1"): AwsReply {
  return { status, contentType: `application/x-amz-json-${version}`, body: JSON.stringify(value) };
}

/** AWS Query: the operation is the parameter `Action`, answers are XML. */
export function queryProtocol(namespace: string): Protocol {
  return {
    operationOf: (request) => readParameters(request).get("Action") ?? undefined,
    faults: {
      missing: "MissingAuthenticationToken",
      incomplete: "IncompleteSignature",
      "unknown-key": "InvalidClientTokenId",
      mismatch: "SignatureDoesNotMatch",
      "outside-clock": "SignatureDoesNotMatch",
      "expired-session": "ExpiredToken",
    },
    clockSkewMinutes: 15,
    accessDenied: "AccessDenied",
    unknownOperation: "InvalidAction",
    writeError: (error, requestId) =>
      xmlReply(
        "ErrorResponse",
        namespace,
        {
          Error: { Type: "Sender", Code: error.code, Message: error.message },
          RequestId: requestId,
        },
        error.status,
      ),
  };
}

/** The parameters of a query request: those of the address, then those of the form. */
export function readParameters(request: AwsRequest): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query)) {
    for (const one of [value].flat()) parameters.append(name, one);
  }
  const contentType = headerOf(request, "content-type") ?? "";
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    for (const [name, value] of new URLSearchParams(Buffer.from(request.body).toString("utf8"))) {
      parameters.append(name, value);
    }
  }
  return parameters;
}

/** An element's content: text, or elements by name. Undefined ones are left out. */
export type XmlContent = string | number | { readonly [name: string]: XmlContent | undefined };

export function xmlReply(root: string, namespace: string, content: XmlContent, status = 200): AwsReply {
  const body = `<${root} xmlns="${namespace}">${writeXml(content)}</${root}>\n`;
  return { status, contentType: "text/xml", body };
}

function writeXml(content: XmlContent): string {
  if (typeof content !== "object") return escapeXml(String(content));
  return Object.entries(content)
    .map(([name, inner]) => (inner === undefined ? "" : `<${name}>${writeXml(inner)}</${name}>`))
    .join("");
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escapeXml(text: string): string {
  // Control characters cannot stand in XML 1.0 at all.
  return text
    .replace(/[&<>"']/g, (character) => entities[character] as string)
    .replace(/[^\P{Cc}\t\n\r]/gu, "?");
}
