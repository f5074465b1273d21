import type { AdapterErrorCode } from "../../../lambda/errors";
import type { Json, Signer } from "../support/issuer";

/** One hostile request, told as its difference from a valid one. `undefined` in a record takes a member away. */
export interface HostileCase {
  readonly title: string;
  readonly status: number;
  readonly code: AdapterErrorCode;
  /** Changes to the token's header. */
  readonly header?: Json;
  /** Changes to the claims; `now` is in seconds. */
  readonly claims?: Json | ((now: number) => Json);
  /** The payload's whole text instead of claims. */
  readonly payload?: string | Uint8Array;
  readonly signer?: Signer;
  /** Changes to the finished token. */
  readonly mangle?: (token: string) => string;
  /** The Authorization headers, none or several, instead of one `Bearer <token>`. */
  readonly authorization?: (token: string) => readonly string[];
  readonly method?: string;
  readonly path?: string;
  /** `null`: none. */
  readonly contentType?: string | null;
  /** What is sent. */
  readonly body?: string | Uint8Array;
  /** What the token's hash is made over, when that is something else. */
  readonly hashedBody?: string;
  /** Send it twice; the second answer counts. */
  readonly twice?: true;
}

export const BODY = JSON.stringify({ source: "vault", name: "database" });

export const ask = (request: Json) => JSON.stringify(request);
