import {
  createHmac,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  sign,
} from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT } from "jose";

export type Json = Readonly<Record<string, unknown>>;

/** Who signs. All but `issuer` are what an attacker could come up with. */
export type Signer =
  | "issuer"
  | "second-issuer"
  | "short"
  | "stranger"
  | "hs256-of-public-key"
  | "es256"
  | "rs512"
  | "none";

type KeyName = Exclude<Signer, "hs256-of-public-key" | "rs512" | "none">;

const keys = new Map<KeyName, KeyPairKeyObjectResult>();

/** Made once, and not before it is needed: generating RSA keys is the slowest thing in these tests. */
function keyOf(name: KeyName): KeyPairKeyObjectResult {
  const known = keys.get(name);
  if (known) return known;
  const made =
    name === "es256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: name === "short" ? 1024 : 2048 });
  keys.set(name, made);
  return made;
}

export const KEY_ID = "key-1";

/** A token as ESC signs it, by jose. */
export function signToken(
  claims: Json,
  {
    kid = KEY_ID,
    signer = "issuer",
  }: { readonly kid?: string; readonly signer?: "issuer" | "second-issuer" } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
    .sign(keyOf(signer).privateKey);
}

/** The public key of a signer, as it is published. */
export async function publicKey(signer: KeyOwner = "issuer", kid = KEY_ID) {
  const { n = "", e = "" } = await exportJWK(keyOf(signer).publicKey);
  return { kty: "RSA", n, e, kid, alg: "RS256", use: "sig" } as const;
}

/** A token that jose would refuse to make: any header, any payload text, any signer. */
export function forgeToken(header: unknown, payload: string | Uint8Array, signer: Signer): string {
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  return `${input}.${signatureOf(Buffer.from(input), signer).toString("base64url")}`;
}

function signatureOf(input: Buffer, signer: Signer): Buffer {
  switch (signer) {
    case "none":
      return Buffer.alloc(0);
    case "hs256-of-public-key":
      return createHmac("sha256", pem(keyOf("issuer").publicKey))
        .update(input)
        .digest();
    case "es256":
      return createSign("sha256")
        .update(input)
        .sign({ key: keyOf("es256").privateKey, dsaEncoding: "ieee-p1363" });
    case "rs512":
      return sign("sha512", input, keyOf("issuer").privateKey);
    default:
      return sign("sha256", input, keyOf(signer).privateKey);
  }
}

const encode = (content: string | Uint8Array) => Buffer.from(content).toString("base64url");
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" });

type KeyOwner = "issuer" | "second-issuer" | "short";

/** How the server answers: with its keys, or as its name says. A function answers by itself. */
export type JwksBehaviour = "keys" | "stall" | "reset" | ((response: ServerResponse) => void);

export interface JwksServer {
  readonly uri: string;
  /** How often the keys have been fetched. */
  readonly fetches: () => number;
  /** Rotates: what is published from now on, by key id. */
  publish(keys: Readonly<Record<string, KeyOwner>>): Promise<void>;
  behave(behaviour: JwksBehaviour): void;
  close(): Promise<void>;
}

/** Publishes one issuer's keys on loopback. */
export async function startJwksServer(issuer: KeyOwner = "issuer"): Promise<JwksServer> {
  let fetches = 0;
  let behaviour: JwksBehaviour = "keys";
  let published: unknown[] = [await publicKey(issuer)];
  const server = createServer((request, response) => {
    fetches += 1;
    if (typeof behaviour === "function") behaviour(response);
    else if (behaviour === "reset") request.socket.destroy();
    else if (behaviour === "keys") {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: published }));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}/oidc/.well-known/jwks`,
    fetches: () => fetches,
    async publish(owners) {
      published = await Promise.all(Object.entries(owners).map(([kid, owner]) => publicKey(owner, kid)));
    },
    behave(next) {
      behaviour = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
