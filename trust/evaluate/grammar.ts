import { TrustError } from "../errors";

/** Readers for the parts of a policy document. `where` is the place that errors name. */

export function malformed(where: string, message: string): TrustError {
  return new TrustError("ERR_TRUST_POLICY_MALFORMED", where, message);
}

/** Node's own message repeats the text, so it is not passed on. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(where, "expected JSON");
  }
}

export function readObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(where, "expected an object");
  }
  return value as Readonly<Record<string, unknown>>;
}

export function allowOnly(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw malformed(where, `${unknown} is not an element of a policy`);
}

export function many(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** One or many texts. None is malformed: a statement that names nothing says nothing. */
export function readTexts(value: unknown, where: string): string[] {
  const texts = many(value).map((text) => {
    if (typeof text !== "string") throw malformed(where, "expected text or a list of texts");
    return text;
  });
  if (texts.length === 0) throw malformed(where, "expected at least one value");
  return texts;
}

/**
 * Like `readTexts`, where AWS resolves no policy variables: a text that holds one would never match as meant.
 *
 * @throws TrustError `ERR_TRUST_VARIABLE_UNSUPPORTED`
 */
export function readPlainTexts(value: unknown, where: string): string[] {
  return readTexts(value, where).map((text) => {
    if (!text.includes("${")) return text;
    throw new TrustError("ERR_TRUST_VARIABLE_UNSUPPORTED", where, "AWS resolves no policy variables here");
  });
}

/** Like `readTexts`; IAM takes numbers and booleans for texts in a `Condition`. */
export function readConditionValues(value: unknown, where: string): string[] {
  const isScalar = (one: unknown) => typeof one === "number" || typeof one === "boolean";
  return readTexts(
    many(value).map((one) => (isScalar(one) ? String(one) : one)),
    where,
  );
}
