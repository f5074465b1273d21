/** What is known of a form that has a name. */
export interface FormFacts {
  /** In words, for the page and for errors. */
  readonly description: string;
  /**
   * What the whole text matches. ECMAScript and Python read it alike, and `grep -E` once `\s`, which stands inside
   * brackets only, is written `[:space:]`.
   */
  readonly pattern: string;
  /** Text of this form. Secrets' are made up so that no one could take them for real. */
  readonly example: string;
  /** Text of this form wherever it stands: whoever finds it outside of a secret has found a leak. */
  readonly telltale?: RegExp;
}

const SEGMENT = "[A-Za-z0-9._~%!$&'()*+,;=-]";
const HOST = "[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?";

/**
 * The forms that have a name. Where somebody else decides what a token looks like, the pattern is no narrower than what
 * they document, for a form that refuses a good value is worse than one that accepts a bad one.
 */
export const namedForms = {
  text: { description: "text on one line", pattern: ".*[^\\s].*", example: "text" },
  "random-key": {
    description: "a random key: 24 or more characters without spaces",
    pattern: "[!-~]{24,}",
    example: "9Jq2vYd0Wm7rTzB4LxKc1NfH",
  },
  integer: { description: "a whole number", pattern: "-?(0|[1-9][0-9]*)", example: "3" },
  boolean: { description: "`true` or `false`", pattern: "true|false", example: "true" },
  port: { description: "a port: 1 to 65535", pattern: "[1-9][0-9]{0,4}", example: "8080" },
  hostname: { description: "a host name", pattern: HOST, example: "api.example.com" },
  url: {
    description: "an absolute URL",
    pattern: "[a-z][a-z0-9+.-]*://[^\\s/]+(/[^\\s]*)?",
    example: "http://localhost:8080/",
  },
  "https-url": {
    description: "a URL that begins with `https://`",
    pattern: `https://${HOST}(:[0-9]{1,5})?([/?#][^\\s]*)?`,
    example: "https://api.example.com/",
  },
  "aws-region": {
    description: "an AWS region",
    pattern: "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}",
    example: "eu-west-1",
  },
  "aws-arn": {
    description: "an ARN",
    pattern: "arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:[^\\s]+",
    example: "arn:aws:sns:eu-west-1:123456789012:alerts",
  },
  // As libpq reads them, with the login: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
  "postgres-url": {
    description:
      "`postgresql://user:password@host[:port]/database`; in the password `@ / : ? # %` percent-encoded",
    pattern: `postgres(ql)?://${SEGMENT}+:${SEGMENT}+@${HOST}(:[0-9]{1,5})?/${SEGMENT}+([?][^\\s]*)?`,
    example: "postgresql://app:0123-not-a-password@db.example.net:5432/app",
    telltale: /\bpostgres(?:ql)?:\/\/[^\s:/@]+:[^\s@/]{6,}@[^\s/]+/,
  },
  "redis-url": {
    description: "`redis://` or `rediss://`, with `user:password@` where there is one",
    pattern: `rediss?://(${SEGMENT}*:${SEGMENT}+@)?${HOST}(:[0-9]{1,5})?(/[0-9]*)?`,
    example: "rediss://:0123-not-a-password@cache.example.net:6379/0",
    telltale: /\brediss?:\/\/[^\s:/@]*:[^\s@/]{6,}@[^\s/]+/,
  },
  // https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github lists the
  // prefixes. Of ghs_ there are two since April 2026: 40 characters, and some 520 with two dots, ghs_<app>_<JWT>.
  "github-token": {
    description: "a GitHub token: `ghp_…`, `github_pat_…`, `gho_…`, `ghu_…`, `ghs_…` or `ghr_…`",
    pattern: "gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{40,}",
    example: "ghp_0NotAToken0NotAToken0NotAToken0NotAT",
    telltale: /\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40,}/,
  },
  "github-repo": {
    description: "a GitHub repository: `owner/name` or `https://github.com/owner/name`",
    pattern:
      "(https://github[.]com/|git@github[.]com:)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+",
    example: "example/oceanid",
  },
  // https://docs.sentry.io/concepts/key-terms/dsn-explainer/: {protocol}://{public key}[:{secret key}]@{host}{path}/{id}
  "sentry-dsn": {
    description: "a Sentry DSN: `https://<public key>@<host>/<project>`",
    pattern: `https?://[0-9a-f]{32}(:[0-9a-f]{32})?@${HOST}(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/[0-9]+`,
    example: "https://00112233445566778899aabbccddeeff@o1.ingest.example.io/2",
    telltale: /\bhttps?:\/\/[0-9a-f]{32}(?::[0-9a-f]{32})?@[^\s/]+(?:\/\S+)?\/\d+\b/,
  },
  // What `cloudflared tunnel token` prints: the base64 of JSON with the account (a), the tunnel (t) and the secret (s).
  "cloudflare-tunnel-token": {
    description: "a Cloudflare tunnel token: base64 of JSON with the members `a`, `t` and `s`",
    pattern: "eyJ[A-Za-z0-9+/_-]{90,}={0,2}",
    example: Buffer.from(
      JSON.stringify({
        a: "00112233445566778899aabbccddeeff",
        t: "00000000-0000-4000-8000-000000000000",
        s: "MDEyMy1ub3QtYS1zZWNyZXQ=",
      }),
    ).toString("base64"),
    telltale: /\beyJhIjoi[A-Za-z0-9+/_-]{80,}={0,2}/,
  },
  // Scanners differ whether digits occur; https://huggingface.co/docs/hub/security-tokens gives the prefix only.
  "huggingface-token": {
    description: "a Hugging Face token: `hf_…`",
    pattern: "(hf|api_org)_[A-Za-z0-9]{30,}",
    example: "hf_NotATokenNotATokenNotATokenNotATo",
    telltale: /\b(?:hf|api_org)_[A-Za-z0-9]{34,}\b/,
  },
  "aws-access-key-id": {
    description: "the id of an AWS access key: `AKIA…`",
    pattern: "(AKIA|ASIA)[A-Z2-7]{16}",
    example: "AKIAIOSFODNN7EXAMPLE",
    telltale: /\bAKIA[A-Z2-7]{16}\b/,
  },
  "pem-private-key": {
    description: "a private key in PEM",
    pattern:
      "-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[A-Za-z0-9+/=\\s]{60,}-----END ([A-Z]+ )?PRIVATE KEY-----[\\s]*",
    example: `-----BEGIN PRIVATE KEY-----\n${"NotAKey/".repeat(8)}\n-----END PRIVATE KEY-----\n`,
    telltale: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/,
  },
} as const satisfies Readonly<Record<string, FormFacts>>;

/** The name of a form. */
export type NamedForm = keyof typeof namedForms;

export function factsOf(form: NamedForm): FormFacts {
  return namedForms[form];
}
