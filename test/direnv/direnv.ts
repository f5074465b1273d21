import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine's own direnv; where it has none, one that is built from Go's module proxy. */
export function findDirenv(): string {
  const own = execFileSync("sh", ["-c", "command -v direnv || true"], { encoding: "utf8" }).trim();
  if (own !== "") return own;
  try {
    return execFileSync(process.execPath, [join(root, "tools", "build-direnv.mjs")], {
      encoding: "utf8",
    }).trim();
  } catch (error) {
    throw new Error(`direnv is needed to run these tests: ${(error as { stderr?: string }).stderr?.trim()}`);
  }
}

/**
 * A person's machine: a home, a project with an `.envrc`, and of commands only direnv, Node and what a test puts there.
 */
export class Laptop {
  readonly #folder = mkdtempSync(join(tmpdir(), "escapement-direnv-"));
  readonly #direnv: string;
  readonly #project: string;
  #touched = Math.floor(Date.now() / 1000);
  /** What the shell has: the real one's PATH and home are not in it. */
  readonly environment: Record<string, string>;

  /** @param project where the `.envrc` is. @default a folder here, for `envrc` to write it into */
  constructor(direnv: string, variables: Readonly<Record<string, string>> = {}, project?: string) {
    this.#direnv = direnv;
    this.#project = project ?? join(this.#folder, "project");
    for (const name of ["bin", "home", "tmp", "project"]) mkdirSync(join(this.#folder, name));
    this.environment = {
      HOME: join(this.#folder, "home"),
      TMPDIR: join(this.#folder, "tmp"),
      PATH: [join(this.#folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
      ...variables,
    };
  }

  /** A command on PATH, in bash. */
  install(name: string, script: string): void {
    const file = join(this.#folder, "bin", name);
    writeFileSync(file, `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** Writes the project's `.envrc` and allows it. */
  async envrc(...lines: readonly string[]): Promise<void> {
    const hook = join(root, "esc", "direnv", "use_escapement.sh");
    writeFileSync(join(this.#project, ".envrc"), [`source ${hook}`, ...lines, ""].join("\n"));
    await this.allow();
  }

  /** Writes a file into the project, or removes it. */
  write(name: string, text: string | undefined): void {
    const file = join(this.#project, name);
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
  }

  async allow(): Promise<void> {
    await this.run([this.#direnv, "allow"]);
  }

  /** What the hook does at the next prompt: the variables that direnv sets (null: takes away), and what it says. */
  async prompt(): Promise<Ran & { readonly changes: Readonly<Record<string, string | null>> }> {
    const ran = await this.run([this.#direnv, "export", "json"]);
    const changes: Record<string, string | null> = ran.stdout === "" ? {} : JSON.parse(ran.stdout);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete this.environment[name];
      else this.environment[name] = value;
    }
    return { ...ran, changes };
  }

  /** What a bash has in a variable after its hook has run. */
  async inBash(name: string): Promise<string> {
    const { stdout } = await this.run([
      "bash",
      "-c",
      `eval "$("$1" export bash 2>/dev/null)"; printf %s "$${name}"`,
      "-",
      this.#direnv,
    ]);
    return stdout;
  }

  /** As `direnv reload`, which touches what is watched; direnv counts in whole seconds, so this one is a year on. */
  reload(): void {
    this.#touched += 365 * 24 * 3600;
    utimesSync(join(this.#project, ".envrc"), this.#touched, this.#touched);
  }

  run([command = "", ...args]: readonly string[]): Promise<Ran> {
    const options = { cwd: this.#project, env: this.environment };
    return new Promise((resolve) => {
      execFile(command, args, options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }

  /** Everything that any file here holds. */
  written(): string {
    return readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** What a command put down about how it was called. */
  read(name: string): string {
    return readFileSync(join(this.#folder, "home", name), "utf8");
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
