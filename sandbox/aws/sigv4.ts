import { createHash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Account, Session } from "./account";
import { AwsError } from "./errors";
import { type AwsRequest, headerOf } from "./http";
import type { Protocol, SignatureFault } from "./protocol";

/** What the `Authorization` header says. */
export interface SignedBy {
  readonly accessKeyId: string;
  /** `20261120` */
  readonly day: string;
  readonly region: string;
  /** The service's signing name. */
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/** Reads `Authorization`, as far as it can be read. Undefined when there is none, or one of another kind. */
export function readAuthorization(request: AwsRequest): Partial<SignedBy> | undefined {
  const header = headerOf(request, "authorization");
  if (!header?.startsWith(`${algorithm} `)) return undefined;
  const fields = Object.fromEntries(
    header
      .slice(algorithm.length + 1)
      .split(/\s*,\s*/)
      .map((field) => field.split(/=(.*)/s) as [string, string]),
  );
  const scope = fields.Credential?.split("/");
  const [accessKeyId, day, region, service, end] = scope ?? [];
  const credential =
    scope?.length === 5 && end === "aws4_request" ? { accessKeyId, day, region, service } : {};
  return {
    ...credential,
    signedHeaders: fields.SignedHeaders?.split(";"),
    signature: fields.Signature,
  };
}

/**
 * Proves that a request was signed, whole, by a session that is still good, and not long ago. The signature
 * is made again with AWS's own signer from what was received and compared.
 *
 * @returns the session that signed.
 * @throws {AwsError} with the code that the protocol has for the fault.
 */
export async function verifySignature(
  account: Account,
  request: AwsRequest,
  protocol: Protocol,
): Promise<Session> {
  const fault = (kind: SignatureFault, message: string): AwsError =>
    new AwsError(protocol.faults[kind], message);

  const authorization = readAuthorization(request);
  if (!authorization) throw fault("missing", "Missing Authentication Token");
  const signedBy = complete(authorization);
  if (!signedBy)
    throw fault("incomplete", "Authorization header requires Credential, SignedHeaders and Signature.");
  const session = account.sessions.get(signedBy.accessKeyId);
  if (!session || !sameText(session.sessionToken, headerOf(request, "x-amz-security-token"))) {
    throw fault("unknown-key", "The security token included in the request is invalid.");
  }
  const date = readDate(headerOf(request, "x-amz-date"));
  if (!date)
    throw fault("incomplete", "Authorization header requires existence of a valid 'X-Amz-Date' header.");
  const late = describeSkew(date, account.now(), protocol.clockSkewMinutes);
  if (late) throw fault("outside-clock", late);
  const mistake = findUnsigned(request, signedBy, date);
  if (mistake) throw fault("mismatch", mistake);
  if (!(await isSignedBy(session, request, signedBy, date))) {
    throw fault(
      "mismatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  if (session.expiresAt && session.expiresAt.getTime() <= account.now()) {
    throw fault("expired-session", "The security token included in the request is expired");
  }
  return session;
}

function complete(by: Partial<SignedBy>): SignedBy | undefined {
  const { accessKeyId, day, region, service, signedHeaders, signature } = by;
  if (!accessKeyId || !day || !region || !service || !signedHeaders || !signature) return undefined;
  return { accessKeyId, day, region, service, signedHeaders, signature };
}

function readDate(header: string | undefined): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header ?? "");
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function writeDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}|[-:]/g, "");
}

function describeSkew(date: Date, now: number, minutes: number): string | undefined {
  const skew = minutes * 60_000;
  const sent = writeDate(date.getTime());
  if (date.getTime() < now - skew) {
    return `Signature expired: ${sent} is now earlier than ${writeDate(now - skew)} (${writeDate(now)} - ${minutes} min.)`;
  }
  if (date.getTime() > now + skew) {
    return `Signature not yet current: ${sent} is still later than ${writeDate(now + skew)} (${writeDate(now)} + ${minutes} min.)`;
  }
  return undefined;
}

/** What the signature has to cover, and does not. */
function findUnsigned(request: AwsRequest, by: SignedBy, date: Date): string | undefined {
  if (by.day !== writeDate(date.getTime()).slice(0, 8)) {
    return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.";
  }
  if (!by.signedHeaders.includes("host")) {
    return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  }
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith("x-amz-") && !by.signedHeaders.includes(name),
  );
  return unsigned && `'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`;
}

async function isSignedBy(session: Session, request: AwsRequest, by: SignedBy, date: Date): Promise<boolean> {
  const bodyHash = createHash("sha256").update(request.body).digest("hex");
  // The signer would believe the header, so it is held against the body here.
  const claimedHash = headerOf(request, "x-amz-content-sha256");
  if (claimedHash !== undefined && !sameText(claimedHash, bodyHash)) return false;
  const headers: Record<string, string> = {};
  for (const name of by.signedHeaders) {
    const value = headerOf(request, name);
    if (value === undefined) return false;
    headers[name] = value;
  }
  const signer = new SignatureV4({
    service: by.service,
    region: by.region,
    // Without the session token: it is among the signed headers already.
    credentials: { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "http:",
      hostname: "",
      path: request.path,
      query: { ...request.query },
      headers,
      body: request.body,
    },
    { signingDate: date, signableHeaders: new Set(by.signedHeaders) },
  );
  const signature = /Signature=([0-9a-f]{64})$/.exec(signed.headers.authorization ?? "")?.[1];
  return sameText(signature, by.signature);
}

/** Compares without telling by its duration where the difference is. Two absent ones are the same. */
function sameText(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
