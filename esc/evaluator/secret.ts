import { randomUUID } from "node:crypto";

/** The key under which a secret crosses into Go inside plain JSON. Random, so that no data can forge it. */
export const SECRET_MARK = `secret:${randomUUID()}`;

/** A value that stays secret in the environment that it becomes part of. Logged or stringified it hides itself. */
export class Secret {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  reveal(): unknown {
    return this.#value;
  }

  toJSON(): string {
    return "[secret]";
  }

  toString(): string {
    return "[secret]";
  }
}

/** Marks a provider's or rotator's answer, or any part of it, as secret. */
export function secret(value: unknown): Secret {
  return new Secret(value);
}

/** The JSON text that Go reads. What JSON has no place for, such as `undefined`, becomes null. */
export function encodeMarked(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
    const raw = this[key];
    return raw instanceof Secret ? { [SECRET_MARK]: raw.reveal() } : plain;
  });
  return text ?? "null";
}

/** Reads what Go wrote, with secrets as {@link Secret} or, when `plain`, as what they hold. */
export function decodeMarked(text: string, plain: boolean): unknown {
  return JSON.parse(text, (_key, value) => {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, SECRET_MARK)) return value;
    return plain ? value[SECRET_MARK] : new Secret(value[SECRET_MARK]);
  });
}
