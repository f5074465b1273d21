import { ask, type HostileCase } from "./case";

const refused = (code: HostileCase["code"]) => ({ status: 401, code }) as const;
const malformed = refused("token_malformed");

/** The last character's unused bits set: another text for the same bytes. */
function flipUnusedBits(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.slice(-1));
  return segment.slice(0, -1) + alphabet[last ^ 1];
}

const segments =
  (index: number, change: (segment: string) => string) =>
  (token: string): string =>
    token
      .split(".")
      .map((segment, at) => (at === index ? change(segment) : segment))
      .join(".");

/** The Authorization header and the form of the token in it. */
export const bearerCases: readonly HostileCase[] = [
  { title: "no Authorization header", ...refused("authorization_missing"), authorization: () => [] },
  {
    title: "an empty Authorization header",
    ...refused("authorization_malformed"),
    authorization: () => [""],
  },
  {
    title: "Basic instead of Bearer",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Basic ${t}`],
  },
  { title: "the token without a scheme", ...refused("authorization_malformed"), authorization: (t) => [t] },
  {
    title: "the scheme without a token",
    ...refused("authorization_malformed"),
    authorization: () => ["Bearer"],
  },
  {
    title: "the scheme in lower case",
    ...refused("authorization_malformed"),
    authorization: (t) => [`bearer ${t}`],
  },
  {
    title: "two Authorization headers",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Bearer ${t}`, `Bearer ${t}`],
  },
  {
    title: "two tokens in one header",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Bearer ${t}, Bearer ${t}`],
  },
  {
    title: "two blanks before the token",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Bearer  ${t}`],
  },
  { title: "a token that is not a token", ...malformed, mangle: () => "let-me-in" },
  { title: "two segments", ...malformed, mangle: (t) => t.split(".").slice(0, 2).join(".") },
  { title: "four segments", ...malformed, mangle: (t) => `${t}.AAAA` },
  { title: "an empty header segment", ...malformed, mangle: segments(0, () => "") },
  { title: "an empty payload segment", ...malformed, mangle: segments(1, () => "") },
  { title: "an empty signature segment", ...malformed, mangle: segments(2, () => "") },
  { title: "padding after the signature", ...malformed, mangle: (t) => `${t}==` },
  { title: "unused bits in the header", ...malformed, mangle: segments(0, flipUnusedBits) },
  { title: "unused bits in the signature", ...malformed, mangle: segments(2, flipUnusedBits) },
  {
    title: "standard base64 in the payload",
    ...malformed,
    mangle: segments(1, (payload) => `${payload.slice(0, -2)}+/`),
  },
  { title: "a header that is not JSON", ...malformed, mangle: segments(0, () => "AAAA") },
  { title: "a header that is a JSON array", ...malformed, mangle: segments(0, () => "W10") },
  {
    title: "a token longer than the limit",
    status: 431,
    code: "header_too_large",
    claims: { padding: "x".repeat(8_192) },
  },
  {
    title: "alg none without a signature",
    ...malformed,
    header: { alg: "none" },
    signer: "none",
  },
  {
    title: "alg none with something for a signature",
    ...refused("token_algorithm"),
    header: { alg: "none" },
    mangle: (t) => `${t}AAAA`,
    signer: "none",
  },
  { title: "alg None with a real signature", ...refused("token_algorithm"), header: { alg: "None" } },
  { title: "no alg", ...refused("token_algorithm"), header: { alg: undefined } },
  {
    title: "HS256 keyed with the public key",
    ...refused("token_algorithm"),
    header: { alg: "HS256" },
    signer: "hs256-of-public-key",
  },
  { title: "ES256", ...refused("token_algorithm"), header: { alg: "ES256" }, signer: "es256" },
  {
    title: "RS512 by the issuer's own key",
    ...refused("token_algorithm"),
    header: { alg: "RS512" },
    signer: "rs512",
  },
  { title: "RS256 in lower case", ...refused("token_algorithm"), header: { alg: "rs256" } },
  { title: "alg as a list", ...refused("token_algorithm"), header: { alg: ["RS256"] } },
  { title: "a crit header", ...refused("token_header"), header: { crit: ["exp"], exp: 1 } },
  { title: "an unencoded payload (b64)", ...refused("token_header"), header: { b64: false, crit: ["b64"] } },
  {
    title: "a jku of the caller's",
    ...refused("token_header"),
    header: { jku: "https://evil.example/jwks" },
  },
  {
    title: "an x5u of the caller's",
    ...refused("token_header"),
    header: { x5u: "https://evil.example/cert" },
  },
  { title: "a jwk of the caller's", ...refused("token_header"), header: { jwk: { kty: "RSA" } } },
  { title: "an x5c of the caller's", ...refused("token_header"), header: { x5c: ["AAAA"] } },
  { title: "a numeric kid", ...refused("token_header"), header: { kid: 1 } },
  { title: "another typ", ...refused("token_header"), header: { typ: "at+jwt" } },
  { title: "an unknown kid", ...refused("token_key_unknown"), header: { kid: "key-2" } },
  { title: "a kid that is a path", ...refused("token_key_unknown"), header: { kid: "../../etc/passwd" } },
  { title: "a kid called __proto__", ...refused("token_key_unknown"), header: { kid: "__proto__" } },
  { title: "a stranger's key under the issuer's kid", ...refused("token_signature"), signer: "stranger" },
  { title: "RS256 announced, HS256 signed", ...refused("token_signature"), signer: "hs256-of-public-key" },
  { title: "half a signature", ...refused("token_signature"), mangle: segments(2, (s) => s.slice(0, 172)) },
  {
    title: "the signature of another token",
    ...refused("token_signature"),
    mangle: segments(1, () => Buffer.from(ask({ org: "acme" })).toString("base64url")),
  },
  {
    title: "three Authorization headers, one of them valid",
    ...refused("authorization_malformed"),
    authorization: (t) => ["Basic YQ==", `Bearer ${t}`, "Bearer x.y.z"],
  },
  {
    title: "a tab after the scheme",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Bearer\t${t}`],
  },
  {
    title: "a blank inside the token",
    ...refused("authorization_malformed"),
    mangle: (t) => t.replace(".", ". "),
  },
  {
    title: "a second scheme in one header",
    ...refused("authorization_malformed"),
    authorization: (t) => [`Basic YQ==, Bearer ${t}`],
  },
  { title: "quotes around the token", ...malformed, authorization: (t) => [`Bearer "${t}"`] },
  { title: "the token as a parameter", ...malformed, authorization: (t) => [`Bearer token=${t}`] },
  { title: "padding after the header", ...malformed, mangle: segments(0, (header) => `${header}=`) },
  { title: "padding after the payload", ...malformed, mangle: segments(1, (payload) => `${payload}==`) },
  {
    title: "standard base64 in the signature",
    ...malformed,
    mangle: segments(2, (s) => `${s.slice(0, -2)}+/`),
  },
  {
    title: "a segment of a length that base64url cannot have",
    ...malformed,
    mangle: segments(1, () => "AAAAA"),
  },
  { title: "an encrypted token's five segments", ...malformed, mangle: (t) => `${t}.AAAA.AAAA` },
  {
    title: "HS512 keyed with the public key",
    ...refused("token_algorithm"),
    header: { alg: "HS512" },
    signer: "hs256-of-public-key",
  },
  { title: "PS256", ...refused("token_algorithm"), header: { alg: "PS256" } },
  { title: "alg with a blank behind it", ...refused("token_algorithm"), header: { alg: "RS256 " } },
  { title: "alg as null", ...refused("token_algorithm"), header: { alg: null } },
  { title: "a compressed payload (zip)", ...refused("token_header"), header: { zip: "DEF" } },
  { title: "a nested token (cty)", ...refused("token_header"), header: { cty: "JWT" } },
  { title: "a key set in the header", ...refused("token_header"), header: { keys: [] } },
  { title: "a kid as a list", ...refused("token_header"), header: { kid: ["key-1"] } },
  { title: "a kid with SQL", ...refused("token_key_unknown"), header: { kid: "key-1' OR '1'='1" } },
  {
    title: "a kid that is an address",
    ...refused("token_key_unknown"),
    header: { kid: "http://169.254.169.254/" },
  },
  { title: "an empty kid", ...refused("token_key_unknown"), header: { kid: "" } },
  { title: "a kid in another case", ...refused("token_key_unknown"), header: { kid: "KEY-1" } },
  {
    title: "an empty signature of zeros",
    ...refused("token_signature"),
    mangle: segments(2, (s) => "A".repeat(s.length)),
  },
];
