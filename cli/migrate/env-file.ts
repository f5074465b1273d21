import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { Concealed } from "./concealed";
import { type Found, type Source, SourceError, type Trace } from "./item";
import { literally } from "./references";

/** Runs a command and answers what it prints. */
export type RunCommand = (file: string, args: readonly string[]) => Promise<string>;

/**
 * A `.env` file, read as Node reads it (`util.parseEnv`). A value `op://vault/item/field` is a reference into 1Password,
 * as `op run --env-file` has them, and is read with `op read`.
 *
 * @throws SourceError
 */
export async function readEnvFile(file: string, run: RunCommand = runCommand): Promise<Source> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new SourceError(`${file} cannot be read (${error.code})`);
  });
  const name = path.basename(file);
  const found: Found[] = [];
  const left: { name: string; from: string; why: string }[] = [];
  const traces: Trace[] = [
    {
      pattern: new RegExp(`(?<![\\w.-])${literally(name)}(?![\\w.-])`),
      what: `names ${name}`,
      // .gitignore and .dockerignore keep it out, and should go on to.
      files: /^(?!(?:.*\/)?\.\w+ignore$)/,
    },
  ];
  for (const [variable, value = ""] of Object.entries(parseEnv(text))) {
    const from = `${name}:${lineOf(text, variable)}`;
    refuseCutOff(text, variable, from);
    if (value === "") {
      left.push({ name: variable, from, why: "it has no value" });
    } else if (value.startsWith("op://")) {
      const secret = await readReference(variable, value, run);
      found.push({
        name: variable,
        value: secret,
        secret: true,
        from: value,
        remove: removeReference(value, from),
      });
      traces.push({ pattern: new RegExp(`${literally(value)}(?![\\w/-])`), what: `reads ${value}` });
    } else {
      const remove = `delete ${from}`;
      found.push({ name: variable, value: new Concealed(value), secret: true, from, remove });
    }
  }
  return { found, left, traces, file };
}

function removeReference(reference: string, from: string): string {
  return `delete ${from}, and archive ${reference} once nobody else reads it`;
}

async function readReference(name: string, reference: string, run: RunCommand): Promise<Concealed> {
  const text = await run("op", ["read", "--no-newline", reference]).catch((error: Error) => {
    throw new SourceError(`${name}: op read ${reference} failed: ${error.message}`);
  });
  if (text === "") throw new SourceError(`${name}: op read ${reference} answered nothing`);
  return new Concealed(text);
}

/** From 1; 0 where the parser saw a name that no line seems to begin with. */
function lineOf(text: string, name: string): number {
  const pattern = new RegExp(`^\\s*(?:export\\s+)?${literally(name)}\\s*=`);
  return text.split("\n").findLastIndex((line) => pattern.test(line)) + 1;
}

/** Readers differ in what they make of `'it's'`; Node's drops what stands behind the quote, and the value with it. */
function refuseCutOff(text: string, name: string, from: string): void {
  const [, quote, rest = ""] =
    new RegExp(`^\\s*(?:export\\s+)?${literally(name)}\\s*=[ \\t]*(["'\`])([^]*)`, "m").exec(text) ?? [];
  const behind = quote === undefined ? "" : rest.slice(rest.indexOf(quote) + 1).split("\n")[0];
  if (!/^\s*(#.*)?$/.test(behind ?? "")) {
    throw new SourceError(
      `${from} has text behind its closing quote: quote it with a character that it does not have`,
    );
  }
}

/** Without a shell. What the command says on stderr is told, cut short; what it prints is not. */
export const runCommand: RunCommand = (file, args) =>
  new Promise((resolve, reject) => {
    execFile(file, [...args], { maxBuffer: 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new Error(`the command ${file} is not installed`));
      else reject(new Error(stderr.split("\n")[0]?.slice(0, 200) || `it ended with ${error.code}`));
    });
  });
