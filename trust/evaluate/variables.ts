import type { Context } from "./context";
import { ARN_FIELDS, type Matcher, matchesTokens, patternTokens, type Token } from "./patterns";

/**
 * Policy variables: `${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the characters themselves. AWS
 * resolves them in `Resource` and in string and ARN conditions of policies of version 2012-10-17.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
const VARIABLE = /\$\{([^}]*)\}/g;

export function hasVariables(text: string): boolean {
  return text.includes("${");
}

/** A part of a text with variables: fixed, or what a request's key says. */
type Part = { readonly text: string } | { readonly key: string; readonly fallback: string | undefined };

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    parts.push({ text: text.slice(end, match.index) }, partOf(match[1] ?? ""));
    end = match.index + match[0].length;
  }
  parts.push({ text: text.slice(end) });
  return parts;
}

function partOf(inner: string): Part {
  if (inner === "*" || inner === "?" || inner === "$") return { key: "", fallback: inner };
  const [, key = inner, fallback] = /^([^,]*?)\s*,\s*'([^']*)'$/.exec(inner) ?? [];
  return { key: key.trim().toLowerCase(), fallback };
}

/** What a variable stands for: nothing when the key is absent, empty or has a list of values. */
function standsFor({ key, fallback }: Extract<Part, { key: string }>, context: Context): string | undefined {
  const { values, isList } = context.get(key);
  const value = isList ? undefined : values[0];
  return value === undefined || value === "" ? fallback : value;
}

/** The variables of a text that have no value in this request, as the policy spells them. */
export function unresolvedVariables(text: string, context: Context): string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([whole, inner = ""]) => {
    const part = partOf(inner);
    return "key" in part && standsFor(part, context) === undefined ? [whole] : [];
  });
}

/**
 * How a text with variables is compared. `wild`: the policy's own `*` and `?` are wildcards; those that a variable
 * brings along never are. A variable without a value matches nothing.
 */
export interface VariableStyle {
  readonly wild: boolean;
  readonly ignoreCase?: boolean;
}

export function variableMatcher(text: string, { wild, ignoreCase = false }: VariableStyle): Matcher {
  const parts = partsOf(text);
  const fold = (one: string) => (ignoreCase ? one.toLowerCase() : one);
  return (value, context) => {
    const tokens = resolve(parts, context, { wild, fold });
    return tokens !== undefined && matchesTokens(tokens, fold(value));
  };
}

/** The six fields of an ARN are told apart in the policy's text: what a variable stands for stays in its field. */
export function variableArnMatcher(text: string): Matcher {
  const fields: string[] = [""];
  for (const piece of text.split(/(\$\{[^}]*\}|:)/)) {
    if (piece === ":" && fields.length < ARN_FIELDS) fields.push("");
    else fields[fields.length - 1] += piece;
  }
  while (fields.length < ARN_FIELDS) fields.push("*");
  const matchers = fields.map((field) => variableMatcher(field, { wild: true }));
  return (value, context) => {
    const rest = value.split(":");
    const parts = [...rest.slice(0, ARN_FIELDS - 1), rest.slice(ARN_FIELDS - 1).join(":")];
    return (
      rest.length >= ARN_FIELDS && matchers.every((matcher, index) => matcher(parts[index] ?? "", context))
    );
  };
}

function resolve(
  parts: readonly Part[],
  context: Context,
  { wild, fold }: { readonly wild: boolean; readonly fold: (text: string) => string },
): Token[] | undefined {
  const tokens: Token[] = [];
  for (const part of parts) {
    if ("text" in part) {
      tokens.push(...(wild ? patternTokens(fold(part.text)) : fold(part.text).split("")));
    } else {
      const value = standsFor(part, context);
      if (value === undefined) return undefined;
      tokens.push(...fold(value).split(""));
    }
  }
  return tokens;
}
