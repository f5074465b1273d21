import { DefinitionError } from "./errors";
import { isRecord, NODE, type Ref, type Reference, type ReferenceNode } from "./expression";
import { renderAccess, type Step } from "./text";

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
