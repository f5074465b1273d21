import { EscServiceError } from "./errors.js";

const step = /(?:^|(?<!^)\.)([^.[\]"]+)|\[(\d+)\]|\["((?:\\"|[^"])*)"\]/y;

/**
 * Reads a property path as Pulumi writes it: `a.b`, `a[0].b`, `a["x.y"]`, `["root key"].b`; `\"` is the one escape.
 * Source: Pulumi's documentation of structured configuration, which ESC's REST description refers to.
 * @throws {ERR_ESC_SERVICE_BAD_REQUEST} for anything else, and for an empty path
 */
export function parsePropertyPath(text: string): [string | number, ...(string | number)[]] {
  const path: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) {
      break;
    }
    const [, name, index, quoted] = match;
    path.push(index === undefined ? (name ?? quoted?.replaceAll('\\"', '"') ?? "") : Number(index));
  }
  const [first, ...rest] = path;
  // A step that does not match sets lastIndex back to 0.
  if (first === undefined || step.lastIndex !== text.length) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `invalid property path ${JSON.stringify(text.slice(0, 120))}: write a.b, a[0] or a["b.c"]`,
    );
  }
  return [first, ...rest];
}
