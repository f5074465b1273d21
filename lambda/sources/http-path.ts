/** A parameter of a path template: one whole segment. */
const PARAMETER = /^\{(\w+)\}$/;

/** What is wrong with a path template, if anything. */
export function describePathTemplate(template: string): string | undefined {
  const segments = template.split("/").slice(1);
  const literals = segments.filter((segment) => !PARAMETER.test(segment));
  const parameters = parametersOf(template);
  // Characters that every server reads as they are; a server may decode what is encoded and take it for a slash.
  if (!template.startsWith("/") || !literals.every((literal) => /^[\w.~!$&'()+,;=:@-]+$/.test(literal))) {
    return "must be a path of plain segments, of which any may be {parameter} as a whole";
  }
  if (literals.some((literal) => literal === "." || literal === "..")) return "must not hold . or ..";
  if (new Set(parameters).size < parameters.length) return "must not hold a parameter twice";
  return undefined;
}

/** The names of a template's parameters, in their order. */
export function parametersOf(template: string): readonly string[] {
  return template.split("/").flatMap((segment) => PARAMETER.exec(segment)?.[1] ?? []);
}

/** What a parameter must not be: it would be no segment of its own, however it is encoded. */
export function describeParameter(value: string): string | undefined {
  // URLs read these as a way up or nowhere, also when they are percent-encoded.
  if (value === "" || value === "." || value === "..") return "must not be empty, . or ..";
  // Half of a surrogate pair has no encoding.
  if (/\p{Surrogate}/u.test(value)) return "must be well-formed text";
  return undefined;
}

/** The path, with each parameter encoded as one segment. */
export function fillPath(template: string, parameters: Readonly<Record<string, string>>): string {
  const segments = template.split("/").map((segment) => {
    const name = PARAMETER.exec(segment)?.[1];
    return name === undefined ? segment : encodeURIComponent(parameters[name] ?? "");
  });
  return segments.join("/");
}
