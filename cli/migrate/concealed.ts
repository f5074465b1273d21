import { inspect } from "node:util";

/** A value that is moved and never shown: neither JSON, nor a template, nor a debugger's print has it. */
export class Concealed {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value itself: for the one who writes it, and for comparing. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[concealed]";
  }

  toJSON(): string {
    return "[concealed]";
  }

  [inspect.custom](): string {
    return "[concealed]";
  }
}
