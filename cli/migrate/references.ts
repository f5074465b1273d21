import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Found, Source } from "./item";

/** A line of the repository that still has to do with the old place. Nothing of the line itself is told. */
export interface Reference {
  /** From the repository's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `names .env.staging`, `holds the value of DATABASE_URL`. */
  readonly what: string;
}

const maxFileBytes = 1024 * 1024;
/** A shorter value is found everywhere by chance. */
const minValueCharacters = 8;

/**
 * Looks through a repository for what refers to the old place, and for copies of the values themselves: everything
 * that git has or would have, or all files where there is no git.
 */
export async function findReferences(
  directory: string,
  source: Source,
  moved: readonly Found[],
): Promise<readonly Reference[]> {
  const values = moved
    .map(({ name, value }) => ({ name, lines: value.reveal().split("\n") }))
    .map(({ name, lines }) => ({ name, text: lines.reduce((a, b) => (b.length > a.length ? b : a), "") }))
    .filter(({ text }) => text.length >= minValueCharacters);
  const own = source.file === undefined ? undefined : path.relative(directory, path.resolve(source.file));
  const { files, tracked, inGit } = await listFiles(directory);
  const references: Reference[] = [];
  for (const file of files) {
    if (file === own) {
      const what = tracked.has(file)
        ? "is in git's history: give its values new ones after the move"
        : inGit && "is not ignored by git: the next git add takes it in";
      if (what) references.push({ file, line: 1, what });
      continue;
    }
    for (const [index, line] of (await readLines(path.join(directory, file))).entries()) {
      for (const { pattern, what, files: only } of source.traces) {
        if ((only === undefined || only.test(file)) && pattern.test(line)) {
          references.push({ file, line: index + 1, what });
        }
      }
      for (const { name, text } of values) {
        if (line.includes(text)) {
          references.push({ file, line: index + 1, what: `holds the value of ${name}` });
        }
      }
    }
  }
  return references;
}

/** Text as a part of a regular expression. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

interface Listed {
  readonly files: readonly string[];
  readonly tracked: ReadonlySet<string>;
  readonly inGit: boolean;
}

async function listFiles(directory: string): Promise<Listed> {
  const ask = (...args: string[]) =>
    new Promise<string[] | undefined>((resolve) => {
      execFile(
        "git",
        ["ls-files", "-z", ...args],
        { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout) => resolve(error === null ? stdout.split("\0").filter(Boolean) : undefined),
      );
    });
  const files = await ask("--cached", "--others", "--exclude-standard");
  if (files === undefined) return { files: await walk(directory), tracked: new Set(), inGit: false };
  return { files: [...new Set(files)].sort(), tracked: new Set(await ask("--cached")), inGit: true };
}

async function walk(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|\.git)\//.test(file))
    .sort();
}

/** None of what is no text, too large, or gone. */
async function readLines(file: string): Promise<string[]> {
  const size = await stat(file).then(
    (found) => (found.isFile() ? found.size : Number.POSITIVE_INFINITY),
    () => Number.POSITIVE_INFINITY,
  );
  if (size > maxFileBytes) return [];
  const text = await readFile(file, "utf8");
  return text.includes("\0") ? [] : text.split("\n");
}
