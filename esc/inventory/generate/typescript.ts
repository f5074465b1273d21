import { PORTABLE_PLACEHOLDER } from "../forms";
import type { Inventory } from "../item";
import { typeOfSchema } from "./json-type";
import { generatedBy, type VariableSpec, variablesOf } from "./variables";

/** Types and loader for applications in TypeScript: a file that needs nothing but Node.js. */
export function renderTypeScript(inventory: Inventory, { source }: { readonly source: string }): string {
  const stages = inventory.stages.map((stage) => ({ stage, variables: variablesOf(inventory, stage) }));
  const spec = Object.fromEntries(
    stages.map(({ stage, variables }) => [
      stage,
      Object.fromEntries(variables.map((variable) => [variable.name, specOf(variable)])),
    ]),
  );
  return [
    `// ${generatedBy(source)}`,
    "",
    SECRET,
    ...stages.map(({ stage, variables }) => typeOfStage(stage, variables)),
    "/** What each stage has. */",
    "export interface SettingsByStage {",
    ...stages.map(({ stage }) => `  readonly ${JSON.stringify(stage)}: ${nameOf(stage)};`),
    "}",
    "",
    LOADER,
    `const PLACEHOLDER = new RegExp(${JSON.stringify(PORTABLE_PLACEHOLDER)}, "u");`,
    "",
    `const SPECS: { readonly [S in Stage]: { readonly [name: string]: Spec } } = ${JSON.stringify(spec, null, 2)};`,
    "",
  ].join("\n");
}

function typeOfStage(stage: string, variables: readonly VariableSpec[]): string {
  return [
    `/** What \`${stage}\` runs with. */`,
    `export interface ${nameOf(stage)} {`,
    ...variables.flatMap((variable) => [
      `  /** ${variable.item.description}; ${variable.expected.replaceAll("*/", "*\\/")} */`,
      `  readonly ${variable.name}: ${variable.secret ? `Secret<${typeOf(variable)}>` : typeOf(variable)};`,
    ]),
    "}",
    "",
  ].join("\n");
}

function typeOf({ type, schema, form }: VariableSpec): string {
  if (type === "json") return typeOfSchema(schema);
  if (typeof form === "object" && "enum" in form)
    return form.enum.map((word) => JSON.stringify(word)).join(" | ");
  return type === "text" ? "string" : type;
}

function nameOf(stage: string): string {
  const words = stage.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return `${words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")}Settings`;
}

function specOf({ type, secret, expected, pattern, schema, canBePlaceholder }: VariableSpec) {
  return { type, secret, expected, pattern, schema, canBePlaceholder };
}

const SECRET = `/** A secret. Whatever prints it prints \`[secret]\`; \`reveal()\` gives it to whom it is for. */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}
`;

const LOADER = `export type Stage = keyof SettingsByStage;

/** Settings that cannot be used: every problem, each by the variable's name and without its value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "ERR_SETTINGS";
  readonly problems: readonly string[];

  constructor(stage: string, problems: readonly string[]) {
    super(\`\${problems.length} settings of \${stage} cannot be used:\\n\${problems.map((each) => \`  \${each}\\n\`).join("")}\`);
    this.problems = problems;
  }
}

/**
 * Reads the variables of a stage. Call it once, before anything else.
 *
 * @throws SettingsError naming all that is missing, empty, a placeholder or of another form, at once
 */
export function loadSettings<S extends Stage>(
  stage: S,
  environment: { readonly [name: string]: string | undefined } = process.env,
): SettingsByStage[S] {
  const problems: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(SPECS[stage])) {
    const text = environment[name];
    const read = text === undefined ? { problem: "is missing" } : readText(text, spec);
    if ("problem" in read) problems.push(\`\${name} \${read.problem}\`);
    else settings[name] = spec.secret ? new Secret(read.value) : read.value;
  }
  if (problems.length > 0) throw new SettingsError(stage, problems);
  return settings as unknown as SettingsByStage[S];
}

interface Spec {
  readonly type: "text" | "number" | "boolean" | "json";
  readonly secret: boolean;
  readonly expected: string;
  readonly pattern?: string;
  readonly schema?: unknown;
  readonly canBePlaceholder: boolean;
}

function readText(text: string, spec: Spec): { readonly value: unknown } | { readonly problem: string } {
  if (text.trim() === "") return { problem: "is empty" };
  if (spec.canBePlaceholder && PLACEHOLDER.test(text.trim().toLowerCase())) return { problem: "is a placeholder" };
  const wrong = { problem: \`is not \${spec.expected}\` };
  if (spec.pattern !== undefined && !new RegExp(\`^(?:\${spec.pattern})$\`, "u").test(text)) return wrong;
  if (spec.type === "number") return { value: Number(text) };
  if (spec.type === "boolean") return { value: text === "true" };
  if (spec.type === "text") return { value: text };
  try {
    const value: unknown = JSON.parse(text);
    return fits(spec.schema, value) ? { value } : wrong;
  } catch {
    return wrong;
  }
}

/** What is looked at of a JSON Schema: types, numbers of items, members. \`escapement verify\` looks at all of it. */
function fits(schema: unknown, value: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return schema !== false;
  const { type, items, minItems, maxItems, uniqueItems, required, properties } = schema as Record<string, unknown>;
  if (Array.isArray(value)) {
    if (type !== undefined && type !== "array") return false;
    if (typeof minItems === "number" && value.length < minItems) return false;
    if (typeof maxItems === "number" && value.length > maxItems) return false;
    const texts = value.map((each) => JSON.stringify(each));
    if (uniqueItems === true && new Set(texts).size < texts.length) return false;
    return items === undefined || value.every((each) => fits(items, each));
  }
  if (typeof value === "object" && value !== null) {
    if (type !== undefined && type !== "object") return false;
    const members = value as Record<string, unknown>;
    if (Array.isArray(required) && !required.every((name) => Object.hasOwn(members, name))) return false;
    return Object.entries((properties ?? {}) as Record<string, unknown>).every(
      ([name, each]) => !Object.hasOwn(members, name) || fits(each, members[name]),
    );
  }
  if (type === "integer") return Number.isInteger(value);
  return type === undefined || type === (value === null ? "null" : typeof value);
}
`;
