import type { Inventory } from "../item";
import { generatedBy, type VariableSpec, variablesOf } from "./variables";

/**
 * Every variable of every stage, once, with what it is: a setting with its example, a secret with nothing. Where stages
 * differ, the first is taken, which is the laptop's.
 */
export function renderDotenv(inventory: Inventory, { source }: { readonly source: string }): string {
  const found = new Map<
    string,
    Map<VariableSpec["item"], { readonly variable: VariableSpec; readonly stages: string[] }>
  >();
  for (const stage of inventory.stages) {
    for (const variable of variablesOf(inventory, stage)) {
      const items = found.get(variable.name) ?? new Map();
      const known = items.get(variable.item) ?? { variable, stages: [] };
      found.set(variable.name, items.set(variable.item, known));
      known.stages.push(stage);
    }
  }
  const blocks = [...found.values()].map((items) => block([...items.values()]));
  return [
    `# ${inventory.title}. ${generatedBy(source)}`,
    "# Better than a copy of this file with secrets in it: pulumi env run <organization>/<project>/<stage> -- <command>",
    ...blocks.flatMap((lines) => ["", ...lines]),
    "",
  ].join("\n");
}

function block(
  items: readonly { readonly variable: VariableSpec; readonly stages: readonly string[] }[],
): string[] {
  const [first] = items;
  if (first === undefined) return [];
  const { name, secret, example, expected } = first.variable;
  return [
    ...items.map(
      ({ variable: { item }, stages }) => `# ${stages.join(", ")}: ${item.description} (${item.kind})`,
    ),
    `# ${expected}`,
    `${name}=${secret || example === undefined ? "" : quote(example)}`,
  ];
}

/** In single quotes nothing is expanded, whoever reads the file. */
function quote(text: string): string {
  return /^[A-Za-z0-9_./:@-]*$/.test(text) ? text : `'${text}'`;
}
