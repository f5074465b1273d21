import { describeForm, patternOf } from "./describe";
import type { Form } from "./form";
import { findSchemaProblems } from "./json-schema";
import { isPlaceholder } from "./placeholder";

/** What is wrong with a value. `reason` says it in words and never with the value. */
export interface FormProblem {
  readonly code: "empty" | "placeholder" | "malformed";
  readonly reason: string;
}

/**
 * What is wrong with a value; undefined when nothing is. A value is text, as in a variable; a number or a boolean counts
 * as its text, as ESC exports it; JSON may also be what it stands for, as in Pulumi configuration.
 *
 * @param options.secret whether it is to be a secret, which `test` and `password` are not. @default true
 */
export function checkForm(
  form: Form,
  value: unknown,
  options: { readonly secret?: boolean } = {},
): FormProblem | undefined {
  if (typeof form === "object" && "json" in form) return checkJson(form, value);
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    return malformed(`is ${kindOf(value)}, not ${describeForm(form)}`);
  }
  const text = String(value);
  if (text.trim() === "") return { code: "empty", reason: "is empty" };
  if (typeof form === "object" && "enum" in form) {
    return form.enum.includes(text) ? undefined : malformed(`is not ${describeForm(form)}`);
  }
  if (isPlaceholder(text, options)) return placeholder;
  if (!matches(form, text)) return malformed(notOf(form, text));
  const reason = form === "cloudflare-tunnel-token" ? tunnelTokenProblem(text) : portProblem(form, text);
  return reason === undefined ? undefined : malformed(reason);
}

const placeholder: FormProblem = { code: "placeholder", reason: "is a placeholder" };

function malformed(reason: string): FormProblem {
  return { code: "malformed", reason };
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : "an object";
}

/** The commonest slip has words of its own: what was pasted with a blank or a line break around it. */
function notOf(form: Form, text: string): string {
  const edge = matches(form, text.trim()) ? ": it has blanks or a line break at an end" : "";
  return `is not ${describeForm(form)}${edge}`;
}

function matches(form: Form, text: string): boolean {
  return new RegExp(`^(?:${patternOf(form)})$`, "u").test(text);
}

function checkJson(form: Extract<Form, { json: unknown }>, value: unknown): FormProblem | undefined {
  let parsed = value;
  if (typeof value === "string") {
    if (value.trim() === "") return { code: "empty", reason: "is empty" };
    if (isPlaceholder(value)) return placeholder;
    try {
      parsed = JSON.parse(value);
    } catch {
      return malformed(`is not JSON, but has to be ${form.description}`);
    }
  }
  const problems = findSchemaProblems(form.json, parsed);
  if (problems.length === 0) return undefined;
  const [shown, rest] = [problems.slice(0, 3).join("; "), problems.length - 3];
  return malformed(`is not ${form.description}: ${shown}${rest > 0 ? `; and ${rest} more` : ""}`);
}

function tunnelTokenProblem(text: string): string | undefined {
  const wrong = "is base64, but not of a tunnel's account, id and secret";
  try {
    const token: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    if (typeof token !== "object" || token === null) return wrong;
    return ["a", "t", "s"].every((name) => name in token) ? undefined : wrong;
  } catch {
    return wrong;
  }
}

function portProblem(form: Form, text: string): string | undefined {
  return form === "port" && Number(text) > 65535 ? "is larger than 65535" : undefined;
}
