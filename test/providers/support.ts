import assert from "node:assert/strict";
import { type Evaluation, open } from "../../esc/evaluator/index";
import type { Provider } from "../../esc/evaluator/types";
import type { TokenClaims, TokenOptions } from "../../esc/providers/tokens";
import { escSubject } from "../../trust/index";

export const TOKEN = "header.payload.signature-that-must-not-leak";

/** What the fake issuer was asked to sign, in order. */
export interface FakeIssuer extends TokenOptions {
  readonly minted: TokenClaims[];
}

export function fakeIssuer(opener: Partial<TokenOptions> = {}): FakeIssuer {
  const minted: TokenClaims[] = [];
  return {
    organization: "acme",
    user: { login: "alice" },
    subject: escSubject,
    async mintToken(claims) {
      minted.push(claims);
      return TOKEN;
    },
    minted,
    ...opener,
  };
}

export interface OpenOptions {
  /** @default anonymous */
  readonly name?: string;
  readonly definition: string | object;
  /** What can be imported. */
  readonly environments?: Readonly<Record<string, object>>;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly team?: string;
  readonly timeoutMs?: number;
}

/** Opens a definition with the official evaluator, in the context that the service gives. */
export function openWith({
  name,
  definition,
  environments = {},
  providers,
  team = "",
  timeoutMs,
}: OpenOptions): Promise<Evaluation> {
  return open({
    name,
    yaml: yamlOf(definition),
    providers,
    timeoutMs,
    loadEnvironment: async (wanted) => ({ yaml: yamlOf(environments[wanted] ?? assert.fail(wanted)) }),
    context: {
      pulumi: {
        user: { login: "alice" },
        organization: { login: "acme" },
        token: { name: "t", type: "team", team },
        openDuration: "1h0m0s",
      },
    },
  });
}

/** JSON is YAML. */
function yamlOf(definition: string | object): string {
  return typeof definition === "string" ? definition : JSON.stringify(definition);
}

/** The values of an open that has to succeed, secrets as "[secret]". */
export async function redacted(options: OpenOptions): Promise<unknown> {
  const { diagnostics, redactedJson = "{}" } = await openWith(options);
  assert.deepEqual(diagnostics, []);
  return JSON.parse(redactedJson);
}

/** The plain values of an open that has to succeed. */
export async function revealed(options: OpenOptions): Promise<unknown> {
  const { diagnostics, revealedJson = "{}" } = await openWith(options);
  assert.deepEqual(diagnostics, []);
  return JSON.parse(revealedJson);
}

/** The diagnostics of an open that has to fail. None may hold what the caller is not to see. */
export async function failure(options: OpenOptions, ...hidden: string[]): Promise<string> {
  const { diagnostics } = await openWith(options);
  assert.notEqual(diagnostics.length, 0, "was opened");
  for (const text of [TOKEN, ...hidden]) assert.ok(!JSON.stringify(diagnostics).includes(text), text);
  return diagnostics.map(({ summary }) => summary).join("\n");
}

/** An error as the AWS SDK throws it. */
export function awsError(code: string, message: string, status = 400): Error {
  return Object.assign(new Error(message), {
    name: code,
    $metadata: { httpStatusCode: status, requestId: "11111111-2222-3333-4444-555555555555" },
  });
}

export const AWS_REQUEST = "request id: 11111111-2222-3333-4444-555555555555";

export const SESSION = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "secret-access-key-that-must-not-leak",
  sessionToken: "session-token-that-must-not-leak",
};
