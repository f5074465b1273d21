import { generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from "jose";

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

export interface IssuerOptions {
  /** As in `iss`: `https://api.pulumi.com/oidc`. Nobody on the internet is asked for it. */
  readonly url: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface MintOptions {
  /** @default 300 */
  readonly expiresInSeconds?: number;
  /** Milliseconds since 1970. @default now */
  readonly issuedAt?: number;
}

/**
 * An OpenID Connect issuer: signs tokens with RS256 and publishes the keys that prove it. The first key is made
 * when the first token is, for it takes a tenth of a second.
 */
export class Issuer {
  readonly url: string;
  private readonly now: () => number;
  /** Newest first; all are published. */
  private keys: Promise<SigningKey>[] = [];

  constructor({ url, now = Date.now }: IssuerOptions) {
    this.url = url;
    this.now = now;
  }

  /**
   * Signs a token. `iss`, `jti`, `iat`, `nbf` and `exp` are given; a claim of the same name wins, so that a
   * token can be made wrong on purpose.
   */
  async mint(claims: Readonly<Record<string, unknown>>, options: MintOptions = {}): Promise<string> {
    const issuedAt = Math.floor((options.issuedAt ?? this.now()) / 1000);
    const key = await this.signingKey();
    return new SignJWT({
      iss: this.url,
      jti: randomUUID(),
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + (options.expiresInSeconds ?? 300),
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.id })
      .sign(key.privateKey);
  }

  /** Signs with a new key from now on. The older keys stay published, unless they are to be forgotten. */
  async rotateKeys({ forget = false }: { forget?: boolean } = {}): Promise<void> {
    const key = makeKey();
    this.keys = forget ? [key] : [key, ...this.keys];
    await key;
  }

  /** Where verifiers find the keys. */
  get jwksUri(): string {
    return `${this.url}/.well-known/jwks`;
  }

  /** The discovery document. Source of its form: OpenID Connect Discovery 1.0, section 3. */
  discovery(): Record<string, unknown> {
    return {
      issuer: this.url,
      jwks_uri: this.jwksUri,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    };
  }

  /** The published keys. */
  async jwks(): Promise<{ keys: JWK[] }> {
    await this.signingKey();
    const keys = await Promise.all(this.keys);
    return { keys: keys.map(({ publicJwk }) => publicJwk) };
  }

  private signingKey(): Promise<SigningKey> {
    let [key] = this.keys;
    if (!key) {
      key = makeKey();
      this.keys = [key];
    }
    return key;
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const jwk = await exportJWK(publicKey);
  const id = await calculateJwkThumbprint(jwk);
  return { id, privateKey, publicJwk: { ...jwk, kid: id, alg: "RS256", use: "sig" } };
}
