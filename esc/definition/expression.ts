import { DefinitionError } from "./errors.js";
import { renderAccess, type Step, type TextPart } from "./text.js";

/** Where an expression keeps its node. A symbol, so that no key of an environment can collide with it. */
export const NODE = Symbol("escapement.definition.node");

/** Carries the type of the value that an expression will have; exists for the compiler only. */
declare const SHAPE: unique symbol;

export interface ReferenceNode {
  readonly kind: "reference";
  readonly path: readonly Step[];
}

export interface InterpolationNode {
  readonly kind: "interpolation";
  readonly parts: readonly TextPart[];
}

export interface CallNode {
  readonly kind: "call";
  /** With its prefix: `fn::join`, `fn::open::aws-secrets`. */
  readonly name: string;
  readonly argument: Value;
}

export type Node = ReferenceNode | InterpolationNode | CallNode;

/** Something that ESC works out: a reference, an interpolation or a call. `T` is the shape of its result. */
export interface Expression<T = unknown> {
  readonly [NODE]: Node;
  readonly [SHAPE]?: T;
}

/** An expression that is `${…}` and nothing else, so it can stand inside text. */
export interface Reference<T = unknown> extends Expression<T> {
  readonly [NODE]: ReferenceNode;
}

/** A reference with the members that its shape is known to have. An unknown shape has none: see {@link at}. */
export type Ref<T> = Reference<T> & Members<T>;

type Members<T> = unknown extends T
  ? unknown
  : T extends readonly unknown[]
    ? { readonly [K in keyof T as K extends `${number}` ? K : never]: Member<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: Member<T[K]> }
      : unknown;

type Member<T> = T extends undefined
  ? undefined
  : undefined extends T
    ? Ref<Exclude<T, undefined>> | undefined
    : Ref<T>;

/** References to everything that `Values` declares, as the callbacks of the builder get them. */
export type Refs<Values> = { readonly [K in keyof Values]: Member<Values[K]> };

export type Scalar = string | number | boolean | null;

/**
 * What can stand in an environment. A string is text: it never becomes a reference, whatever it holds. A
 * member that is undefined is not rendered, so that a part can depend on configuration.
 */
export type Value = Scalar | Expression | readonly Value[] | { readonly [key: string]: Value | undefined };

/** The shape that a value has once it is evaluated. */
export type ShapeOf<V> =
  V extends Expression<infer T>
    ? T
    : V extends readonly unknown[]
      ? { readonly [K in keyof V]: ShapeOf<V[K]> }
      : V extends object
        ? { readonly [K in keyof V]: ShapeOf<V[K]> }
        : V;

/** `Over` laid over `Under` as ESC merges them: objects key by key, anything else replaces. */
export type Merge<Under, Over> = undefined extends Over
  ? Under | Merge<Under, Exclude<Over, undefined>>
  : Mergeable<Under> extends true
    ? Mergeable<Over> extends true
      ? {
          readonly [K in keyof Under | keyof Over]: K extends keyof Over
            ? K extends keyof Under
              ? Merge<Under[K], Over[K]>
              : Over[K]
            : K extends keyof Under
              ? Under[K]
              : never;
        }
      : Over
    : Over;

type Mergeable<T> = unknown extends T
  ? false
  : T extends readonly unknown[]
    ? false
    : T extends object
      ? true
      : false;

export function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && NODE in value;
}

export function expression<T>(node: CallNode | InterpolationNode): Expression<T> {
  return { [NODE]: node };
}

/** Marks a part of a definition whose members are not known when the program runs: any step is allowed. */
export const OPAQUE = Symbol("escapement.definition.opaque");

/**
 * A reference whose members are references. `known` is the value that it leads to as far as the program knows
 * it: a member that is not there is `undefined`, as it is in the types, instead of a reference to nothing.
 */
export function createReference<T>(path: readonly Step[], known: unknown = OPAQUE): Ref<T> {
  const node: ReferenceNode = { kind: "reference", path };
  return new Proxy(Object.create(null), {
    get(_target, key) {
      if (key === NODE) return node;
      if (key === Symbol.toPrimitive) return () => refuseConversion(node);
      if (typeof key === "symbol") return undefined;
      return createMember(path, key, known);
    },
    has: (_target, key) => key === NODE,
    // Copying a reference's members would silently copy nothing; inheriting them is what imports are for.
    ownKeys: () => refuseConversion(node),
  }) as Ref<T>;
}

function createMember(path: readonly Step[], key: string, known: unknown): unknown {
  if (Array.isArray(known) && /^\d+$/.test(key)) {
    const index = Number(key);
    return index < known.length ? createReference([...path, index], known[index]) : undefined;
  }
  if (!isRecord(known)) return createReference([...path, key]);
  const member = Object.hasOwn(known, key) ? known[key] : undefined;
  return member === undefined ? undefined : createReference([...path, key], member);
}

/** An object whose members the program knows: neither a list nor an expression. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExpression(value);
}

function refuseConversion(node: ReferenceNode): never {
  throw new DefinitionError(
    "ERR_DEFINITION_REFERENCE",
    `the reference ${renderAccess(node.path)} is not text and has no members to copy here: put it into text with interpolate\`…\`, or use it as a value of its own`,
  );
}

/**
 * Steps that the types do not know: `at<string>(stacks, "infra", "vpc_id")`. The caller says what is found
 * there, and nothing but the opened environment can contradict it.
 */
export function at<T = unknown>(reference: Reference, ...steps: readonly Step[]): Ref<T> {
  return createReference([...reference[NODE].path, ...steps]);
}

/**
 * Text with references in it: interpolate`https://api.${domain}`. What is given as a string, number or
 * boolean is text like the rest; a `$` or `${` in it stays what it is.
 *
 * @throws {DefinitionError} ERR_DEFINITION_REFERENCE when it holds one reference and nothing else, for that
 * would keep the type of what it refers to instead of being text: use the reference itself, or `fn.toString`.
 */
export function interpolate(
  strings: TemplateStringsArray,
  ...values: readonly (Reference<Scalar> | string | number | boolean)[]
): Expression<string> {
  const parts: TextPart[] = [];
  for (const [position, text] of strings.entries()) {
    parts.push(text);
    const value = values[position];
    if (isExpression(value)) parts.push({ path: referencePath(value) });
    else if (value !== undefined) parts.push(String(value));
    else if (position < values.length) {
      throw new DefinitionError(
        "ERR_DEFINITION_REFERENCE",
        `value ${position + 1} of an interpolation is undefined: refer to something that the environment or its imports declare`,
      );
    }
  }
  const kept = parts.filter((part) => part !== "");
  if (kept.length === 1 && typeof kept[0] !== "string") {
    throw new DefinitionError(
      "ERR_DEFINITION_REFERENCE",
      `an interpolation of ${renderAccess(kept[0]?.path ?? [])} alone is a reference, not text: use the reference itself, or fn.toString`,
    );
  }
  return expression({ kind: "interpolation", parts: kept });
}

function referencePath(value: Expression): readonly Step[] {
  const node = value[NODE];
  if (node.kind === "reference") return node.path;
  throw new DefinitionError(
    "ERR_DEFINITION_REFERENCE",
    "a call cannot stand inside text: declare it as a value first and refer to that",
  );
}

/**
 * What ESC tells an environment about who opens it. The evaluator fills in the two environments, Pulumi's
 * service the rest (pulumi.com/docs/esc, "context").
 */
export const context: Ref<{
  readonly currentEnvironment: { readonly name: string };
  readonly rootEnvironment: { readonly name: string };
  readonly pulumi: {
    readonly user: { readonly login: string };
    readonly organization: { readonly login: string };
    readonly token: { readonly name: string; readonly team: string; readonly type: string };
    /** As in Go: `2h0m0s`. */
    readonly openDuration: string;
  };
}> = createReference(["context"]);

/**
 * References into another environment without importing it: `${environments.project.name.…}`. `name` is
 * `project/environment`, with `@version` if one is meant.
 *
 * @throws {DefinitionError} ERR_DEFINITION_REFERENCE unless it has exactly those two parts: ESC takes a
 * shorter path for an unknown value and says nothing.
 */
export function otherEnvironment<Shape = unknown>(name: string): Ref<Shape> {
  const parts = name.split("/");
  if (parts.length !== 2 || parts.includes("")) {
    throw new DefinitionError(
      "ERR_DEFINITION_REFERENCE",
      `the environment "${name}" must be written project/name`,
    );
  }
  return createReference(["environments", ...parts]);
}
