/** A place in a definition. Lines and columns count from 1; `byte` from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly byte: number;
}

/** A stretch of a definition. `environment` is the name as written in the import, or the root's name. */
export interface Range {
  readonly environment?: string;
  readonly begin: Position;
  readonly end: Position;
}

/**
 * One finding of the evaluator, in the shape of Pulumi's REST API. `range` is absent where no position is
 * known: a YAML syntax error has none.
 */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail?: string;
  readonly path?: string;
  readonly range?: Range;
}

/** JSON Schema in ESC's subset (see Pulumi's `esc/schema`). `true` accepts anything. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** Who opens what. The evaluator adds `currentEnvironment` and `rootEnvironment` itself and refuses them here. */
export type ExecutionContext = { readonly [name: string]: unknown };

/** What a provider or rotator is told about the evaluation that calls it. */
export interface CallContext {
  /** Name of the environment in which the call is written, as the import spells it. */
  readonly currentEnvironment: string;
  /** Name of the environment that was opened; `<yaml>` for an anonymous one. */
  readonly rootEnvironment: string;
  /** The rest of the execution context, plain. */
  readonly context: ExecutionContext;
  /** Aborted when the evaluation times out or is aborted. */
  readonly signal: AbortSignal;
}

/**
 * What `fn::open::<name>` does. `open` gets the evaluated inputs as plain JSON and answers plain JSON in which
 * `secret(...)` marks what must stay secret (the whole answer or any part of it). Throwing an Error makes a
 * diagnostic with its message: never put a secret there.
 */
export interface Provider {
  readonly inputs?: JsonSchema;
  readonly outputs?: JsonSchema;
  open(inputs: unknown, call: CallContext): Promise<unknown>;
}

/** What `fn::rotate::<name>` does. `state` is null the first time. */
export interface Rotator {
  readonly inputs?: JsonSchema;
  readonly state?: JsonSchema;
  readonly outputs?: JsonSchema;
  open(inputs: unknown, state: unknown, call: CallContext): Promise<unknown>;
  rotate(inputs: unknown, state: unknown, call: CallContext): Promise<unknown>;
}

export interface Cipher {
  encrypt(plaintext: Uint8Array): Promise<Uint8Array>;
  decrypt(ciphertext: Uint8Array): Promise<Uint8Array>;
}

export type Decrypter = Pick<Cipher, "decrypt">;

/** What `loadEnvironment` answers for an import. */
export interface LoadedEnvironment {
  readonly yaml: string;
  /** Decrypts this environment's `fn::secret: {ciphertext}`; without one, ciphertext is an error. */
  readonly decrypter?: Decrypter;
}

export interface EvaluateOptions {
  /** The definition, at most 512 KiB. */
  readonly yaml: string;
  /** `project/environment`; `<yaml>` (the default) for an anonymous definition, as under `pulumi up`. */
  readonly name?: string;
  /** Resolves imports and `${environments.…}`. Throw to report that a name does not exist. Default: every import fails. */
  readonly loadEnvironment?: (name: string) => Promise<LoadedEnvironment>;
  readonly providers?: Readonly<Record<string, Provider>>;
  readonly rotators?: Readonly<Record<string, Rotator>>;
  readonly decrypter?: Decrypter;
  readonly context?: ExecutionContext;
  /** Decrypt secrets in `check` too, and leave `json` unredacted. @default false */
  readonly showSecrets?: boolean;
  /** @default 10_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
