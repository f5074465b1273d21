import type { Ajv2020, ErrorObject, ValidateFunction } from "ajv/dist/2020";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

const compiled = new WeakMap<object, ValidateFunction>();
let ajv: Ajv2020 | undefined;

/**
 * What a value has that its schema does not allow. What a schema does not name, a member of the value that might itself
 * be secret, is shown as `*`.
 *
 * @throws Error for a schema that is none
 */
export function findSchemaProblems(schema: JsonSchema, value: unknown): readonly string[] {
  const validate = compile(schema);
  if (validate(value)) return [];
  const named = JSON.stringify(schema);
  return [...new Set((validate.errors ?? []).map((error) => describe(error, named)))];
}

/** @throws Error saying what is wrong with the schema; the schema is no secret */
export function checkSchema(schema: JsonSchema): void {
  compile(schema);
}

function compile(schema: JsonSchema): ValidateFunction {
  const known = typeof schema === "object" ? compiled.get(schema) : undefined;
  if (known !== undefined) return known;
  const validate = validator().compile(schema);
  if (typeof schema === "object") compiled.set(schema, validate);
  return validate;
}

/** Loaded when the first schema is met: the program that Pulumi runs reads inventories that have none. */
function validator(): Ajv2020 {
  if (ajv === undefined) {
    const loaded = require("ajv/dist/2020") as typeof import("ajv/dist/2020");
    // Formats are not checked: the draft makes them annotations, and there is no list of them here.
    ajv = new loaded.Ajv2020({ allErrors: true, strict: true, strictTypes: false, validateFormats: false });
  }
  return ajv;
}

function describe({ instancePath, keyword, message }: ErrorObject, schema: string): string {
  const steps = instancePath.split("/").slice(1);
  const shown = steps.map((step) =>
    /^\d+$/.test(step) || schema.includes(JSON.stringify(step)) ? step : "*",
  );
  const what =
    keyword === "additionalProperties" ? "must not have members that the schema does not name" : message;
  return `${shown.length === 0 ? "it" : shown.join(".")} ${what}`;
}
