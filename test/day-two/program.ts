import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";

const root = path.join(__dirname, "..", "..");
const parts = ["index.ts", "settings.ts", "package.json", "Pulumi.base.yaml"];
const folders = ["components", "esc", "trust", "lambda"];

/** What is to be another way in a copy: in which file, what, and what stands there then. */
export type Edit = readonly [file: string, from: string | RegExp, to: string];

/**
 * A copy of this repository's program, to be changed as its owner would change it. Its stages read no other stack, so
 * that they can be opened without one. It is compiled once instead of in every run: that the program runs as it is
 * written is the main job's test.
 */
export async function copyProgram(): Promise<ProgramCopy> {
  const directory = await mkdtemp(path.join(tmpdir(), "day-two-"));
  const write = (name: string, text: string) => writeFile(path.join(directory, name), text);
  const project = await readFile(path.join(root, "Pulumi.yaml"), "utf8");
  await Promise.all([
    ...[...parts, ...folders].map((name) =>
      cp(path.join(root, name), path.join(directory, name), { recursive: true }),
    ),
    write("Pulumi.yaml", project.replace(/^runtime: .*$/m, compiled).replace("index.ts", "dist/index.js")),
    ...["dev", "staging", "prod"].map((stack) => write(`Pulumi.${stack}.yaml`, "config: {}\n")),
    ...["node_modules", "build"].map((name) => symlink(path.join(root, name), path.join(directory, name))),
  ]);
  const copy = new ProgramCopy(directory);
  await copy.compile(await sourcesIn(directory));
  return copy;
}

const compiled = "runtime: { name: nodejs, options: { typescript: false } }";

export class ProgramCopy {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Another one, changed. */
  async copy(...edits: readonly Edit[]): Promise<ProgramCopy> {
    const directory = await mkdtemp(path.join(tmpdir(), "day-two-"));
    await cp(this.directory, directory, { recursive: true, verbatimSymlinks: true });
    const copy = new ProgramCopy(directory);
    await copy.edit(...edits);
    return copy;
  }

  async edit(...edits: readonly Edit[]): Promise<void> {
    for (const [name, from, to] of edits) {
      const file = path.join(this.directory, name);
      const text = await readFile(file, "utf8");
      const edited = text.replace(from, to);
      if (edited === text) throw new Error(`${name} has no ${from}`);
      await writeFile(file, edited);
    }
    await this.compile(edits.map(([name]) => path.join(this.directory, name)));
  }

  async compile(sources: readonly string[]): Promise<void> {
    await build({
      entryPoints: [...sources],
      outdir: path.join(this.directory, "dist"),
      outbase: this.directory,
      format: "cjs",
      platform: "node",
      target: "node20",
      logLevel: "silent",
    });
    // A program that runs in this process is run as it now is.
    for (const file of Object.keys(require.cache))
      if (file.startsWith(this.directory + path.sep)) delete require.cache[file];
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

async function sourcesIn(directory: string): Promise<string[]> {
  const names = await Promise.all(
    folders.map(async (folder) => {
      const inside = await readdir(path.join(directory, folder), { recursive: true });
      return inside.map((name) => path.join(folder, name));
    }),
  );
  return ["index.ts", "settings.ts", ...names.flat()]
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(directory, name));
}
