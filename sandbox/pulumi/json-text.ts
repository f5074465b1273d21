/**
 * Finds the text of a part of a JSON document without parsing it: ESC's numbers are text (`1.50`,
 * 9007199254740993), and `JSON.parse` would turn them into other numbers. Node 20 has no reviver that sees the
 * source. Takes only JSON that a serializer wrote: no error is reported for what is not JSON.
 *
 * @returns the part's own text, or undefined when the path leads nowhere
 */
export function sliceJson(text: string, path: readonly (string | number)[]): string | undefined {
  let at = skipSpace(text, 0);
  for (const step of path) {
    const found = findMember(text, at, step);
    if (found === undefined) {
      return undefined;
    }
    at = found;
  }
  return text.slice(at, endOfValue(text, at));
}

/** Where the member's value begins, for a key of the object or an index of the array that begins at `at`. */
function findMember(text: string, at: number, step: string | number): number | undefined {
  const isObject = text[at] === "{";
  if (!isObject && text[at] !== "[") {
    return undefined;
  }
  let next = skipSpace(text, at + 1);
  for (let index = 0; next < text.length && !isClosing(text[next]); index++) {
    let key: string | number = index;
    if (isObject) {
      const keyEnd = endOfString(text, next);
      key = JSON.parse(text.slice(next, keyEnd)) as string;
      next = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    if (key === step) {
      return next;
    }
    next = skipSpace(text, endOfValue(text, next));
    next = text[next] === "," ? skipSpace(text, next + 1) : next;
  }
  return undefined;
}

function endOfValue(text: string, at: number): number {
  let depth = 0;
  let next = at;
  do {
    const character = text[next];
    if (character === '"') {
      next = endOfString(text, next);
    } else if (character === "{" || character === "[") {
      depth++;
      next++;
    } else if (isClosing(character)) {
      depth--;
      next++;
    } else if (depth === 0) {
      return endOfLiteral(text, next);
    } else {
      next++;
    }
  } while (depth > 0 && next < text.length);
  return next;
}

/** A number, `true`, `false` or `null` ends where what cannot be part of one begins. */
function endOfLiteral(text: string, at: number): number {
  const literal = /[-+.\w]*/y;
  literal.lastIndex = at;
  literal.exec(text);
  return literal.lastIndex;
}

function endOfString(text: string, at: number): number {
  let next = at + 1;
  while (next < text.length && text[next] !== '"') {
    next += text[next] === "\\" ? 2 : 1;
  }
  return next + 1;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (text[next] === " " || text[next] === "\n" || text[next] === "\t" || text[next] === "\r") {
    next++;
  }
  return next;
}

function isClosing(character: string | undefined): boolean {
  return character === "}" || character === "]";
}
