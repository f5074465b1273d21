import type { AdapterErrorCode } from "../../lambda/errors";
import { escClaims, HEADER } from "../adapter/support/fixture";
import { forgeToken, type Json, type Signer } from "../adapter/support/issuer";
import { northflankClaims, northflankToken, SHARED_SECRET } from "./support";

/** One hostile request on Northflank's route, told as its difference from a valid one. */
export interface HostileNorthflank {
  readonly title: string;
  readonly status: number;
  readonly code: AdapterErrorCode;
  /** @default a valid one */
  readonly token?: () => string;
  /** The Authorization headers, none or several, instead of one `Bearer <token>`. */
  readonly authorization?: (token: string) => readonly string[];
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
}

const now = () => Math.floor(Date.now() / 1000);
const refused = (code: AdapterErrorCode) => ({ status: 401, code });
const claims = (title: string, code: AdapterErrorCode, changes: () => Json): HostileNorthflank => ({
  title,
  ...refused(code),
  token: () => northflankToken(northflankClaims(changes())),
});
const header = (title: string, code: AdapterErrorCode, changes: Json): HostileNorthflank => ({
  title,
  ...refused(code),
  token: () => northflankToken(undefined, { header: changes }),
});
const denied = (title: string, changes: Json): HostileNorthflank => ({
  title,
  status: 403,
  code: "access_denied",
  token: () => northflankToken(northflankClaims(changes)),
});
const broken = (
  title: string,
  object: string,
  status: number,
  code: AdapterErrorCode,
): HostileNorthflank => ({
  title,
  status,
  code,
  token: () => northflankToken(northflankClaims({ nfObjectId: object })),
});
const signedAs = (alg: string, signer: Signer) => () =>
  forgeToken({ ...HEADER, alg }, JSON.stringify(northflankClaims()), signer);

export const hostileNorthflank: readonly HostileNorthflank[] = [
  { title: "no token", ...refused("authorization_missing"), authorization: () => [] },
  {
    title: "a token without its scheme",
    ...refused("authorization_malformed"),
    authorization: (token) => [token],
  },
  {
    title: "another scheme",
    ...refused("authorization_malformed"),
    authorization: (token) => [`Basic ${token}`],
  },
  {
    title: "two tokens",
    ...refused("authorization_malformed"),
    authorization: (token) => [`Bearer ${token}`, `Bearer ${token}`],
  },
  { title: "a token that is none", ...refused("token_malformed"), authorization: () => ["Bearer token"] },
  {
    title: "a token of two segments",
    ...refused("token_malformed"),
    token: () => northflankToken().replace(/\.[^.]*$/, ""),
  },
  {
    title: "an empty signature",
    ...refused("token_malformed"),
    token: () => northflankToken().replace(/[^.]*$/, ""),
  },
  { title: "a padded signature", ...refused("token_malformed"), token: () => `${northflankToken()}=` },
  {
    title: "unused bits in the signature",
    ...refused("token_malformed"),
    // 32 bytes leave two unused bits: no canonical end is followed by this one.
    token: () => northflankToken().replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  },

  {
    title: "ESC's token",
    ...refused("token_algorithm"),
    token: () => forgeToken(HEADER, JSON.stringify(escClaims("")), "issuer"),
  },
  {
    title: "ESC's token with Northflank's claims beside its own",
    ...refused("token_algorithm"),
    token: () => forgeToken(HEADER, JSON.stringify({ ...escClaims(""), ...northflankClaims() }), "issuer"),
  },
  {
    title: "a token signed with the public key of ESC's issuer",
    ...refused("token_signature"),
    token: signedAs("HS256", "hs256-of-public-key"),
  },
  { title: "alg none", ...refused("token_malformed"), token: signedAs("none", "none") },
  header("alg none with a signature", "token_algorithm", { alg: "none" }),
  header("alg RS256 with a signature by the shared secret", "token_algorithm", { alg: "RS256" }),
  header("alg hs256", "token_algorithm", { alg: "hs256" }),
  header("alg HS256 in a list", "token_algorithm", { alg: ["HS256"] }),
  header("no alg", "token_algorithm", { alg: undefined }),
  {
    title: "HS512",
    ...refused("token_algorithm"),
    token: () => northflankToken(undefined, { header: { alg: "HS512" }, hash: "sha512" }),
  },
  {
    title: "HS256 in the header, HS512 in the signature",
    ...refused("token_signature"),
    token: () => northflankToken(undefined, { hash: "sha512" }),
  },
  header("crit", "token_header", { crit: ["exp"] }),
  header("b64", "token_header", { b64: false }),
  header("a jwk of the caller's", "token_header", { jwk: { kty: "oct", k: "AAAA" } }),
  header("a jku of the caller's", "token_header", { jku: "https://evil.example/keys" }),
  header("a kid that is a path", "token_header", { kid: ["../../dev/null"] }),
  header("another typ", "token_header", { typ: "JWE" }),

  {
    title: "another secret",
    ...refused("token_signature"),
    token: () => northflankToken(undefined, { secret: `${SHARED_SECRET}x` }),
  },
  {
    title: "an empty secret",
    ...refused("token_signature"),
    token: () => northflankToken(undefined, { secret: "" }),
  },
  {
    title: "the demonstration's secret",
    ...refused("token_signature"),
    token: () => northflankToken(undefined, { secret: "APP_SECRET" }),
  },
  {
    title: "the secret's bytes instead of its text",
    ...refused("token_signature"),
    token: () => northflankToken(undefined, { secret: Buffer.from(SHARED_SECRET, "base64url") }),
  },
  {
    title: "a payload that was changed",
    ...refused("token_signature"),
    token: () => {
      const [head, , signature] = northflankToken().split(".");
      const other = Buffer.from(JSON.stringify(northflankClaims({ nfObjectId: "api-other" }))).toString(
        "base64url",
      );
      return `${head}.${other}.${signature}`;
    },
  },
  {
    title: "a shorter signature",
    ...refused("token_signature"),
    token: () => northflankToken().replace(/[^.]*$/, (signature) => signature.slice(0, 40)),
  },

  claims("an expired token", "token_expired", () => ({ iat: now() - 7_200, exp: now() - 3_600 })),
  claims("a token of the future", "token_not_yet_valid", () => ({ iat: now() + 600, exp: now() + 1_200 })),
  claims("a token that is not valid yet", "token_not_yet_valid", () => ({ nbf: now() + 600 })),
  claims("a token that lives longer than a day", "token_lifetime", () => ({ exp: now() + 86_401 })),
  claims("a token that expires before it is issued", "token_lifetime", () => ({
    iat: now() + 20,
    exp: now() + 10,
  })),
  claims("a token without exp", "token_claims_malformed", () => ({ exp: undefined })),
  claims("a token without iat", "token_claims_malformed", () => ({ iat: undefined })),
  claims("exp as text", "token_claims_malformed", () => ({ exp: String(now() + 600) })),
  claims("exp beyond numbers", "token_claims_malformed", () => ({ exp: { valueOf: 1 } })),
  claims("no project", "token_claims_malformed", () => ({ projectId: undefined })),
  claims("an empty project", "token_claims_malformed", () => ({ projectId: "" })),
  claims("a project in a list", "token_claims_malformed", () => ({ projectId: ["shop"] })),
  claims("an endless project", "token_claims_malformed", () => ({ projectId: "s".repeat(257) })),
  claims("no object", "token_claims_malformed", () => ({ nfObjectId: undefined })),
  claims("an object that is a number", "token_claims_malformed", () => ({ nfObjectId: 1 })),
  claims("no object type", "token_claims_malformed", () => ({ nfObjectType: undefined })),
  {
    title: "a payload that is a list",
    ...refused("token_claims_malformed"),
    token: () => northflankToken("[]"),
  },
  {
    title: "a payload that is not JSON",
    ...refused("token_claims_malformed"),
    token: () => northflankToken("projectId=shop"),
  },
  {
    title: "a payload that is not UTF-8",
    ...refused("token_claims_malformed"),
    token: () => northflankToken(Buffer.from('{"projectId":"\xff"}', "latin1")),
  },

  denied("another project", { projectId: "other" }),
  denied("the project in another case", { projectId: "Shop" }),
  denied("a project that begins like one", { projectId: "shop-2" }),
  denied("a wildcard for a project", { projectId: "*" }),
  denied("another object", { nfObjectId: "web" }),
  denied("a wildcard for an object", { nfObjectId: "api-*" }),
  denied("an object beyond the pattern's segment", { nfObjectId: "api-a/b" }),
  denied("an object that leaves the pattern's segment once decoded", { nfObjectId: "api-..%2fweb" }),
  denied("an object with a line end", { nfObjectId: "api-a\r\nb" }),
  denied("another type of object", { nfObjectType: "addon" }),
  denied("an object called __proto__", { nfObjectId: "__proto__" }),

  { title: "POST", status: 405, code: "method_not_allowed", method: "POST" },
  { title: "PUT", status: 405, code: "method_not_allowed", method: "PUT" },
  { title: "OPTIONS, as a browser asks", status: 405, code: "method_not_allowed", method: "OPTIONS" },
  { title: "the path with a slash at its end", status: 404, code: "not_found", path: "/northflank/" },
  { title: "the path in upper case", status: 404, code: "not_found", path: "/NORTHFLANK" },
  { title: "the path encoded", status: 404, code: "not_found", path: "/%6eorthflank" },
  { title: "a body longer than the limit", status: 413, code: "body_too_large", body: "x".repeat(65_537) },
  {
    title: "an endless token",
    status: 431,
    code: "header_too_large",
    authorization: (token) => [`Bearer ${token}${"A".repeat(8_200)}`],
  },

  {
    title: "Northflank's token on ESC's route",
    ...refused("token_algorithm"),
    method: "POST",
    path: "/open",
    body: "{}",
  },
  {
    title: "ESC's claims under the shared secret on ESC's route",
    ...refused("token_algorithm"),
    token: () => northflankToken(escClaims("{}")),
    method: "POST",
    path: "/open",
    body: "{}",
  },
  {
    title: "the shared secret under ESC's header on ESC's route",
    ...refused("token_signature"),
    token: () => northflankToken(escClaims("{}"), { header: HEADER }),
    method: "POST",
    path: "/open",
    body: "{}",
  },

  broken("one of two sources throws the secret", "broken-throws", 502, "source_unavailable"),
  broken("a source answers no object", "broken-text", 502, "source_unavailable"),
  broken("a source stalls", "broken-slow", 504, "source_timeout"),
  broken("the answer is longer than the limit", "broken-huge", 502, "source_too_large"),
  broken("an answer without the member that is selected", "no-member", 422, "source_key_missing"),
  broken("a file that is not base64", "not-base64", 422, "source_not_text"),
];
