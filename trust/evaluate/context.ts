import { TrustError } from "../errors";

/**
 * Condition keys of a request. A list is a multivalued key; `undefined` and an empty list are an absent one. Names
 * are compared without case.
 */
export type RequestContext = {
  readonly [key: string]: string | number | boolean | readonly string[] | undefined;
};

/** One key of a request. */
export interface ContextEntry {
  /** Empty when the key is absent. */
  readonly values: readonly string[];
  /** The same, fit to be shown. */
  readonly shown: readonly string[];
  readonly isList: boolean;
  /** Why it is absent, where that is known. */
  readonly note?: string;
}

const ABSENT: ContextEntry = { values: [], shown: [], isList: false };

/** A request's condition keys, looked up the way conditions do. */
export class Context {
  readonly #entries = new Map<string, ContextEntry>();

  /** @throws TrustError `ERR_TRUST_REQUEST` when two sources give the same key: neither may win in silence. */
  add(entries: RequestContext): this {
    for (const [key, value] of Object.entries(entries)) {
      if (value === undefined) continue;
      const isList = Array.isArray(value);
      const values = isList ? value.map(String) : [String(value)];
      const shown = values.some(mayHoldToken) ? values.map(withoutTokens) : values;
      this.#set(key, { values, shown, isList });
    }
    return this;
  }

  /** Records why a key is absent, for the explanation. */
  addAbsent(key: string, note: string): this {
    this.#set(key, { ...ABSENT, note });
    return this;
  }

  /** @param name the key in lower case */
  get(name: string): ContextEntry {
    return this.#entries.get(name) ?? ABSENT;
  }

  #set(key: string, entry: ContextEntry): void {
    const name = key.toLowerCase();
    if (this.#entries.has(name)) {
      throw new TrustError("ERR_TRUST_REQUEST", `request context, ${key}`, "the key is given twice");
    }
    this.#entries.set(name, entry);
  }
}

/**
 * Explanations repeat values of the request. Whoever hands over a token as a value by mistake must not find it in
 * a log. The header of every JWT begins with `{"`, which is `eyJ` in base64url.
 */
export function withoutTokens(text: string): string {
  return mayHoldToken(text) ? text.replace(/eyJ[\w-]*\.[\w-]+\.?[\w-]*/g, "<token>") : text;
}

function mayHoldToken(text: string): boolean {
  return text.includes("eyJ");
}
