import { DefinitionError } from "./errors";
import { type Expression, expression, isExpression, NODE, type Reference, type Scalar } from "./expression";
import { renderAccess, type Step, type TextPart } from "./text";

/**
 * Text with references in it: interpolate`https://api.${domain}`. What is given as a string, number or
 * boolean is text like the rest; a `$` or `${` in it stays what it is.
 *
 * @throws {DefinitionError} ERR_DEFINITION_REFERENCE when it holds one reference and nothing else, for that
 * would keep the type of what it refers to instead of being text: use the reference itself, or `fn.toString`.
 */
export function interpolate(
  strings: TemplateStringsArray,
  ...values: readonly (Reference<Scalar> | string | number | boolean)[]
): Expression<string> {
  const parts: TextPart[] = [];
  for (const [position, text] of strings.entries()) {
    parts.push(text);
    const value = values[position];
    if (isExpression(value)) parts.push({ path: referencePath(value) });
    else if (value !== undefined) parts.push(String(value));
    else if (position < values.length) {
      throw new DefinitionError(
        "ERR_DEFINITION_REFERENCE",
        `value ${position + 1} of an interpolation is undefined: refer to something that the environment or its imports declare`,
      );
    }
  }
  const kept = parts.filter((part) => part !== "");
  if (kept.length === 1 && typeof kept[0] !== "string") {
    throw new DefinitionError(
      "ERR_DEFINITION_REFERENCE",
      `an interpolation of ${renderAccess(kept[0]?.path ?? [])} alone is a reference, not text: use the reference itself, or fn.toString`,
    );
  }
  return expression({ kind: "interpolation", parts: kept });
}

function referencePath(value: Expression): readonly Step[] {
  const node = value[NODE];
  if (node.kind === "reference") return node.path;
  throw new DefinitionError(
    "ERR_DEFINITION_REFERENCE",
    "a call cannot stand inside text: declare it as a value first and refer to that",
  );
}
