import { compactVerify, createRemoteJWKSet, customFetch, decodeJwt, errors, type JWTPayload } from "jose";
import type { Account, OidcProvider } from "./account";
import { AwsError, type AwsErrorCode } from "./errors";

/** Source: the STS API reference, `WebIdentityToken`. */
const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];
/** IAM takes a token that long after its end, for clocks that differ. */
const leewaySeconds = 300;

export interface VerifiedToken {
  /** Issuer and subject, for the decision. */
  readonly who: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly provider: OidcProvider;
  /** What STS calls the audience: the authorised party, where the token names one. */
  readonly audience: string;
}

export interface RefusedToken {
  readonly who: string;
  readonly error: AwsError;
  /** What AWS does not tell its caller. */
  readonly because: string;
}

export type TokenVerifier = (token: string, roleArn: string) => Promise<VerifiedToken | RefusedToken>;

export interface TokenVerifierOptions {
  readonly account: Account;
  /** How the issuers' keys are fetched. */
  readonly fetch: typeof globalThis.fetch;
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * Everything that STS checks of a token before any policy: its form, that its issuer is a provider of the
 * account, its signature by the issuer's keys, its times, its audience. No claim but `iss`, which only selects
 * the keys, is used before the signature holds.
 */
export function createTokenVerifier({ account, fetch }: TokenVerifierOptions): TokenVerifier {
  const keySets = new Map<string, Promise<KeySet>>();

  async function discoverKeys(issuer: string): Promise<KeySet> {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    if (!response.ok) throw new TypeError(`the issuer's configuration answers ${response.status}`);
    const { jwks_uri: uri } = (await response.json()) as { jwks_uri?: unknown };
    if (typeof uri !== "string") throw new TypeError("the issuer's configuration has no jwks_uri");
    return createRemoteJWKSet(new URL(uri), {
      [customFetch]: fetch,
      // An issuer may rotate at any time, and asking it costs nothing here.
      cooldownDuration: 0,
    });
  }

  function keysOf(issuer: string): Promise<KeySet> {
    let keys = keySets.get(issuer);
    if (!keys) {
      keys = discoverKeys(issuer);
      // A failure is not kept: the next request asks again.
      keys.catch(() => keySets.delete(issuer));
      keySets.set(issuer, keys);
    }
    return keys;
  }

  return async (token, roleArn) => {
    let issuer: string;
    try {
      issuer = printable(String(decodeJwt(token).iss));
    } catch {
      return refused("an unreadable token", notJwt, "the token is no JWT");
    }
    const accountId = roleArn.split(":")[4];
    const provider = [...account.oidcProviders.values()].find(({ host }) => `https://${host}` === issuer);
    if (!provider || accountId !== account.id) {
      return refused(
        `a token of ${issuer}`,
        ["InvalidIdentityToken", `No OpenIDConnect provider found in your account for ${issuer}`],
        `account ${accountId} has no OIDC provider for the issuer ${issuer}`,
      );
    }
    let keys: KeySet;
    try {
      keys = await keysOf(issuer);
    } catch (error) {
      return refused(`a token of ${issuer}`, unreachable, `the issuer's keys: ${messageOf(error)}`);
    }
    let claims: JWTPayload;
    try {
      const { payload } = await compactVerify(token, keys, { algorithms });
      claims = JSON.parse(Buffer.from(payload).toString("utf8"));
    } catch (error) {
      return refused(`a token of ${issuer}`, ...explainVerification(error));
    }
    const who = `${printable(String(claims.sub))} (${issuer})`;
    const problem = checkTimes(claims, account.now()) ?? checkAudience(claims, provider);
    if (problem) return refused(who, ...problem);
    return { who, claims, provider, audience: audienceOf(claims) as string };
  };
}

type Refusal = readonly [refusal: readonly [AwsErrorCode, string], because: string];

const notJwt = [
  "InvalidIdentityToken",
  "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
] as const;
const unreachable = [
  "IDPCommunicationError",
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
] as const;

function refused(who: string, [code, message]: Refusal[0], because: string): RefusedToken {
  return { who, error: new AwsError(code, message), because };
}

function explainVerification(error: unknown): Refusal {
  const invalid = "InvalidIdentityToken";
  if (error instanceof errors.JWKSNoMatchingKey) {
    return [[invalid, unreachable[1]], "none of the issuer's keys has the token's key id"];
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return [
      [invalid, "The web identity token that was passed could not be validated by AWS."],
      "the token's signature is not by the issuer's key",
    ];
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return [notJwt, "the token's algorithm is none that STS takes"];
  }
  if (error instanceof errors.JOSEError) return [notJwt, `the token: ${error.code}`];
  return [unreachable, `the issuer's keys: ${messageOf(error)}`];
}

function checkTimes(claims: JWTPayload, now: number): Refusal | undefined {
  const seconds = Math.floor(now / 1000);
  const { exp, iat, sub, nbf = 0 } = claims;
  if (typeof sub !== "string") return missingClaim("sub");
  // STS takes whole numbers only.
  if (!Number.isInteger(exp) || exp === undefined) return missingClaim("exp");
  if (!Number.isInteger(iat) || iat === undefined) return missingClaim("iat");
  if (exp + leewaySeconds <= seconds) {
    return [
      [
        "ExpiredTokenException",
        // The missing blank is AWS's.
        `Token expired: current date/time ${seconds} must be before the expiration date/time${exp}`,
      ],
      `the token expired at ${new Date(exp * 1000).toISOString()}`,
    ];
  }
  if (Math.max(iat, nbf) > seconds + leewaySeconds) {
    return [["InvalidIdentityToken", "Token must be issued in the past."], "the token is from the future"];
  }
  return undefined;
}

function missingClaim(claim: string): Refusal {
  return [
    ["InvalidIdentityToken", `Missing a required claim: ${claim}`],
    `the token's ${claim} is missing or malformed`,
  ];
}

function checkAudience(claims: JWTPayload, provider: OidcProvider): Refusal | undefined {
  const audience = audienceOf(claims);
  if (audience !== undefined && provider.audiences.includes(audience)) return undefined;
  return [
    ["InvalidIdentityToken", "Incorrect token audience"],
    `the audience ${audience === undefined ? "(not exactly one)" : printable(audience)} is not among those registered for ${provider.host}: ${provider.audiences.join(", ")}`,
  ];
}

/** `azp` stands for the audience where a token has it; otherwise there has to be exactly one. */
function audienceOf({ azp, aud }: JWTPayload): string | undefined {
  if (typeof azp === "string") return azp;
  if (Array.isArray(aud)) return aud.length === 1 ? aud[0] : undefined;
  return aud;
}

/** What comes from outside neither starts a line in a log nor fills it. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?").slice(0, 300);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
