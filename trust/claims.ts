import { COMMON_CLAIM_KEYS, GITHUB_CLAIM_KEYS } from "./claim-keys";
import { TrustError } from "./errors";
import { Context } from "./evaluate/context";
import { isGithubIssuer } from "./providers";

/** A token's payload. */
export type Claims = { readonly [claim: string]: unknown };

const ALL_GITHUB_KEYS: readonly string[] = [
  ...COMMON_CLAIM_KEYS,
  ...GITHUB_CLAIM_KEYS.filter(({ offered }) => offered !== "no").map(({ claim }) => claim),
];

/** The claims of an issuer that a trust policy can match. `keyPrefix` is the issuer's URL without its scheme. */
export function claimKeys(keyPrefix: string): readonly string[] {
  return isGithubIssuer(keyPrefix) ? ALL_GITHUB_KEYS : COMMON_CLAIM_KEYS;
}

/**
 * What STS makes of a token's claims: the condition keys `<issuer>:<claim>`. A claim that it offers no key for is
 * absent, whatever the token says, so a condition on it behaves as on AWS.
 *
 * @throws TrustError `ERR_TRUST_CLAIM` for a claim of a shape that no key can have
 */
export function claimContext(keyPrefix: string, claims: Claims): Context {
  const offered = claimKeys(keyPrefix);
  const context = new Context();
  for (const [claim, value] of Object.entries(audienceAsSts(claims))) {
    if (value === undefined || value === null) continue;
    const key = `${keyPrefix}:${claim}`;
    if (offered.includes(claim)) context.add({ [key]: claimValue(claim, value) });
    else context.addAbsent(key, "the token has this claim, but STS offers no key for it");
  }
  return context;
}

/** `:aud` is the authorised party where the token names one, else the audience, of which there must be one. */
function audienceAsSts(claims: Claims): Claims {
  const { azp, aud } = claims;
  if (typeof azp === "string") return { ...claims, aud: azp };
  if (!Array.isArray(aud)) return claims;
  if (aud.length !== 1) throw new TrustError("ERR_TRUST_CLAIM", "claim aud", "expected one audience, or azp");
  return { ...claims, aud: aud[0] };
}

function claimValue(claim: string, value: unknown): string | number | boolean | readonly string[] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new TrustError("ERR_TRUST_CLAIM", `claim ${claim}`, "expected text or a list of texts");
}
