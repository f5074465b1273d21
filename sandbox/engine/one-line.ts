import path from "node:path";

const longest = 2000;
/** Where an error's message is over: its stack, or the files that led to a missing module. */
const requireStack = /^Require stack:$/;
const header = /^Running program '.*' failed with an unhandled exception:$/;
const frame = /^\s+at (?:.*\()?(?:file:\/\/)?([^()]*?):(\d+):(\d+)\)?/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with one
const color = /\u001b\[[0-9;]*m/g;

/**
 * An error as Pulumi's runner reports it (message, stack, the error's own properties), on one line: the message
 * and the first line of the program itself that it came from. Paths are shown from the program's folder.
 *
 * @param directory the project's folder, absolute
 */
export function toOneLine(text: string, directory: string): string {
  const lines = text.replaceAll(color, "").split("\n");
  const end = lines.findIndex((line) => frame.test(line) || requireStack.test(line));
  const message = lines
    .slice(0, end === -1 ? undefined : end)
    .filter((line) => !header.test(line))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .reduce((text, line) => `${text}${text === "" || /[:;,.]$/.test(text) ? " " : "; "}${line}`, "")
    .trim()
    .replace(/^(?:<ref \*\d+> )?(?:Uncaught )?(?:Error: )?/, "")
    .replaceAll(`${directory}${path.sep}`, "");
  const where = end === -1 ? undefined : ownFrame(lines.slice(end), directory);
  const line = where === undefined ? message : `${message} (${where})`;
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

function ownFrame(lines: readonly string[], directory: string): string | undefined {
  for (const line of lines) {
    const [, file, row, column] = frame.exec(line) ?? [];
    if (file === undefined) continue;
    const relative = path.relative(directory, file);
    const outside = relative.startsWith("..") || path.isAbsolute(relative) || !path.isAbsolute(file);
    if (!outside && !relative.split(path.sep).includes("node_modules")) return `${relative}:${row}:${column}`;
  }
  return undefined;
}
