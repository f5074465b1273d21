import type { Step, TextPart } from "./text";

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

type Member<T> = unknown extends T
  ? Ref<unknown>
  : T extends undefined
    ? undefined
    : undefined extends T
      ? Ref<Exclude<T, undefined>> | undefined
      : Ref<T>;

/** References to everything that `Values` declares, as the callbacks of the builder get them. */
export type Refs<Values> = { readonly [K in keyof Values]: Member<Values[K]> };

/** A value without members. */
export type Scalar = string | number | boolean | null;

/**
 * What can stand in an environment. A string is text: it never becomes a reference, whatever it holds. A
 * member that is undefined is not rendered, so that a part can depend on configuration.
 */
export type Value = Scalar | Expression | readonly Value[] | { readonly [key: string]: Value | undefined };

/** The shape that a value has once it is evaluated. */
export type ShapeOf<V> = [Value] extends [V]
  ? unknown
  : V extends Expression<infer T>
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

/** An object whose members the program knows: neither a list nor an expression. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExpression(value);
}
