import { type PropertyValue, plain, Secret } from "./values";

/** Shorter ones would blank out ordinary words. Pulumi's own log filter draws the line at the same place. */
const shortestRedacted = 3;

/** Knows every secret that passed through a deployment, and takes them out of text. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Remembers the secrets inside a value. */
  learn(value: PropertyValue): void {
    if (value instanceof Secret) this.#remember(plain(value));
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(this.learn, this);
  }

  redact(text: string): string {
    // Longest first: a secret may contain another one.
    const found = [...this.#secrets].filter((secret) => text.includes(secret));
    found.sort((one, other) => other.length - one.length);
    return found.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
  }

  #remember(value: unknown): void {
    if (typeof value === "string" && value.trim().length >= shortestRedacted) {
      this.#secrets.add(value);
      this.#secrets.add(JSON.stringify(value).slice(1, -1));
      for (const line of value.split("\n")) if (line.length >= 8) this.#secrets.add(line);
    } else if (typeof value === "object" && value !== null) {
      for (const part of Object.values(value)) this.#remember(part);
    }
  }
}
