import { AUDIENCE, hashOf, ISSUER } from "../support/fixture";
import { ask, BODY, type HostileCase } from "./case";

const refused = (code: HostileCase["code"]) => ({ status: 401, code }) as const;
const malformed = refused("token_claims_malformed");
const audience = refused("token_audience");

/** Signed by the issuer, and still not for us, not now, or not for this body. */
export const claimCases: readonly HostileCase[] = [
  { title: "a payload that is not JSON", ...malformed, payload: "let me in" },
  { title: "a payload that is not UTF-8", ...malformed, payload: Buffer.from('{"iss":"\xff"}', "latin1") },
  { title: "a payload that is a JSON array", ...malformed, payload: "[]" },
  { title: "a payload that is null", ...malformed, payload: "null" },
  { title: "another issuer", ...refused("token_issuer"), claims: { iss: "https://evil.example" } },
  {
    title: "an issuer that begins like ours",
    ...refused("token_issuer"),
    claims: { iss: `${ISSUER}.evil.example` },
  },
  { title: "the issuer with a trailing slash", ...refused("token_issuer"), claims: { iss: `${ISSUER}/` } },
  { title: "an issuer in a list", ...refused("token_issuer"), claims: { iss: [ISSUER] } },
  { title: "no issuer", ...refused("token_issuer"), claims: { iss: undefined } },
  { title: "another audience", ...audience, claims: { aud: "https://other.example.com/open" } },
  { title: "the other route's audience", ...audience, claims: { aud: "https://adapter.example.com/other" } },
  { title: "the audience with a trailing slash", ...audience, claims: { aud: `${AUDIENCE}/` } },
  { title: "the audience in upper case", ...audience, claims: { aud: AUDIENCE.toUpperCase() } },
  {
    title: "the audience with its port",
    ...audience,
    claims: { aud: "https://adapter.example.com:443/open" },
  },
  { title: "the audience by http", ...audience, claims: { aud: "http://adapter.example.com/open" } },
  {
    title: "several audiences, ours among them",
    ...audience,
    claims: { aud: [AUDIENCE, "https://x.example"] },
  },
  { title: "our audience alone in a list", ...audience, claims: { aud: [AUDIENCE] } },
  { title: "no audience", ...audience, claims: { aud: undefined } },
  { title: "ESC's audience for AWS", ...audience, claims: { aud: "aws:acme" } },
  { title: "no exp", ...malformed, claims: { exp: undefined } },
  { title: "exp as text", ...malformed, claims: (now) => ({ exp: String(now + 300) }) },
  {
    title: "exp beyond what a number holds",
    ...malformed,
    payload:
      '{"iss":"https://api.pulumi.com/oidc","aud":"https://adapter.example.com/open","exp":1e999,"iat":1}',
  },
  { title: "no iat", ...malformed, claims: { iat: undefined } },
  { title: "iat as text", ...malformed, claims: (now) => ({ iat: String(now) }) },
  { title: "a negative iat", ...malformed, claims: { iat: -1 } },
  { title: "nbf as text", ...malformed, claims: (now) => ({ nbf: String(now) }) },
  {
    title: "an expired token",
    ...refused("token_expired"),
    claims: (now) => ({ iat: now - 400, exp: now - 40 }),
  },
  {
    title: "a token issued in the future",
    ...refused("token_not_yet_valid"),
    claims: (now) => ({ iat: now + 60 }),
  },
  {
    title: "a token issued in the future, valid already",
    ...refused("token_not_yet_valid"),
    claims: (now) => ({ iat: now + 60, nbf: now }),
  },
  { title: "a token not valid yet", ...refused("token_not_yet_valid"), claims: (now) => ({ nbf: now + 60 }) },
  {
    title: "a token that lives for a year",
    ...refused("token_lifetime"),
    claims: (now) => ({ exp: now + 31_536_000 }),
  },
  {
    title: "a token that expires when issued",
    ...refused("token_lifetime"),
    claims: (now) => ({ iat: now, exp: now }),
  },
  { title: "no jti", ...malformed, claims: { jti: undefined } },
  { title: "an empty jti", ...malformed, claims: { jti: "" } },
  { title: "a jti that is a number", ...malformed, claims: { jti: 1 } },
  { title: "a jti without end", ...malformed, claims: { jti: "x".repeat(257) } },
  { title: "a second use", ...refused("token_replayed"), twice: true },
  { title: "no body hash", ...refused("body_hash_missing"), claims: { body_hash: undefined } },
  { title: "a body hash in a list", ...refused("body_hash_missing"), claims: { body_hash: [] } },
  { title: "an empty body hash", ...refused("body_hash_mismatch"), claims: { body_hash: "" } },
  { title: "the body of another request", ...refused("body_hash_mismatch"), hashedBody: ask({ name: "x" }) },
  {
    title: "the body with a blank more",
    ...refused("body_hash_mismatch"),
    body: `${BODY} `,
    hashedBody: BODY,
  },
  { title: "no body, but the token of one", ...refused("body_hash_mismatch"), body: "", hashedBody: BODY },
  {
    title: "a body hash by SHA-512",
    ...refused("body_hash_mismatch"),
    claims: { body_hash: `sha512-${"A".repeat(86)}==` },
  },
  { title: "an audience in an object", ...audience, claims: { aud: { url: AUDIENCE } } },
  { title: "an audience with a query", ...audience, claims: { aud: `${AUDIENCE}?` } },
  {
    title: "an audience with a user",
    ...audience,
    claims: { aud: AUDIENCE.replace("https://", "https://a@") },
  },
  { title: "exp as null", ...malformed, claims: { exp: null } },
  { title: "exp as a list", ...malformed, claims: (now) => ({ exp: [now + 300] }) },
  {
    title: "exp in milliseconds",
    ...refused("token_lifetime"),
    claims: (now) => ({ exp: (now + 300) * 1000 }),
  },
  {
    title: "iat in milliseconds",
    ...refused("token_not_yet_valid"),
    claims: (now) => ({ iat: now * 1000, exp: now * 1000 + 1 }),
  },
  {
    title: "no body hash, but the token's hash under another name",
    ...refused("body_hash_missing"),
    claims: { body_hash: undefined, bodyHash: "sha256-" },
  },
  {
    title: "a body hash in hexadecimal",
    ...refused("body_hash_mismatch"),
    claims: { body_hash: `sha256-${"0".repeat(64)}` },
  },
  {
    title: "a body hash without its padding",
    ...refused("body_hash_mismatch"),
    claims: { body_hash: hashOf(BODY).slice(0, -1) },
  },
  {
    title: "a body hash with another dash",
    ...refused("body_hash_mismatch"),
    claims: { body_hash: hashOf(BODY).replace("sha256-", "sha256_") },
  },
  {
    title: "claims called __proto__",
    ...refused("token_issuer"),
    payload: '{"__proto__":{"iss":"https://api.pulumi.com/oidc"}}',
  },
];
