/** What expressions of a job are about, where it is known: `vars`, `inputs`, `matrix`, `env`, `github`. */
export type Scope = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

const EXPRESSION = /\$\{\{\s*(.+?)\s*\}\}/gs;
const NAME = /^(vars|inputs|matrix|env|github)\.([\w-]+)$/;

/** A text with its expressions filled in; undefined when one of them is not known. */
export function resolveText(text: string, scope: Scope): string | undefined {
  let known = true;
  const resolved = text.replace(EXPRESSION, (_, expression: string) => {
    const [, context = "", name = ""] =
      NAME.exec(expression.replace(/^github\.event\.inputs\./, "inputs.")) ?? [];
    const value = scope[context]?.[name];
    if (value === undefined) known = false;
    return value ?? "";
  });
  return known ? resolved : undefined;
}

/**
 * Whether a job's `if:` keeps it from running. Read are comparisons of `github.event_name`, `github.ref` and
 * `github.ref_name` with a text, joined by `&&`: what else is written may be true or not, so it excludes nothing.
 */
export function isExcluded(condition: string | undefined, github: Readonly<Record<string, string>>): boolean {
  if (condition === undefined) return false;
  const plain = condition.replace(EXPRESSION, "$1");
  // Of alternatives, one that cannot be read may hold.
  if (/\|\||[!(]\s*\(/.test(plain)) return false;
  return plain.split("&&").some((part) => {
    const [, name = "", operator, text] =
      /^\s*github\.(event_name|ref|ref_name)\s*(==|!=)\s*'([^']*)'\s*$/.exec(part) ?? [];
    return operator !== undefined && (github[name] === text) !== (operator === "==");
  });
}
