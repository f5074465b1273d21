import { checkForm, checkSchema, exampleOf, type Form, isPlaceholder } from "./forms";
import type { InventoryValue } from "./item";

/** What is wrong with the form of a value whose item is in these stages. */
export function findFormProblems(form: InventoryValue["form"], stages: readonly string[]): readonly string[] {
  if (typeof form === "string" || !("byStage" in form)) return problemsOf(form as Form);
  const [has, needs] = [Object.keys(form.byStage), stages];
  return [
    ...needs.filter((stage) => !has.includes(stage)).map((stage) => `has none for the stage "${stage}"`),
    ...has
      .filter((stage) => !needs.includes(stage))
      .map((stage) => `the item is not in the stage "${stage}"`),
    ...Object.entries(form.byStage).flatMap(([stage, each]) =>
      problemsOf(each as Form).map((problem) => `${stage}: ${problem}`),
    ),
  ];
}

function problemsOf(form: Form): string[] {
  if (typeof form === "string") return [];
  if ("json" in form) return attempt(() => checkSchema(form.json), "is not a JSON Schema");
  if ("enum" in form) return new Set(form.enum).size < form.enum.length ? ["has a word twice"] : [];
  const bad = attempt(() => new RegExp(form.pattern, "u"), "is not a regular expression");
  if (bad.length > 0) return bad;
  const example = exampleOf(form) ?? "";
  if (isPlaceholder(example)) return ["its example would be taken for a placeholder"];
  return checkForm(form, example) === undefined ? [] : ["its example is not of this form"];
}

function attempt(work: () => unknown, failure: string): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [`${failure}: ${(error as Error).message}`];
  }
}
