import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { type EnvironmentSource, ParsedEnvironment } from "../esc/lint/source";
import type { StackFile } from "../esc/lint/stack-file-rules";
import { importedNames } from "../esc/lint/stack-file-rules";

/** What file names on a command line stand for. */
export interface EnvironmentFiles {
  readonly environments: readonly EnvironmentSource[];
  /** What they import and is found beside them. */
  readonly imports: readonly EnvironmentSource[];
  readonly stackFiles: readonly StackFile[];
}

const EXTENSION = /\.ya?ml$/;
const STACK_FILE = /^Pulumi\.[\w.-]+\.ya?ml$/;

/**
 * Reads environment and stack files. `environments/shop/prod.yaml` is the environment `shop/prod`, and what it imports
 * is looked for beside it.
 *
 * @throws Error naming the file that cannot be read
 */
export async function readEnvironmentFiles(files: readonly string[]): Promise<EnvironmentFiles> {
  const read = await Promise.all(files.map(async (file) => ({ file, yaml: await readText(file) })));
  const environments = read
    .filter(({ file }) => !STACK_FILE.test(path.basename(file)))
    .map(({ file, yaml }) => ({ name: nameOf(file), file, yaml }));
  const stackFiles = await Promise.all(
    read
      .filter(({ file }) => STACK_FILE.test(path.basename(file)))
      .map(async ({ file, yaml }) => ({ file, yaml, project: await projectIn(path.dirname(file)) })),
  );
  const imports = new Map<string, EnvironmentSource>();
  const known = (name: string) => imports.has(name) || environments.some((each) => each.name === name);
  const add = async (wanted: readonly string[], root: string): Promise<void> => {
    for (const name of wanted.map((each) => each.replace(/@[^@]*$/, ""))) {
      const file = known(name) ? undefined : fileOf(root, name);
      if (file === undefined) continue;
      const source = { name, file, yaml: await readText(file) };
      imports.set(name, source);
      await add(mentioned(source), root);
    }
  };
  for (const source of environments) await add(mentioned(source), path.dirname(path.dirname(source.file)));
  for (const { file, yaml } of stackFiles) {
    const environment = new ParsedEnvironment({ name: file, yaml }).topLevel("environment")?.value;
    await add(importedNames(environment), path.dirname(file));
  }
  return { environments, imports: [...imports.values()], stackFiles };
}

function nameOf(file: string): string {
  const [project, name] = path.resolve(file).replace(EXTENSION, "").split(path.sep).slice(-2);
  return `${project}/${name}`;
}

/** Every environment that a definition names. */
function mentioned(source: EnvironmentSource): string[] {
  const { imports } = new ParsedEnvironment(source);
  const inline = source.yaml.matchAll(/\$\{environments\.([\w-]+)\.([\w@-]+)/g);
  return [
    ...imports.map(({ name }) => name),
    ...[...inline].map(([, project, name]) => `${project}/${name}`),
  ];
}

function fileOf(root: string, name: string): string | undefined {
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) return undefined;
  return [".yaml", ".yml"]
    .map((extension) => path.join(root, `${name}${extension}`))
    .find((file) => existsSync(file));
}

/** The name in a folder's `Pulumi.yaml`, if there is one. */
export async function projectIn(folder: string): Promise<string | undefined> {
  const file = path.join(folder, "Pulumi.yaml");
  const project: unknown = existsSync(file) ? parse(await readText(file))?.name : undefined;
  return typeof project === "string" ? project : undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${file}: ${code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`}`);
  }
}
