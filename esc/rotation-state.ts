import { isMap, isScalar, parseDocument, visit } from "yaml";

/**
 * The rotators of a definition that have no state, by their place below `values`: what has not been rotated yet, or has lost
 * what it was. Such an environment checks, and does not open.
 */
export function rotatorsWithoutState(yaml: string): readonly string[] {
  const found: string[] = [];
  visit(parseDocument(yaml), {
    Pair(_, { key, value }, path) {
      if (!isScalar(key) || typeof key.value !== "string" || !/^fn::rotate(::|$)/.test(key.value)) return;
      if (isMap(value) && value.has("state") && value.get("state") !== null) return;
      const names = path.flatMap((node) =>
        "key" in node && isScalar(node.key) && typeof node.key.value === "string" ? [node.key.value] : [],
      );
      found.push(names.slice(1).join("."));
    },
  });
  return found;
}
