import type { Form } from "./form";
import type { JsonSchema } from "./json-schema";
import { factsOf } from "./named";

/** One form in words: `an AWS region`, `one of staging, prod`. Markdown. */
export function describeForm(form: Form): string {
  if (typeof form === "string") return factsOf(form).description;
  if ("enum" in form) return `one of ${form.enum.map((word) => `\`${word}\``).join(", ")}`;
  return form.description;
}

/** Text of this form; undefined for JSON. */
export function exampleOf(form: Form): string | undefined {
  if (typeof form === "string") return factsOf(form).example;
  if ("enum" in form) return form.enum[0];
  return "pattern" in form ? form.example : undefined;
}

/** What the whole text matches, for ECMAScript and Python alike; undefined for JSON. */
export function patternOf(form: Form): string | undefined {
  if (typeof form === "string") return factsOf(form).pattern;
  if ("enum" in form) return form.enum.map(escapePattern).join("|");
  return "pattern" in form ? form.pattern : undefined;
}

/**
 * The same for `grep -E`, which looks at single lines; undefined where it has no such thing: JSON, more than one line,
 * look-ahead, `\d`.
 */
export function posixPatternOf(form: Form): string | undefined {
  const pattern = patternOf(form);
  if (pattern === undefined || form === "pem-private-key") return undefined;
  const translated = pattern.replace(/\[[^\]]*\]/g, (brackets) => brackets.replaceAll("\\s", "[:space:]"));
  return /\(\?|\\[A-Za-z0-9]/.test(translated) ? undefined : translated;
}

/** The JSON Schema (2020-12) of the text: for JSON, what the text stands for is its `contentSchema`. */
export function schemaOf(form: Form): JsonSchema {
  const description = describeForm(form);
  if (typeof form === "object" && "enum" in form) return { type: "string", enum: form.enum };
  if (typeof form === "object" && "json" in form) {
    return { type: "string", description, contentMediaType: "application/json", contentSchema: form.json };
  }
  return { type: "string", description, pattern: `^(?:${patternOf(form)})$` };
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
