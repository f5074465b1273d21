import { isMap, type Node } from "yaml";
import { callOf, scalarPairs } from "./source";

/** A value that is no object, at its path below `values`. Objects merge; everything else replaces. */
export interface Leaf {
  readonly path: readonly string[];
  readonly node: Node;
}

/** Every such value below a node, in the order of the text. */
export function leavesOf(node: Node | undefined, path: readonly string[] = []): Leaf[] {
  if (isMap(node) && (path.length === 0 || callOf(node) === undefined)) {
    return scalarPairs(node).flatMap(({ key, value }) =>
      leavesOf(value ?? undefined, [...path, String(key.value)]),
    );
  }
  return node === undefined || path.length === 0 ? [] : [{ path, node }];
}
