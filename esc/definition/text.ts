import { DefinitionError } from "./errors";

/** One step of a reference: an object's key or a list's index (from 0). */
export type Step = string | number;

/** What stands between quotes or in a scalar: text as meant, and references. */
export type TextPart = string | { readonly path: readonly Step[] };

/**
 * Writes `${a.b["c-d"][0]}`. Names that are not identifiers are quoted: the grammar ends a bare name at `.`,
 * `[`, `}`, white space, and at the bytes 0x85 and 0xA0 of longer characters.
 *
 * @throws {DefinitionError} ERR_DEFINITION_REFERENCE for a step that the grammar has no spelling for: an empty
 * key, a key that ends in a backslash (`\"` is the only escape, so the closing quote would be taken for text),
 * or an index that is not a natural number.
 */
export function renderAccess(path: readonly Step[]): string {
  const [root] = path;
  if (typeof root !== "string") throw unwritable(path, "must begin with a name");
  return `\${${path.map((step, position) => renderStep(path, step, position)).join("")}}`;
}

function renderStep(path: readonly Step[], step: Step, position: number): string {
  if (typeof step === "number") {
    if (!Number.isSafeInteger(step) || step < 0)
      throw unwritable(path, "has an index that is not 0, 1, 2, …");
    return `[${step}]`;
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return position === 0 ? step : `.${step}`;
  if (step === "") throw unwritable(path, "has an empty key");
  if (step.endsWith("\\")) throw unwritable(path, "has a key that ends in a backslash");
  return `["${step.replaceAll('"', '\\"')}"]`;
}

function unwritable(path: readonly Step[], why: string): DefinitionError {
  return new DefinitionError(
    "ERR_DEFINITION_REFERENCE",
    `the reference ${JSON.stringify(path)} ${why}: \${…} cannot express it; rename the key`,
  );
}

/**
 * Writes text and references as one string of the language. In plain text `$$` means `$`, and a `$` alone is
 * itself: so a dollar is doubled only where it stands before another one or before a brace, which keeps
 * ordinary text readable (`US$ 5`).
 */
export function renderText(parts: readonly TextPart[]): string {
  let text = "";
  for (const [position, part] of parts.entries()) {
    if (typeof part !== "string") {
      text += renderAccess(part.path);
      continue;
    }
    // What follows decides how the last dollar of this part is written, so it has to be looked at as well.
    const next = parts[position + 1];
    const following = typeof next === "string" ? next.slice(0, 1) : next === undefined ? "" : "$";
    text += `${part}${following}`.replace(/\$(?=[${])/g, "$$$$").slice(0, following === "" ? undefined : -1);
  }
  return text;
}
