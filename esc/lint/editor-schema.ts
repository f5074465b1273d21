import type { JsonSchema } from "../evaluator/types";
import { providerCatalogue, rotatorCatalogue } from "../providers/catalogue";

type Schema = { readonly [keyword: string]: unknown };

const NAME = "[^.[}\\s]";
const KEY = '\\["(?:\\\\"|[^"])+"\\]';
const INDEX = "\\[[+-]?\\d+\\]";
const ACCESS = `(?:\\.?${NAME}+|${KEY}${NAME}*)(?:\\.${NAME}+|(?:${KEY}|${INDEX})${NAME}*)*`;
/** A text in which every `${` is a whole access; `$$` is a dollar. Each alternative begins differently: no backtracking. */
const TEXT = `^(?:[^$]|\\$\\$|\\$(?![{$])|\\$\\{${ACCESS}\\})*$`;
/** A text without an access. */
const PLAIN = "^(?:[^$]|\\$\\$|\\$(?![{$]))*$";
const REFERENCE = "\\$\\{";

const to = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
/** In draft 7 nothing counts beside a `$ref`. */
const named = (description: string, schema: Schema): Schema =>
  "$ref" in schema ? { description, allOf: [schema] } : { description, ...schema };

/** `if`, and what counts then. */
function when(condition: Schema, met: Schema, otherwise: Schema): Schema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: condition, then: met, else: otherwise };
}

const anyFunction: Schema = { not: { propertyNames: { not: { pattern: "^fn::" } } } };

/** A literal, or in its place what gives it: a reference, an interpolation, a call. */
function orComputed(literal: Schema): Schema {
  return when(to("computed"), to("value"), literal);
}

const SCALARS = ["string", "number", "boolean"];

/** The schema of a provider's input, for what a person writes. */
function written(schema: JsonSchema | undefined): Schema {
  if (typeof schema !== "object") return to("value");
  const { type, properties, additionalProperties, items, ...rest } = schema as Record<string, unknown>;
  if (SCALARS.includes(String(type)) && Object.keys(rest).length === 0) return to(String(type));
  const record = properties as Record<string, JsonSchema> | undefined;
  const members =
    record && Object.fromEntries(Object.entries(record).map(([key, value]) => [key, written(value)]));
  const {
    required = [],
    rotateOnly: _,
    ...limits
  } = rest as { required?: readonly string[]; rotateOnly?: unknown };
  return orComputed({
    type,
    ...limits,
    ...(required.length > 0 && { required }),
    ...(members && { properties: members, additionalProperties: false }),
    ...(!members &&
      type === "object" && { additionalProperties: written(additionalProperties as JsonSchema) }),
    ...(type === "array" && { items: written(items as JsonSchema) }),
  });
}

const text = to("string");
const list = (items: Schema) => orComputed({ type: "array", items });

const BUILTINS: Readonly<Record<string, Schema>> = {
  "fn::concat": named("The items of several lists in one.", {
    type: "array",
    items: list(to("value")),
  }),
  "fn::final": named("A value that importing environments cannot override.", to("value")),
  "fn::fromBase64": named("Decodes Base64.", text),
  "fn::fromJSON": named("Decodes JSON. What comes from a secret is secret in all its parts.", text),
  "fn::join": named("[delimiter, list of texts]", {
    type: "array",
    minItems: 2,
    items: [text, list(text)],
    additionalItems: false,
  }),
  "fn::secret": named("A secret: ESC stores it encrypted. A file should hold the ciphertext at most.", {
    type: ["string", "object"],
    pattern: PLAIN,
    properties: { ciphertext: { type: "string" } },
    required: ["ciphertext"],
    additionalProperties: false,
  }),
  "fn::split": named("[delimiter, text]. Single parts of a secret are not secret.", {
    type: "array",
    minItems: 2,
    items: [text, text],
    additionalItems: false,
  }),
  "fn::toBase64": named("Encodes a text as Base64.", text),
  "fn::toJSON": named("Encodes any value as JSON.", to("value")),
  "fn::toString": named("Any value as text.", to("value")),
  "fn::toYAML": named("Encodes any value as YAML.", to("value")),
  "fn::validate": named("Checks a value against a JSON Schema.", {
    type: "object",
    properties: { schema: to("value"), value: to("value") },
    required: ["schema", "value"],
  }),
};

const provider: Schema = { type: "string", pattern: PLAIN };

/** An object that is written out: the state of a rotator. */
const literalObject: Schema = {
  type: "object",
  propertyNames: { not: { pattern: "^fn::" } },
  additionalProperties: to("value"),
};

function calls(): Schema {
  const opens = Object.keys(providerCatalogue).map((name) => [`fn::open::${name}`, to(`open-${name}`)]);
  const rotates = Object.keys(rotatorCatalogue).map((name) => [`fn::rotate::${name}`, to(`rotate-${name}`)]);
  const long = Object.keys(providerCatalogue).map((name) => ({
    if: { properties: { provider: { const: name } }, required: ["provider"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { inputs: to(`open-${name}`) } },
  }));
  return {
    ...BUILTINS,
    "fn::open": named("Opens a provider; fn::open::<provider> is the short form.", {
      type: "object",
      properties: { provider, inputs: to("value") },
      required: ["provider", "inputs"],
      allOf: long,
    }),
    "fn::rotate": named("A rotated credential; fn::rotate::<rotator> is the short form.", {
      type: "object",
      properties: { provider, inputs: to("value"), state: literalObject },
      required: ["provider", "inputs"],
    }),
    ...Object.fromEntries([...opens, ...rotates]),
  };
}

/** What each provider and rotator of the catalogue takes. */
function inputs(): Schema {
  const opens = Object.entries(providerCatalogue).map(([name, schemas]) => [
    `open-${name}`,
    named(`Inputs of ESC's provider ${name}.`, written(schemas.inputs)),
  ]);
  const rotates = Object.entries(rotatorCatalogue).map(([name, schemas]) => [
    `rotate-${name}`,
    named(`ESC's rotator ${name}. It belongs into an environment of its own.`, {
      type: "object",
      properties: { inputs: written(schemas.inputs), state: literalObject },
      required: ["inputs"],
    }),
  ]);
  return Object.fromEntries([...opens, ...rotates]);
}

const exported = (description: string): Schema =>
  named(description, orComputed({ type: "object", additionalProperties: to("scalar") }));

/**
 * The JSON Schema (draft 7) of environment files for editors, with the inputs of every provider in Pulumi's
 * catalogue. It sees one value at a time: references are checked for their form, not for where they lead.
 */
export function editorSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Environment of Pulumi ESC",
    type: ["object", "null"],
    properties: {
      description: named("Shown in Pulumi's console.", { type: "string", pattern: PLAIN }),
      imports: named("Environments whose values this one takes over; later ones win, own values over all.", {
        type: "array",
        items: to("import"),
      }),
      values: to("values"),
    },
    additionalProperties: false,
    definitions: {
      import: {
        type: ["string", "object"],
        minLength: 1,
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: {
          type: "object",
          properties: { merge: named("false: only for ${imports[…]}.", { type: "boolean" }) },
        },
      },
      values: {
        type: "object",
        properties: {
          environmentVariables: exported(
            "Variables of the commands that run with this environment. Scalars only.",
          ),
          files: exported(
            "Variables that hold the path of a temporary file with this content. Scalars only.",
          ),
          pulumiConfig: named(
            "Configuration of the Pulumi stacks that import this. Their own files win over it.",
            orComputed({ type: "object", additionalProperties: to("value") }),
          ),
        },
        propertyNames: { not: { pattern: "^(imports|context|environments)$|^fn::" } },
        additionalProperties: to("value"),
      },
      value: when(
        { type: "object" },
        to("object"),
        when({ type: "array" }, { items: to("value") }, to("text")),
      ),
      scalar: when({ type: "object" }, to("call"), { allOf: [{ not: { type: "array" } }, to("text")] }),
      computed: {
        anyOf: [
          { type: "object", ...anyFunction },
          { type: "string", pattern: REFERENCE },
        ],
      },
      text: { pattern: TEXT },
      ...Object.fromEntries(SCALARS.map((type) => [type, orComputed({ type })])),
      object: when(anyFunction, to("call"), {
        propertyNames: { pattern: PLAIN },
        additionalProperties: to("value"),
      }),
      call: {
        type: "object",
        minProperties: 1,
        maxProperties: 1,
        properties: calls(),
        patternProperties: {
          "^fn::open::": to("value"),
          "^fn::rotate::": to("rotation"),
        },
        additionalProperties: false,
      },
      ...inputs(),
      rotation: {
        type: "object",
        properties: { inputs: to("value"), state: literalObject },
        required: ["inputs"],
      },
    },
  };
}
