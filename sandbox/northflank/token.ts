import { createHmac } from "node:crypto";

/** The service or job that is about to start. */
export interface Workload {
  readonly projectId: string;
  readonly nfObjectId: string;
  readonly nfObjectType: string;
}

const LIFETIME_SECONDS = 86_400;

/**
 * A token as Northflank signs it: HS256 over the secret that it shares with the adapter, for a day.
 *
 * @param now milliseconds since 1970
 * @see https://github.com/northflank/delegated-secret-injection-demo (src/sign-test-jwt.ts)
 */
export function signWorkloadToken(workload: Workload, sharedSecret: string, now: number): string {
  const iat = Math.floor(now / 1000);
  const parts = [
    { alg: "HS256", typ: "JWT" },
    { ...workload, iat, exp: iat + LIFETIME_SECONDS },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${createHmac("sha256", sharedSecret).update(signed).digest("base64url")}`;
}
