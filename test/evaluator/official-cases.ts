import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvaluateOptions, LoadedEnvironment } from "../../esc/evaluator/index";
import { type ExactJson, parseExact } from "../../esc/evaluator/json";
import { officialProviders, officialRotators, rot128 } from "./official-providers";

/** Any JSON object, numbers as text: expected files are compared to the letter. */
export type Json = { [key: string]: ExactJson };

export interface OfficialCase {
  readonly name: string;
  readonly options: EvaluateOptions;
  readonly rotate: boolean;
  readonly paths: readonly string[];
  /** `expected.json`, keys and strings prefixed as `parseExact` does. */
  readonly expected: Json;
}

/** The module's own cases, in the Go module cache: they are read, never copied. `bench` has no expectations. */
export function officialCases(): OfficialCase[] {
  const folder = officialFolder();
  return readdirSync(folder)
    .filter((name) => name !== "bench")
    .map((name) => readCase(folder, name));
}

export function officialFolder(): string {
  const shim = join(__dirname, "..", "..", "esc", "evaluator", "shim");
  const module = execFileSync("go", ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/esc"], { cwd: shim });
  return join(module.toString().trim(), "eval", "testdata", "eval");
}

/** Imports are the files beside the definition; a missing one fails with the text that Go's `os` would give. */
export function loadFrom(folder: string, name: string): (environment: string) => Promise<LoadedEnvironment> {
  return async (environment) => {
    const file = join(folder, name, `${environment}.yaml`);
    if (!existsSync(file)) {
      throw new Error(`open testdata/eval/${name}/${environment}.yaml: no such file or directory`);
    }
    return { yaml: readFileSync(file, "utf8"), decrypter: rot128 };
  };
}

function readCase(folder: string, name: string): OfficialCase {
  const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
  const overrides = existsSync(join(folder, name, "overrides.json"))
    ? JSON.parse(read("overrides.json"))
    : {};
  return {
    name,
    rotate: overrides.rotate ?? false,
    paths: overrides.rotatePaths ?? [],
    expected: parseExact(read("expected.json")) as Json,
    options: {
      yaml: read("env.yaml"),
      name: overrides.rootEnvironment ?? name,
      showSecrets: overrides.showSecrets ?? false,
      loadEnvironment: loadFrom(folder, name),
      providers: officialProviders,
      rotators: officialRotators,
      decrypter: rot128,
      context: { pulumi: { user: { id: "USER_123" } } },
    },
  };
}
