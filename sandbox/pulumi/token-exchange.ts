import { createLocalJWKSet, decodeJwt, type JWTPayload, jwtVerify } from "jose";
import { evaluatePulumiLogin, type PulumiTokenHolder, pulumiLoginAudience } from "../../trust/index";
import type { Issuer } from "../issuers";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";

/** What somebody asks for, who has a token of an issuer that the organization has registered. */
export interface ExchangeRequest extends PulumiTokenHolder {
  readonly organization: string;
  /** The issuer's token. */
  readonly subjectToken: string;
  /** Whether an administrator's token is asked for. @default false */
  readonly administrator?: boolean;
}

/**
 * Gives a token of Pulumi's for one of a registered issuer's, as `POST /api/oauth/token` does: signature, times, audience,
 * then the issuer's policies. There is no such address here.
 *
 * @see https://www.pulumi.com/docs/reference/cloud-rest-api/oauth-token-exchange
 * @throws {ERR_ESC_SERVICE_UNAUTHORIZED} that says which policy, and repeats no token
 */
export async function exchangeToken(
  service: EscService,
  issuers: readonly Issuer[],
  { organization, subjectToken, administrator, team, user }: ExchangeRequest,
): Promise<string> {
  const claims = await verifiedClaims(issuers, subjectToken, {
    audience: pulumiLoginAudience(organization),
    currentDate: new Date(service.now()),
  });
  const registered = service.issuers.find(organization, String(claims.iss));
  if (registered === undefined) throw refused(`${organization} has not registered the issuer ${claims.iss}`);
  const { policies, maxExpirationSeconds: expiresInSeconds } = registered;
  const decision = evaluatePulumiLogin({ policies, claims, team, user, administrator });
  if (!decision.allowed) throw refused(decision.because);
  const type = team !== undefined ? "team" : user !== undefined ? "personal" : "organization";
  return service.tokens.issue({ organization, type, team, user, administrator, expiresInSeconds });
}

async function verifiedClaims(
  issuers: readonly Issuer[],
  token: string,
  wanted: { readonly audience: string; readonly currentDate: Date },
): Promise<JWTPayload> {
  try {
    const issuer = issuers.find(({ url }) => url === decodeJwt(token).iss);
    if (issuer === undefined) throw refused("nobody knows the token's issuer");
    const keys = createLocalJWKSet(await issuer.jwks());
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.url,
      algorithms: ["RS256"],
      ...wanted,
    });
    return payload;
  } catch (error) {
    // What jose says repeats no token.
    throw error instanceof EscServiceError
      ? error
      : refused(error instanceof Error ? error.message : "the token does not verify");
  }
}

function refused(because: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_UNAUTHORIZED", `no token is given: ${because}`);
}
