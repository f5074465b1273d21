/**
 * A name in SQL. PostgreSQL's client has the same, but loading it for a script that only quotes would put all of it into
 * every bundle.
 */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL, for servers with `standard_conforming_strings`, which all are since 9.1 unless told otherwise. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}
