import type { Form } from "./form";
import { factsOf, type NamedForm } from "./named";

/** As many characters of a set, at random. */
export type Random = (length: number, alphabet: string) => string;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC = `${LETTERS}0123456789`;
const HEX = "0123456789abcdef";

const known: { readonly [Name in NamedForm]?: (random: Random) => string } = {
  text: (random) => random(16, ALPHANUMERIC),
  "random-key": (random) => random(40, ALPHANUMERIC),
  "postgres-url": (random) => `postgresql://app:${random(32, ALPHANUMERIC)}@database.internal:5432/app`,
  "redis-url": (random) => `rediss://:${random(32, ALPHANUMERIC)}@cache.internal:6379/0`,
  "github-token": (random) => `ghp_${random(36, ALPHANUMERIC)}`,
  "github-repo": (random) => `acme/${random(8, LETTERS)}`,
  "sentry-dsn": (random) => `https://${random(32, HEX)}@errors.internal/2`,
  "huggingface-token": (random) => `hf_${random(34, LETTERS)}`,
  "aws-access-key-id": (random) => `AKIA${random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`,
  "cloudflare-tunnel-token": (random) => {
    const uuid = [8, 4, 4, 4, 12].map((length) => random(length, HEX)).join("-");
    const token = { a: random(32, HEX), t: uuid, s: random(43, ALPHANUMERIC) };
    return Buffer.from(JSON.stringify(token)).toString("base64");
  },
  "pem-private-key": (random) =>
    `-----BEGIN PRIVATE KEY-----\n${random(64, ALPHANUMERIC)}\n-----END PRIVATE KEY-----\n`,
};

/**
 * A value of this form that opens nothing: for the laptop cloud and for tests. What is not secret is the form's example.
 * Undefined for JSON, whose schema does not say how.
 */
export function makeUp(form: Form, random: Random): string | undefined {
  if (typeof form === "string") return known[form]?.(random) ?? factsOf(form).example;
  if ("enum" in form) return form.enum[0];
  return "pattern" in form ? form.example : undefined;
}
