import { Issuer } from "./issuer";

/** What may be wrong with a token besides its claims. */
export interface TokenFlaws {
  /** Seconds from issue to expiry; below zero, it expired that long ago. @default 300 */
  readonly expiresInSeconds?: number;
  /** Signed with a key that the issuer does not publish. @default false */
  readonly forged?: boolean;
}

/** Mints a token as the issuer would, or made wrong on purpose. */
export function mintFlawed(
  issuer: Issuer,
  claims: Readonly<Record<string, unknown>>,
  { expiresInSeconds = 300, forged = false }: TokenFlaws,
): Promise<string> {
  const signer = forged ? new Issuer({ url: issuer.url }) : issuer;
  const lifetime = Math.abs(expiresInSeconds);
  return signer.mint(claims, {
    expiresInSeconds: lifetime,
    // A token that expired so long ago was issued as much earlier.
    ...(expiresInSeconds < 0 && { issuedAt: Date.now() - 2 * lifetime * 1000 }),
  });
}
