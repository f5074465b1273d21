/**
 * JSON with numbers kept as text: `JSON.parse` turns 9007199254740993 into …992 and 1.50 into 1.5. Every
 * string and number becomes a string that begins with its kind, so neither can be taken for the other.
 */
export type ExactJson = string | boolean | null | ExactJson[] | { [key: string]: ExactJson };

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

export function parseExact(text: string): ExactJson {
  return JSON.parse(
    text.replace(TOKEN, (token) => (token[0] === '"' ? `"s${token.slice(1)}` : `"n${token}"`)),
  );
}

export function stringifyExact(value: ExactJson): string {
  return JSON.stringify(value).replace(TOKEN, (token) =>
    token[1] === "s" ? `"${token.slice(2)}` : token.slice(2, -1),
  );
}

const STEP = /(?:^|\.)([^.[\]"]+)|\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]/y;

/** The keys of a property path: those of `a.b[0]["x-y"]` are a, b, 0 and x-y. */
function parsePath(path: string): string[] {
  const keys: string[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const step = STEP.exec(path);
    if (!step) throw new SyntaxError(`not a property path: ${JSON.stringify(path)}`);
    keys.push(step[1] ?? step[2] ?? (step[3] ?? "").replace(/\\(.)/g, "$1"));
  }
  return keys;
}

/**
 * One property of an evaluated environment, as REST gives it: `{"value", "secret", "unknown", "trace"}`.
 *
 * @param environment `Evaluation.environment`
 * @param path a Pulumi property path such as `a.b[0]["x-y"]`
 * @returns JSON text, numbers as the evaluator spelled them; undefined when there is no such property
 * @throws SyntaxError when the path does not parse
 */
export function readProperty(environment: string, path: string): string | undefined {
  const parsed = parseExact(environment) as { [key: string]: ExactJson };
  let value: ExactJson = { svalue: parsed.sproperties ?? {} };
  for (const key of parsePath(path)) {
    const parent = (value as { [key: string]: ExactJson }).svalue;
    if (parent === null || typeof parent !== "object") return undefined;
    const name = Array.isArray(parent) ? key : `s${key}`;
    if (!Object.hasOwn(parent, name)) return undefined;
    value = (parent as { [key: string]: ExactJson })[name] as ExactJson;
  }
  return stringifyExact(value);
}
