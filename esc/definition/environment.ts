import { DefinitionError } from "./errors";
import {
  type Expression,
  isRecord,
  type Merge,
  type Refs,
  type Scalar,
  type ShapeOf,
  type Value,
} from "./expression";
import { createReference, OPAQUE } from "./reference";
import { type DefinitionSource, renderDefinition } from "./render";

/** Names that mean something else directly under `values`. */
const RESERVED = ["imports", "context", "environments"];

/** What ESC exports as a variable or writes to a file: scalars only, anything else is skipped without a word. */
type Exported = Scalar | Expression<Scalar>;

/** A value, or a function that makes it from references to what is declared before it. */
type From<Values, V> = V | ((references: Refs<Values>) => V);

type Added<Values, Name extends string, V> = Merge<
  Values,
  { readonly [K in Name]: V extends undefined ? undefined : ShapeOf<V> }
>;

export interface EnvironmentArgs {
  /** Shown in Pulumi's console. */
  readonly description?: string;
  /** Written above the definition. */
  readonly comment?: string;
}

/**
 * A definition of an environment. It never changes: each method answers a new one that has one thing more.
 * `Values` is the shape of what it declares, its imports included.
 */
export class EnvironmentDefinition<in out Values = unknown> {
  readonly #source: DefinitionSource;
  /** What the imports and sections declare, as far as the program knows it. */
  readonly #known: Readonly<Record<string, unknown>>;
  declare readonly values?: Values;

  constructor(source: DefinitionSource, known: Readonly<Record<string, unknown>>) {
    this.#source = source;
    this.#known = known;
  }

  /**
   * Imports another environment: `project/name`, with `@version` if one is meant. Its definition gives typed
   * references to what it declares. Later imports win over earlier ones, own values over all.
   *
   * @throws {DefinitionError} ERR_DEFINITION_KEY for a name without its project (ESC would look in the project
   * `default`), ERR_DEFINITION_ORDER after the first value.
   */
  import<Imported>(
    name: string,
    definition: EnvironmentDefinition<Imported>,
  ): EnvironmentDefinition<Merge<Values, Imported>> {
    if (!/^[^/\s]+\/[^/\s]+$/.test(name)) {
      throw new DefinitionError(
        "ERR_DEFINITION_KEY",
        `the import "${name}" must be written project/name: a bare name means default/name`,
      );
    }
    if (this.#source.sections.length > 0) {
      throw new DefinitionError(
        "ERR_DEFINITION_ORDER",
        `the import "${name}" must come before the first value`,
      );
    }
    // How the shapes merge, only the types know: the compiler has to be told, here and in `value`.
    return new EnvironmentDefinition(
      { ...this.#source, imports: [...this.#source.imports, name] },
      mergeKnown(this.#known, definition.#known) as Record<string, unknown>,
    ) as never;
  }

  /**
   * Declares a value. One that is undefined is left out, and what refers to it is given undefined: so a section
   * can depend on configuration.
   *
   * @throws {DefinitionError} ERR_DEFINITION_KEY for a reserved name, or one that is declared already.
   */
  value<const Name extends string, const V extends Value | undefined>(
    name: Name,
    value: From<Values, V>,
    comment?: string,
  ): EnvironmentDefinition<Added<Values, Name, V>> {
    this.#checkName(name);
    const made = typeof value === "function" ? value(this.references) : value;
    const sections = made === undefined ? [] : [{ name, value: made as Value, comment }];
    return new EnvironmentDefinition(
      { ...this.#source, sections: [...this.#source.sections, ...sections] },
      mergeKnown(this.#known, { [name]: made }) as Record<string, unknown>,
    ) as never;
  }

  /** Variables of the commands that run with this environment. */
  environmentVariables<const V extends { readonly [name: string]: Exported | undefined }>(
    variables: From<Values, V>,
    comment?: string,
  ): EnvironmentDefinition<Added<Values, "environmentVariables", V>> {
    return this.value("environmentVariables", variables as From<Values, V & Value>, comment) as never;
  }

  /** Variables that hold the path of a temporary file with this content. */
  files<const V extends { readonly [name: string]: Exported | undefined }>(
    files: From<Values, V>,
    comment?: string,
  ): EnvironmentDefinition<Added<Values, "files", V>> {
    return this.value("files", files as From<Values, V & Value>, comment) as never;
  }

  /** Configuration (`namespace:name`) of the Pulumi stacks that import this; their own files win over it. */
  pulumiConfig<const V extends { readonly [key: string]: Value | undefined }>(
    configuration: From<Values, V>,
    comment?: string,
  ): EnvironmentDefinition<Added<Values, "pulumiConfig", V>> {
    return this.value("pulumiConfig", configuration as From<Values, V & Value>, comment) as never;
  }

  /** References to everything declared so far, imports included. */
  get references(): Refs<Values> {
    const declared = Object.entries(this.#known).filter(([, known]) => known !== undefined);
    return Object.fromEntries(
      declared.map(([name, known]) => [name, createReference([name], known)]),
    ) as Refs<Values>;
  }

  /** The names it imports, in order. */
  get imports(): readonly string[] {
    return this.#source.imports;
  }

  /**
   * The definition as YAML.
   *
   * @throws {DefinitionError} for what YAML or the language cannot carry, and for an exported AWS session.
   */
  render(): string {
    return renderDefinition(this.#source);
  }

  #checkName(name: string): void {
    const wrong = RESERVED.includes(name)
      ? "is reserved by ESC"
      : name === ""
        ? "is empty"
        : name.toLowerCase().startsWith("fn::")
          ? "would be read as a function call"
          : this.#source.sections.some((section) => section.name === name)
            ? "is declared already"
            : undefined;
    if (wrong === undefined) return;
    throw new DefinitionError("ERR_DEFINITION_KEY", `the value "${name}" ${wrong}: choose another name`);
  }
}

/** Begins a definition. */
export function environment(args: EnvironmentArgs = {}): EnvironmentDefinition<Record<never, never>> {
  return new EnvironmentDefinition({ ...args, imports: [], sections: [] }, {});
}

/** As ESC merges; what the program cannot look into (the result of a call, a reference) hides what it covers. */
function mergeKnown(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isRecord(over)) return over;
  if (!isRecord(under)) return under === undefined ? over : isRecordless(under) ? over : OPAQUE;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, mergeKnown(under[key], over[key])]));
}

/** A scalar or list: an object laid over it replaces it. */
function isRecordless(value: unknown): boolean {
  return value === null || typeof value !== "object" || Array.isArray(value);
}
