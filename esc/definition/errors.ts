/** What can be wrong with a definition before it is rendered. Each is a mistake in the program that builds it. */
export type DefinitionErrorCode =
  /** A key that the language reserves, that is empty, or that is given twice. */
  | "ERR_DEFINITION_KEY"
  /** A path that cannot be written in `${…}`, or a reference used where text is expected. */
  | "ERR_DEFINITION_REFERENCE"
  /** A number, text or comment that YAML cannot carry. */
  | "ERR_DEFINITION_VALUE"
  /** A secret that is not ciphertext. */
  | "ERR_DEFINITION_SECRET"
  /** `aws-login` where its session would be part of the opened environment. */
  | "ERR_DEFINITION_LOGIN"
  /** An input that the provider would refuse. */
  | "ERR_DEFINITION_INPUT"
  /** An import after the first value. */
  | "ERR_DEFINITION_ORDER";

/** A definition that must not be rendered. The message says what, where and how to fix it; it holds no values. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
  readonly code: DefinitionErrorCode;

  constructor(code: DefinitionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
