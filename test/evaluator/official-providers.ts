import { type Cipher, type JsonSchema, type Provider, type Rotator, secret } from "../../esc/evaluator/index";

/** The cipher of the official cases: every byte plus 128. */
export const rot128: Cipher = {
  encrypt: async (bytes) => bytes.map((byte) => byte + 128),
  decrypt: async (bytes) => bytes.map((byte) => byte + 128),
};

const string: JsonSchema = { type: "string" };
const number: JsonSchema = { type: "number" };
const tuple = (...prefixItems: JsonSchema[]): JsonSchema => ({ type: "array", prefixItems, items: false });
const record = (properties: { [name: string]: JsonSchema }): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties).sort(),
});

/** One property for each feature of the schema language. */
const everySchema: JsonSchema = {
  type: "object",
  $defs: { defRecord: record({ baz: { type: "string", const: "qux" } }) },
  properties: {
    null: { type: "null" },
    boolean: { type: "boolean" },
    false: { type: "boolean", const: false },
    true: { type: "boolean", const: true },
    number,
    pi: { type: "number", const: 3.14 },
    string,
    hello: { type: "string", const: "hello" },
    array: { type: "array", items: true },
    tuple: tuple({ type: "string", const: "hello" }, { type: "string", const: "world" }),
    map: { type: "object", additionalProperties: true },
    record: record({ foo: string }),
    anyOf: { anyOf: [string, number] },
    oneOf: { oneOf: [string, number] },
    ref: { $ref: "#/$defs/defRecord" },
    "const-array": { type: "array", const: ["hello", 42] },
    "const-object": { type: "object", const: { hello: "world" } },
    enum: { type: "string", enum: ["foo", "bar"] },
    never: false,
    always: true,
    double: tuple(string, number),
    triple: tuple(string, number, { type: "boolean" }),
    dependentReq: {
      type: "object",
      properties: { foo: string, bar: number },
      dependentRequired: { foo: ["bar"] },
    },
    multiple: { type: "number", multipleOf: 2 },
    minimum: { type: "number", minimum: 1 },
    exclusiveMinimum: { type: "number", exclusiveMinimum: 1 },
    maximum: { type: "number", maximum: 1 },
    exclusiveMaximum: { type: "number", exclusiveMaximum: 1 },
    minLength: { type: "string", minLength: 1 },
    maxLength: { type: "string", maxLength: 1 },
    pattern: { type: "string", pattern: "^foo[0-9]+$" },
    minItems: { type: "array", minItems: 3 },
    maxItems: { type: "array", maxItems: 2 },
    minProperties: { type: "object", minProperties: 1 },
    maxProperties: { type: "object", maxProperties: 1 },
  },
};

/** What upstream's `eval_test.go` defines in Go. An echo gives secrets back as secrets. */
export const officialProviders: Readonly<Record<string, Provider>> = {
  test: { open: async (_inputs, { markedInputs }) => markedInputs },
  schema: {
    inputs: everySchema,
    outputs: everySchema,
    open: async (_inputs, { markedInputs }) => markedInputs,
  },
  "secret-wrapper": { open: async (inputs) => secret(inputs) },
  error: {
    inputs: record({ why: string }),
    open: async (inputs) => {
      throw new Error((inputs as { why: string }).why);
    },
  },
};

const pair = record({ a: string, b: string });
const history: JsonSchema = {
  type: "object",
  properties: { current: string, previous: string },
  required: ["current"],
};

export const officialRotators: Readonly<Record<string, Rotator>> = {
  swap: {
    state: pair,
    outputs: pair,
    open: async (_inputs, _state, { markedState }) => markedState,
    rotate: async (_inputs, _state, { markedState }) => {
      const { a, b } = markedState as { a: unknown; b: unknown };
      return { a: b, b: a };
    },
  },
  echo: {
    inputs: { type: "object", properties: { next: string }, required: ["next"], rotateOnly: ["next"] },
    state: history,
    outputs: history,
    open: async (inputs, state, { markedState }) => {
      const { next } = inputs as { next?: string };
      if (next !== undefined && next !== (state as { current: string }).current) {
        throw new Error("oh no! inputs were evaluated outside of rotation");
      }
      return markedState ?? {}; // in Go a map that is not there is an empty object
    },
    rotate: async (_inputs, _state, { markedInputs, markedState }) => {
      const { next } = markedInputs as { next?: unknown };
      if (next === undefined) throw new Error("oh no! rotateOnly inputs were not evaluated during rotation");
      const { current } = (markedState ?? {}) as { current?: unknown };
      return { current: next, previous: current ?? null };
    },
  },
};
