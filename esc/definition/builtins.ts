import { DefinitionError } from "./errors";
import { type Expression, expression, type ShapeOf, type Value } from "./expression";

type Text = string | Expression<string>;

/** What stands in `inputs:` of a provider. Never null: the evaluator's own code crashes on it. */
export type Inputs = { readonly [name: string]: Value | undefined };

/** The envelope of an encrypted value: base64 of `escx`, version 1, at least some bytes, a checksum. */
const CIPHERTEXT = /^ZXNjeAAAAA[E-H][A-Za-z0-9+/]+={0,2}$/;

function call<T>(name: string, argument: Value): Expression<T> {
  return expression({ kind: "call", name: `fn::${name}`, argument });
}

/**
 * The language's functions under their own names: `fn.join` is `fn::join`. All of pulumi/esc v0.26.0 are here.
 * The arguments that ESC insists on reading as literals (the pair of `join`, the list of `concat`) are.
 */
export const fn = {
  /** Lists, one after another, one level deep. */
  concat: <T = unknown>(...lists: readonly Value[]) => call<readonly T[]>("concat", lists),

  /** A value that environments which import this one cannot override. They get a warning, and this value. */
  final: <V extends Value>(value: V) => call<ShapeOf<V>>("final", value),

  fromBase64: (text: Text) => call<string>("fromBase64", text),

  /** `T` is what the caller knows of the document; ESC does not check it. A secret's parts are secret too. */
  fromJSON: <T = unknown>(text: Text) => call<T>("fromJSON", text),

  join: (delimiter: Text, texts: readonly Text[] | Expression<readonly string[]>) =>
    call<string>("join", [delimiter, texts]),

  /** Any provider; those that this project uses have typed functions of their own. */
  open: <T = unknown>(provider: string, inputs: Inputs) => call<T>(`open::${checkName(provider)}`, inputs),

  /**
   * Any rotator. `state` is where ESC writes what the rotator answered; leave it out and ESC starts from none.
   * ESC accepts it as an object only.
   */
  rotate: <T = unknown>(rotator: string, args: { readonly inputs: Inputs; readonly state?: Inputs }) =>
    call<T>(`rotate::${checkName(rotator)}`, { inputs: args.inputs, state: args.state }),

  /**
   * A secret that ESC has encrypted. There is no way to write a plain one: a definition lives in a repository,
   * in Pulumi's state and in every diff.
   *
   * @throws {DefinitionError} ERR_DEFINITION_SECRET when `ciphertext` is not such an envelope.
   */
  secret: (encrypted: { readonly ciphertext: string }) => {
    if (!CIPHERTEXT.test(encrypted.ciphertext)) {
      throw new DefinitionError(
        "ERR_DEFINITION_SECRET",
        "fn::secret takes ciphertext from ESC, never plain text: keep the secret in a secret entry and refer to it",
      );
    }
    return call<string>("secret", { ciphertext: encrypted.ciphertext });
  },

  /** Beware of secrets: ESC marks the list, but not the texts in it. */
  split: (delimiter: Text, text: Text) => call<readonly string[]>("split", [delimiter, text]),

  toBase64: (text: Text) => call<string>("toBase64", text),
  toJSON: (value: Value) => call<string>("toJSON", value),
  toString: (value: Value) => call<string>("toString", value),
  toYAML: (value: Value) => call<string>("toYAML", value),

  /** `value`, refused by check and open when it does not fit `schema` (ESC's subset of JSON Schema). */
  validate: <V extends Value>(schema: Value, value: V) => call<ShapeOf<V>>("validate", { schema, value }),
};

function checkName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return name;
  throw new DefinitionError(
    "ERR_DEFINITION_INPUT",
    `"${name}" is not a provider's name: write it as in aws-secrets`,
  );
}
