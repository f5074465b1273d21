/** What `{{…}}` in a template may stand for. */
export type TemplateValues = Readonly<Record<string, string | undefined>>;

const PLACE = /\{\{\s*([\w.-]+)\s*\}\}/g;

/** The names that a template uses. */
export function namesIn(template: unknown): readonly string[] {
  if (typeof template === "string") return [...template.matchAll(PLACE)].map(([, name = ""]) => name);
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap(namesIn);
}

/**
 * Puts values into a text. What stands in a path is to be encoded: `encode` sees each value by itself.
 *
 * @throws TypeError for a name without a value; the message has the name
 */
export function renderText(
  template: string,
  values: TemplateValues,
  encode: (value: string) => string = String,
): string {
  return template.replace(PLACE, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`nothing is known as {{${name}}}`);
    return encode(value);
  });
}

/** Puts values into every text of a JSON value. A text stays a text, whatever is put into it. */
export function renderJson(template: unknown, values: TemplateValues): unknown {
  if (typeof template === "string") return renderText(template, values);
  if (Array.isArray(template)) return template.map((item) => renderJson(item, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, renderJson(value, values)]),
  );
}

/**
 * What a JSON pointer (RFC 6901) leads to. `""` is the whole.
 *
 * @returns undefined where there is nothing
 */
export function pointTo(value: unknown, pointer: string): unknown {
  const steps = pointer.split("/").slice(1);
  return steps.reduce<unknown>((at, step) => {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const isInside = typeof at === "object" && at !== null && Object.hasOwn(at, name);
    return isInside ? (at as Record<string, unknown>)[name] : undefined;
  }, value);
}
