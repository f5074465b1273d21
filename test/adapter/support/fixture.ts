import { createHash, randomUUID } from "node:crypto";
import * as z from "zod/mini";
import type { NoticeRecord, RequestRecord } from "../../../lambda/audit/record";
import type { AdapterConfig } from "../../../lambda/config";
import { type AdapterOptions, createAdapter } from "../../../lambda/core";
import type { Adapter } from "../../../lambda/http";
import { defineSource, type Source } from "../../../lambda/sources/define-source";
import { type Json, KEY_ID } from "./issuer";

export const ORGANIZATION = "acme";
export const ISSUER = "https://api.pulumi.com/oidc";
export const AUDIENCE = "https://adapter.example.com/open";
/** What must never be seen outside an answer. */
export const SECRET = "s3cret-value-that-must-not-leak";

/** A source without a cloud. Entries named `broken-…` misbehave as their names say. */
export const vault: Source = defineSource<Json, { name: string; key?: string | undefined }>({
  name: "vault",
  request: z.strictObject({ name: z.string(), key: z.optional(z.string()) }),
  names: ({ name }) => [name],
  connect:
    async () =>
    async ({ name }, { signal }) => {
      switch (name) {
        case "broken-throws":
          throw new Error(`could not read ${SECRET}`);
        case "broken-text":
          return SECRET as unknown as Json;
        case "broken-cyclic": {
          const value: Record<string, unknown> = { value: SECRET };
          value.self = value;
          return value;
        }
        case "broken-huge":
          return { value: SECRET.repeat(1_000) };
        case "broken-slow":
          return new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new Error(SECRET)));
          });
        default:
          return { value: SECRET };
      }
    },
});

/** A configuration in which `app/staging` may open `database`, and the broken entries. */
export function configFor(jwksUri: string, changes: Partial<AdapterConfig> = {}): AdapterConfig {
  return {
    organization: ORGANIZATION,
    issuers: [{ issuer: ISSUER, jwksUri }],
    routes: [
      { path: "/open", action: "open", audience: AUDIENCE },
      { path: "/other", action: "open", audience: "https://adapter.example.com/other" },
    ],
    access: [
      {
        environment: "app/staging",
        action: "open",
        source: "vault",
        names: ["database", "broken-throws", "broken-text", "broken-cyclic", "broken-slow", "broken-huge"],
      },
      { environment: "app/prod", action: "open", source: "vault", names: ["prod-database"] },
      {
        environment: "app/shared",
        rootEnvironment: "app/staging",
        action: "open",
        source: "vault",
        names: ["database"],
      },
      { environment: "app/pr-*", rootEnvironment: "app/*", action: "open", source: "vault", names: ["pr/*"] },
      { environment: "default/legacy", action: "open", source: "vault", names: ["database"] },
    ],
    sources: { vault: {} },
    replay: { store: "memory" },
    limits: { sourceMilliseconds: 50, answerBytes: 10_000 },
    ...changes,
  };
}

export interface LoggedAdapter {
  readonly adapter: Adapter;
  readonly records: (RequestRecord | NoticeRecord)[];
}

/** An adapter that keeps its log records. */
export async function startAdapter(
  config: AdapterConfig,
  options: Partial<AdapterOptions> = {},
): Promise<LoggedAdapter> {
  const records: (RequestRecord | NoticeRecord)[] = [];
  const log = (record: RequestRecord | NoticeRecord) => void records.push(record);
  return { adapter: await createAdapter({ config, sources: [vault], log, ...options }), records };
}

/** The claims that ESC signs for `app/staging` calling with `body`; a fresh `jti` each time. */
export function escClaims(body: string | Uint8Array, changes: Json = {}): Json {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    sub: "pulumi:environments:org:acme:env:<yaml>",
    aud: AUDIENCE,
    iat: now,
    exp: now + 300,
    jti: randomUUID(),
    org: ORGANIZATION,
    env: "<yaml>",
    current_env: "acme/app/staging",
    root_env: "acme/app/staging",
    trigger_user: "alice",
    body_hash: hashOf(body),
  };
  // `undefined` takes a claim away, as JSON does.
  return JSON.parse(JSON.stringify({ ...claims, ...changes })) as Json;
}

export const HEADER: Json = { alg: "RS256", typ: "JWT", kid: KEY_ID };

export function hashOf(body: string | Uint8Array): string {
  return `sha256-${createHash("sha256").update(body).digest("base64")}`;
}
