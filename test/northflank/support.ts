import { createHmac, randomBytes } from "node:crypto";
import type { AdapterConfig } from "../../lambda/config";
import type { NorthflankConfig, NorthflankSecret } from "../../lambda/northflank/config";
import type { SecretVersions } from "../../lambda/northflank/shared-secret";
import { configFor, startAdapter } from "../adapter/support/fixture";
import type { Json } from "../adapter/support/issuer";

/** What Northflank and the adapter share, made anew for each run. */
export const SHARED_SECRET = randomBytes(32).toString("base64url");
export const PATH = "/northflank";

/** The claims of a workload that the rules mean, as Northflank signs them. */
export function northflankClaims(changes: Json = {}): Json {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    projectId: "shop",
    nfObjectId: "api-web",
    nfObjectType: "service",
    iat: now,
    exp: now + 86_400,
  };
  // `undefined` takes a claim away, as JSON does.
  return JSON.parse(JSON.stringify({ ...claims, ...changes })) as Json;
}

const encode = (content: string | Uint8Array) => Buffer.from(content).toString("base64url");

/** A token as Northflank signs it, or with another header, payload, key or hash. */
export function northflankToken(
  payload: Json | string | Uint8Array = northflankClaims(),
  { header = {}, secret = SHARED_SECRET as string | Uint8Array, hash = "sha256" } = {},
): string {
  const text =
    typeof payload === "string" || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
  const signed = `${encode(JSON.stringify({ alg: "HS256", typ: "JWT", ...header }))}.${encode(text)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

const from = (name: string) => ({ source: "vault", request: { name } });

/** One variable and one file of each kind that the protocol has. */
export const SECRETS: readonly NorthflankSecret[] = [
  { type: "ENV", key: "DATABASE_URL", ...from("database") },
  { type: "FILE", path: "/etc/app/plain", ...from("database") },
  {
    type: "FILE",
    path: "/etc/app/key.pem",
    encoding: "utf-8",
    owner: { policy: "AlwaysSetExplicit", value: "app" },
    group: { policy: "KeepOrSetExplicit", value: "1000" },
    permissions: { policy: "AlwaysSet", mode: "0640" },
    ...from("database"),
  },
  {
    type: "FILE",
    path: "/etc/app/inherited",
    owner: { policy: "AlwaysSetInherited" },
    group: { policy: "KeepOrSetInherited" },
    permissions: { policy: "KeepOrSet", mode: 0o400 },
    ...from("database"),
  },
];

export const northflank: NorthflankConfig = {
  path: PATH,
  sharedSecret: { entry: "app/northflank" },
  rules: [
    { project: "shop", object: "api-*", objectTypes: ["service", "job"], secrets: SECRETS },
    {
      project: "shop",
      object: "broken-throws",
      secrets: [
        { type: "ENV", key: "GOOD", ...from("database") },
        { type: "ENV", key: "BAD", ...from("broken-throws") },
      ],
    },
    ...["broken-text", "broken-slow", "broken-huge"].map((name) => ({
      project: "shop",
      object: name,
      secrets: [{ type: "ENV" as const, key: "BAD", ...from(name) }],
    })),
    {
      project: "shop",
      object: "no-member",
      secrets: [{ type: "ENV", key: "BAD", ...from("database"), select: ["values", "nothing"] }],
    },
    {
      project: "shop",
      object: "not-base64",
      secrets: [{ type: "FILE", path: "/a", encoding: "base64", ...from("database") }],
    },
    { project: "bare", object: "*", secrets: [] },
  ],
};

/** An entry of Secrets Manager that a test changes. */
export class Entry {
  versions: SecretVersions | undefined;
  reads = 0;

  constructor(text: string | undefined = SHARED_SECRET) {
    if (text !== undefined) this.versions = { current: { text, created: 0 } };
  }

  put(text: string, created: number): void {
    this.versions = { current: { text, created }, previous: this.versions?.current };
  }

  readonly read = async (): Promise<SecretVersions> => {
    this.reads += 1;
    if (this.versions === undefined)
      throw Object.assign(new Error("no value"), { name: "ResourceNotFoundException" });
    return this.versions;
  };
}

/** The adapter of the other tests, with Northflank's door. */
export function startNorthflank(
  jwksUri: string,
  {
    config = {},
    entry = new Entry(),
    now,
  }: { config?: Partial<AdapterConfig>; entry?: Entry; now?: () => number } = {},
) {
  return startAdapter(configFor(jwksUri, { northflank, ...config }), {
    readSharedSecret: entry.read,
    ...(now && { now }),
  });
}
