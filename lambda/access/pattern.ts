/**
 * What `*` stands for: one character or more of those that mean the same to every system behind the adapter. No
 * `/` and no `:`, which divide names and ARNs into segments; no `%` or `\`, which some systems turn into one.
 */
const WILD = "[A-Za-z0-9_.+=@~-]+";

/** Whether a rule's text is a pattern. A `*` is not part of any exact name. */
export function isPattern(text: string): boolean {
  return text.includes("*");
}

/**
 * What tells whether a name is meant by a rule's text: the same text, or a pattern in which each `*` stands for a
 * part of one segment. A pattern never means a name with a segment `.` or `..`: those lead elsewhere.
 */
export function compilePattern(text: string): (name: string) => boolean {
  if (!isPattern(text)) return (name) => name === text;
  const literals = text.split("*").map((literal) => literal.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
  const expression = new RegExp(`^${literals.join(WILD)}$`);
  return (name) => expression.test(name) && !name.split("/").some((part) => part === "." || part === "..");
}

/** What is wrong with a pattern for names, if anything. One `*` a segment: more would cost more than they tell. */
export function describeNamePattern(text: string): string | undefined {
  if (text.split(/[/:]/).some((segment) => segment.split("*").length > 2)) {
    return "has more than one * in a segment";
  }
  return undefined;
}

/** What is wrong with a text for `project/environment`, if anything. */
export function describeEnvironmentPattern(text: string): string | undefined {
  if (!/^[\w.*-]+\/[\w.*-]+$/.test(text)) return "must be project/environment";
  // Everyone who may create a project would be let in.
  if (text.startsWith("*/")) return "must not leave the project open";
  return describeNamePattern(text);
}
