/**
 * What values look like: one form for each kind of value, with a check, words for it, an example, a JSON Schema and a way
 * to make one up. Pure functions; nothing that they answer holds a value that they were given.
 *
 * @module
 */

export { checkForm, type FormProblem } from "./check";
export { describeForm, exampleOf, patternOf, posixPatternOf, schemaOf } from "./describe";
export type { EnumForm, Form, JsonForm, PatternForm } from "./form";
export { checkSchema, type JsonSchema } from "./json-schema";
export { makeUp, type Random } from "./make-up";
export { type NamedForm, namedForms } from "./named";
export { isPlaceholder, PORTABLE_PLACEHOLDER } from "./placeholder";
export { findTelltales } from "./telltale";
