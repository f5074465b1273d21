import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { EngineError } from "./errors";

const configTypes = ["string", "integer", "boolean", "array", "object"] as const;
export type ConfigType = (typeof configTypes)[number];

const entrySchema = z.strictObject({
  type: z.enum(configTypes).optional(),
  items: z.unknown().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  value: z.unknown().optional(),
  secret: z.boolean().optional(),
});

const projectSchema = z.object({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/),
  main: z.string().optional(),
  stackConfigDir: z.string().default("."),
  runtime: z.union([
    z.literal("nodejs").transform(() => ({ typescript: true })),
    z
      .strictObject({
        name: z.literal("nodejs"),
        options: z
          .strictObject({ typescript: z.boolean().default(true), packagemanager: z.string().optional() })
          .prefault({}),
      })
      .transform(({ options }) => ({ typescript: options.typescript })),
  ]),
  config: z.record(z.string(), z.unknown()).default({}),
});

/** One line of the project's `config:`. `fallback` is its `default:` or `value:`. */
export interface ProjectConfigEntry {
  readonly key: string;
  readonly required: boolean;
  readonly type: ConfigType | undefined;
  readonly secret: boolean;
  readonly fallback: unknown;
}

export interface ProjectFile {
  readonly name: string;
  readonly typescript: boolean;
  /** The program's working directory, and its entry there (`.` for the folder itself). */
  readonly programDirectory: string;
  readonly main: string;
  readonly stackDirectory: string;
  readonly config: readonly ProjectConfigEntry[];
}

/**
 * Reads `Pulumi.yaml`, as far as it decides how a Node program runs.
 *
 * @throws EngineError ERR_ENGINE_PROJECT_FILE
 */
export async function readProjectFile(directory: string): Promise<ProjectFile> {
  const file = path.join(directory, "Pulumi.yaml");
  let content: unknown;
  try {
    content = parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw refuse(`Pulumi.yaml cannot be read: ${firstLine(cause)}`, cause);
  }
  const parsed = projectSchema.safeParse(content);
  if (!parsed.success) throw refuse(`Pulumi.yaml: ${describeIssues(parsed.error)}`);
  const { name, main, runtime, config, stackConfigDir } = parsed.data;
  return {
    name,
    typescript: runtime.typescript,
    ...(await findProgram(directory, main)),
    stackDirectory: path.join(directory, stackConfigDir),
    config: Object.entries(config).map(([key, entry]) => readEntry(name, key, entry)),
  };
}

function refuse(message: string, cause?: unknown): EngineError {
  return new EngineError("ERR_ENGINE_PROJECT_FILE", message, { cause });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "content"}: ${issue.message}`).join("; ");
}

/** A program runs in the folder of its `main`, or in `main` itself when that is a folder, as under Pulumi. */
async function findProgram(
  directory: string,
  main: string | undefined,
): Promise<{ programDirectory: string; main: string }> {
  if (main === undefined) return { programDirectory: directory, main: "." };
  const program = path.resolve(directory, main);
  if (path.isAbsolute(main) || path.relative(directory, program).startsWith("..")) {
    throw refuse(`Pulumi.yaml: main: ${main} is not inside the project's folder`);
  }
  const found = await stat(program).catch((cause: unknown) => {
    throw refuse(`Pulumi.yaml: main: ${main} does not exist`, cause);
  });
  if (found.isDirectory()) return { programDirectory: program, main: "." };
  return { programDirectory: path.dirname(program), main: path.basename(program) };
}

/**
 * Keys of the project's own namespace have a `default:`, others a `value:`; a plain value is short for either.
 * Source: `RewriteShorthandConfigValues` and `Project.Validate` in pulumi/pulumi's `sdk/go/common/workspace`.
 */
function readEntry(project: string, rawKey: string, raw: unknown): ProjectConfigEntry {
  const key = rawKey.includes(":") ? rawKey.replace(":config:", ":") : `${project}:${rawKey}`;
  const own = key.startsWith(`${project}:`);
  const isMap = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  if (!isMap) return { key, required: own, type: undefined, secret: false, fallback: raw ?? undefined };
  const parsed = entrySchema.safeParse(raw);
  if (!parsed.success) throw refuse(`Pulumi.yaml: config.${rawKey}: ${describeIssues(parsed.error)}`);
  const { type, value, secret = false, default: fallback } = parsed.data;
  if (value !== undefined && fallback !== undefined) {
    throw refuse(`Pulumi.yaml: config.${rawKey} has both a default and a value: keep one`);
  }
  if (!own && (type !== undefined || fallback !== undefined || value === undefined)) {
    throw refuse(
      `Pulumi.yaml: config.${rawKey} is not in the namespace ${project}: give it a value, no type or default`,
    );
  }
  return { key, required: own, type, secret, fallback: value ?? fallback };
}
