import { randomUUID } from "node:crypto";
import { type Issuer, mintFlawed, type TokenFlaws } from "./issuers";
import { escTokenClaims } from "./testing/tokens";

/** What a hostile, or honest, caller sends to the adapter. */
export interface AdapterCase extends TokenFlaws {
  /** Who asks what, for people. */
  readonly title: string;
  /** The code of the adapter's answer; `ok` for the value. */
  readonly expected: string;
  /** Sends the same request this often: the last answer counts. @default 1 */
  readonly times?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Entry asked for. @default the stage's own */
  readonly entry?: string;
  /** Without a signature, and saying so. */
  readonly unsigned?: boolean;
  /** What is sent differs from what the token was made for. */
  readonly tampered?: boolean;
}

/** One answer of the adapter. Safe to print: it holds no token and no value. */
export interface AdapterAnswer {
  readonly title: string;
  readonly expected: string;
  readonly code: string;
  readonly status: number;
  readonly ok: boolean;
}

export interface AskAdapterOptions {
  readonly organization: string;
  readonly project: string;
  readonly stage: string;
  /** The adapter's full address. */
  readonly url: string;
  /** Pulumi's. */
  readonly issuer: Issuer;
  /** Knows the way from the adapter's address to this machine. */
  readonly fetch: typeof globalThis.fetch;
}

/** The honest request and, beside it, each thing that must not be answered. */
function adapterCases({ organization, project, stage, url }: AskAdapterOptions): AdapterCase[] {
  const other = stage === "staging" ? "prod" : "staging";
  return [
    { title: `ESC's ${stage} asks for its entry`, expected: "ok" },
    { title: "the same request, sent twice", times: 2, expected: "token_replayed" },
    { title: "a token that Pulumi's key did not sign", forged: true, expected: "token_key_unknown" },
    { title: "a token without a signature", unsigned: true, expected: "token_malformed" },
    { title: "a token for another address", claims: { aud: `${url}/` }, expected: "token_audience" },
    {
      title: "a token of another issuer",
      claims: { iss: "https://api.example.com/oidc" },
      expected: "token_issuer",
    },
    { title: "an expired token", expiresInSeconds: -600, expected: "token_expired" },
    {
      title: "another organization's environment",
      claims: { org: "mallory" },
      expected: "organization_denied",
    },
    { title: "a body that is not the one signed for", tampered: true, expected: "body_hash_mismatch" },
    {
      title: "an environment that no rule lists",
      claims: { current_env: `${organization}/${project}/sandbox` },
      expected: "access_denied",
    },
    {
      title: `${other}'s environment at ${stage}'s adapter`,
      claims: { current_env: `${organization}/${project}/${other}` },
      expected: "access_denied",
    },
    {
      title: `${stage} asks for ${other}'s entry`,
      entry: `${project}/${other}/partner`,
      expected: "access_denied",
    },
    {
      title: `${stage} asks for an entry that ESC reads itself`,
      entry: `${project}/${stage}/database`,
      expected: "access_denied",
    },
  ];
}

/** Sends each case to the deployed adapter, at its own address, one after another. */
export async function askAdapter(options: AskAdapterOptions): Promise<AdapterAnswer[]> {
  const answers: AdapterAnswer[] = [];
  for (const question of adapterCases(options)) answers.push(await ask(question, options));
  return answers;
}

async function ask(question: AdapterCase, options: AskAdapterOptions): Promise<AdapterAnswer> {
  const { title, expected, times = 1 } = question;
  const { body, token } = await makeRequest(question, options);
  let response: Response | undefined;
  for (let sent = 0; sent < times; sent++) {
    response = await options.fetch(options.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    });
  }
  if (response === undefined) throw new TypeError(`${title}: nothing was sent`);
  const code = response.ok ? "ok" : codeOf(await response.text());
  return { title, expected, code, status: response.status, ok: code === expected };
}

async function makeRequest(question: AdapterCase, options: AskAdapterOptions) {
  const { organization, project, stage, url, issuer } = options;
  const environment = `${project}/${stage}`;
  const body = JSON.stringify({ secretName: question.entry ?? `${environment}/partner` });
  const claims = escTokenClaims(organization, {
    environment,
    audience: url,
    body,
    subjectAttributes: [],
    claims: question.claims,
  });
  const token = question.unsigned
    ? unsigned({ iss: issuer.url, ...claims })
    : await mintFlawed(issuer, claims, question);
  return { token, body: question.tampered ? body.replace("{", "{ ") : body };
}

/** RFC 7519, section 6: an unsecured token. */
function unsigned(claims: Record<string, unknown>): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: "none", typ: "JWT" },
    { ...claims, iat: now, exp: now + 300, jti: randomUUID() },
  ];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
}

/** The stable code; a gateway's own answers have none. */
function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    return "none";
  }
}
