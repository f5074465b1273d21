import { AdapterError } from "../errors";

const SCHEME = "Bearer ";

/**
 * What a signer may say in the header. Everything else is refused: `crit` and `b64` change what is signed,
 * `jku`, `x5u`, `jwk` and `x5c` offer a key of the caller's own choosing.
 */
const HEADER_MEMBERS: ReadonlySet<string> = new Set(["alg", "kid", "typ", "x5t", "x5t#S256"]);

/** Each route takes one: a public key of ESC's issuer for a secret is the oldest forgery there is. */
export type Algorithm = "RS256" | "HS256";

/** A token in its parts. Nothing in it is true yet. */
export interface Bearer {
  readonly kid: string | undefined;
  /** Header and payload as they were signed. */
  readonly signed: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Reads the token from `Authorization: Bearer <token>` and checks its form: three segments of canonical
 * base64url and a header that asks for the one algorithm and nothing else. Claims are not looked at.
 *
 * Canonical matters: base64url leaves 2 or 4 unused bits at the end of a segment, and decoders (jose's too)
 * ignore them, so several texts would be the same token.
 *
 * @throws {AdapterError} authorization_missing, authorization_malformed, token_malformed, token_algorithm, token_header
 */
export function readBearer(authorization: string | undefined, algorithm: Algorithm = "RS256"): Bearer {
  if (authorization === undefined) {
    throw new AdapterError("authorization_missing", "there is no Authorization header");
  }
  if (!authorization.startsWith(SCHEME)) {
    throw new AdapterError("authorization_malformed", "the Authorization header is not a bearer token");
  }
  const token = authorization.slice(SCHEME.length);
  if (/[\s,]/.test(token)) {
    throw new AdapterError("authorization_malformed", "the Authorization header holds more than one token");
  }
  const segments = token.split(".");
  if (segments.length !== 3 || !segments.every(isCanonicalBase64url)) {
    throw new AdapterError("token_malformed", "the token is not three segments of canonical base64url");
  }
  const [header, payload, signature] = segments as [string, string, string];
  return {
    kid: readKeyId(header, algorithm),
    signed: token.slice(0, token.lastIndexOf(".")),
    payload: Buffer.from(payload, "base64url"),
    signature: Buffer.from(signature, "base64url"),
  };
}

/** The last character of a segment carries unused bits unless the length is a multiple of four. */
function isCanonicalBase64url(segment: string): boolean {
  if (!/^[\w-]+$/.test(segment)) return false;
  switch (segment.length % 4) {
    case 0:
      return true;
    case 2:
      return /[AQgw]$/.test(segment);
    case 3:
      return /[AEIMQUYcgkosw048]$/.test(segment);
    default:
      return false;
  }
}

function readKeyId(segment: string, algorithm: Algorithm): string | undefined {
  const header = parseObject(segment);
  if (header === undefined) {
    throw new AdapterError("token_malformed", "the token's header is not a JSON object");
  }
  if (header.alg !== algorithm) {
    throw new AdapterError("token_algorithm", `the token is not signed with ${algorithm}`);
  }
  const { kid, typ } = header;
  if (!Object.keys(header).every((member) => HEADER_MEMBERS.has(member))) {
    throw new AdapterError("token_header", "the token's header has a member that is not allowed");
  }
  if ((kid !== undefined && typeof kid !== "string") || (typ !== undefined && typ !== "JWT")) {
    throw new AdapterError("token_header", "the token's kid is not text or its typ is not JWT");
  }
  return kid;
}

function parseObject(segment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString());
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
