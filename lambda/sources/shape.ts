import * as z from "zod/mini";

const WORDS = ["string", "number", "boolean", "object", "array", "any"] as const;
const OPTIONAL = WORDS.map((word) => `${word}?` as const);

/**
 * What a JSON value has to be: a type (`string`), one that may be absent (`string?`), or a shape for each member of an
 * object (`{ "token": "string", "expires": "number?" }`). Members that it does not name are not passed on.
 */
export type Shape = (typeof WORDS)[number] | (typeof OPTIONAL)[number] | { readonly [member: string]: Shape };

export const shape: z.ZodMiniType<Shape> = z.union([
  z.enum([...WORDS, ...OPTIONAL]),
  z.record(
    z.string(),
    z.lazy(() => shape),
  ),
]);

/** Where a value is not what its shape says. Never carries the value. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/**
 * A value, cut down to its shape.
 *
 * @throws {ShapeError} it does not have it
 */
export function fitShape(value: unknown, shape: Shape, at = "answer"): unknown {
  if (typeof shape === "string") {
    const [, type = "", optional] = /^(\w+)(\?)?$/.exec(shape) ?? [];
    if ((optional !== undefined && value === undefined) || (value !== undefined && isOf(value, type))) {
      return value;
    }
    throw new ShapeError(`${at} must be ${type}`);
  }
  if (!isOf(value, "object")) throw new ShapeError(`${at} must be object`);
  const members = Object.entries(shape).flatMap(([member, inner]) => {
    const given = Object.hasOwn(value as object, member)
      ? (value as Record<string, unknown>)[member]
      : undefined;
    const fitted = fitShape(given, inner, `${at}.${member}`);
    return fitted === undefined ? [] : [[member, fitted] as const];
  });
  return Object.fromEntries(members);
}

function isOf(value: unknown, type: string): boolean {
  if (type === "any") return true;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
