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
  /**
   * Name of the outermost environment that has one. The imports of an anonymous definition (`<yaml>`: a stack's,
   * under `pulumi up`) are each a root of their own.
   */
  readonly rootEnvironment: string;
  /** The rest of the execution context, plain. */
  readonly context: ExecutionContext;
  /** Aborted when the evaluation times out or is aborted. */
  readonly signal: AbortSignal;
  /** The inputs once more, with `Secret` around whatever the definition holds as secret. */
  readonly markedInputs: unknown;
  /** A rotator's state once more, likewise. */
  readonly markedState: unknown;
}

/**
 * What `fn::open::<name>` does. Providers are called one after another. `open` gets the evaluated inputs as plain JSON and answers plain JSON in which
 * `secret(...)` marks what must stay secret (the whole answer or any part of it). Throwing an Error makes a
 * diagnostic with its message: never put a secret there.
 */
export interface Provider {
  readonly inputs?: JsonSchema;
  readonly outputs?: JsonSchema;
  open(inputs: unknown, call: CallContext): Promise<unknown>;
}

/**
 * What `fn::rotate::<name>` does. `state` is null the first time. Inputs that the schema names in `rotateOnly` are
 * absent from `open` outside a rotation. Mark the secret parts of a new state, never the state as a whole:
 * the definition that this would write does not load.
 */
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
  /** `check` only: decrypt secrets, show them in `environment` and fill `revealedJson`. @default false */
  readonly showSecrets?: boolean;
  /** Milliseconds from the moment the evaluator starts on it, providers included. @default 10_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a check needs to know of a provider or rotator: it calls none. */
export interface CheckOptions extends Omit<EvaluateOptions, "providers" | "rotators"> {
  readonly providers?: Readonly<Record<string, Omit<Provider, "open">>>;
  readonly rotators?: Readonly<Record<string, Omit<Rotator, "open" | "rotate">>>;
}

export interface RotateOptions extends EvaluateOptions {
  /** What to rotate, as property paths below `values` such as `db.creds`. @default everything */
  readonly paths?: readonly string[];
}

export type Limits = Pick<EvaluateOptions, "timeoutMs" | "signal">;

/**
 * What an evaluation gives. The three texts are absent when the definition has neither values nor imports, or is
 * no definition at all. They are Go's own JSON: pass them through as they are, for `JSON.parse` changes
 * numbers (9007199254740993, 1.50).
 */
export interface Evaluation {
  /** What loading found, then what evaluating found, in the order of finding. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether any diagnostic is an error. */
  readonly hasErrors: boolean;
  /**
   * JSON text of `{"properties", "executionContext"}` of REST's `Environment`: what reading an open session answers,
   * whole or by `readProperty`. **Holds plain secrets** after `open` and `rotate`, and after `check` with `showSecrets`;
   * otherwise a secret is `{"secret": true, "unknown": true}`. REST's `exprs` and `schema` are left out for
   * good: they hold plain secrets even where the properties are redacted.
   */
  readonly environment?: string | undefined;
  /**
   * Plain values with secrets as "[secret]" and unknowns as "[unknown]": fit for printing. What counts as secret is
   * the official evaluator's decision; it takes a single part of a secret that went through `fn::split` for plain.
   */
  readonly redactedJson?: string | undefined;
  /** Plain values, **secrets included**; absent after `check` without `showSecrets`. */
  readonly revealedJson?: string | undefined;
}

/** What became of one rotator. `path` is the document path of its call, such as `values.db.creds`. */
export interface Rotation {
  readonly path: string;
  readonly status: "succeeded" | "failed" | "not-evaluated";
  readonly diagnostics: readonly Diagnostic[];
}

export interface RotationEvaluation extends Evaluation {
  readonly rotations: readonly Rotation[];
  /** JSON text of `[{"path", "replacement"}]`: the new states as REST values, **secrets included**. */
  readonly patchesJson: string;
  /**
   * The definition with the new states in it, their secrets as plaintext `fn::secret`: encrypt before storing.
   * Absent when nothing was rotated.
   */
  readonly yaml?: string | undefined;
}
