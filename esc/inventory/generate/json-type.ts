import type { JsonSchema } from "../forms";

/** The TypeScript type of what a JSON Schema describes; `unknown` for what a type cannot say. */
export function typeOfSchema(schema: JsonSchema | undefined): string {
  if (typeof schema !== "object") return "unknown";
  if (Array.isArray(schema.enum)) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly ${group(typeOfSchema(schema.items as JsonSchema | undefined))}[]`;
    case "object":
      return typeOfObject(schema);
    default:
      return "unknown";
  }
}

function typeOfObject(schema: { readonly [keyword: string]: unknown }): string {
  const properties = Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema });
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  if (properties.length === 0) return "{ readonly [name: string]: unknown }";
  const members = properties.map(
    ([name, each]) =>
      `readonly ${JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${typeOfSchema(each)}`,
  );
  return `{ ${members.join("; ")} }`;
}

function group(type: string): string {
  return /^\w+$/.test(type) ? type : `(${type})`;
}
