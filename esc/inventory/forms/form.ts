import type { JsonSchema } from "./json-schema";
import type { NamedForm } from "./named";

/** One of a few words. */
export interface EnumForm {
  readonly enum: readonly string[];
}

/** Text that a regular expression describes, whole. */
export interface PatternForm {
  /** ECMAScript, as in JSON Schema; anchors at both ends are added. */
  readonly pattern: string;
  /** In words, for the page and for errors. */
  readonly description: string;
  /** Text of this form, which is no one's secret. */
  readonly example: string;
}

/** JSON that a JSON Schema (2020-12) describes. */
export interface JsonForm {
  readonly json: JsonSchema;
  /** In words, for the page and for errors. */
  readonly description: string;
}

/**
 * What a value looks like: a name for what is known well (`postgres-url`, `github-token`), words to choose from, a
 * pattern, or JSON with its schema.
 */
export type Form = NamedForm | EnumForm | PatternForm | JsonForm;
