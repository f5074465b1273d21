import { readProperty } from "../esc/evaluator/index";
import { type ExactJson, parseExact } from "../esc/evaluator/json";

/** A variable that an opened environment exports. Safe to print. */
export interface ExportedVariable {
  readonly name: string;
  /** `[secret]` for a secret. Numbers keep the spelling of the definition. */
  readonly value: string;
  readonly secret: boolean;
}

/**
 * What an open environment gives a process: the scalars under `environmentVariables`, as ESC's clients take them
 * (objects and lists are left out, null is empty).
 *
 * @param environment JSON text of an open session, as the service answers it
 */
export function exportedVariables(environment: string): ExportedVariable[] {
  const block = readProperty(environment, "environmentVariables");
  if (block === undefined) return [];
  const variables = members(members(parseExact(block)).value);
  return Object.entries(variables).flatMap(([name, variable]) => {
    const { value = null, secret } = members(variable);
    if (typeof value === "object" && value !== null) return [];
    const isSecret = secret === true;
    return [{ name, value: isSecret ? "[secret]" : scalar(value), secret: isSecret }];
  });
}

/** The members of an object by their plain names, which `parseExact` marks as strings. */
function members(value: ExactJson | undefined): Record<string, ExactJson> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.slice(1), member]));
}

function scalar(value: string | boolean | null): string {
  if (value === null) return "";
  return typeof value === "string" ? value.slice(1) : String(value);
}
