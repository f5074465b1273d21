import path from "node:path";
import { EngineError } from "./errors";
import { type ConfigType, type ProjectConfigEntry, readProjectFile } from "./project-file";
import { qualify, readStackFile, type StackFile } from "./stack-file";
import { Secret } from "./values";

/** Everything that a program's run needs to know about its project and stack. */
export interface StackSettings {
  readonly project: string;
  readonly stack: string;
  /** Where `Pulumi.yaml` is, absolute. */
  readonly directory: string;
  /** Where the program runs, absolute, and its entry there. */
  readonly programDirectory: string;
  readonly main: string;
  readonly typescript: boolean;
  /** By full key (`escapement:domain`). Structured values are JSON, as Pulumi hands them to programs. */
  readonly config: Readonly<Record<string, string>>;
  readonly secretConfig: Readonly<Record<string, Secret<string>>>;
  /** The ESC environments that the stack file imports. They have no effect here: give their values as `config`. */
  readonly environments: readonly string[];
}

export interface StackSettingsOptions {
  /** Where `Pulumi.yaml` is. */
  readonly directory: string;
  readonly stack: string;
  /** Values that win over the stack file (`--config key=value`); a key without namespace is the project's. */
  readonly config?: Readonly<Record<string, string>>;
  /** The same, for values that are secret. Keys that the files call secret are secret in `config` too. */
  readonly secretConfig?: Readonly<Record<string, string>>;
}

/**
 * Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml` as `pulumi` does: project defaults, structured values, types.
 *
 * @throws EngineError ERR_ENGINE_PROJECT_FILE, ERR_ENGINE_STACK_MISSING, ERR_ENGINE_STACK_FILE,
 * ERR_ENGINE_CONFIG_MISSING, ERR_ENGINE_CONFIG_TYPE, ERR_ENGINE_CONFIG_ENCRYPTED. Each names the keys, never values.
 */
export async function readStackSettings(options: StackSettingsOptions): Promise<StackSettings> {
  const { stack } = options;
  const directory = path.resolve(options.directory);
  const { name: project, config: entries, ...program } = await readProjectFile(directory);
  const file = await readStackFile(program.stackDirectory, stack, project);
  const givenSecrets = qualifyKeys(options.secretConfig, project);
  const given = { ...qualifyKeys(options.config, project), ...givenSecrets };
  refuseEncrypted({ stack, file, given });
  checkTypes({ stack, entries, file, given });
  const values = withDefaults({ stack, entries, values: { ...plainValues(file), ...given } });
  const secretKeys = new Set([
    ...entries.filter(({ secret }) => secret).map(({ key }) => key),
    ...encryptedKeys(file),
    ...Object.keys(givenSecrets),
  ]);
  const pairs = Object.entries(values);
  return {
    project,
    stack,
    directory,
    programDirectory: program.programDirectory,
    main: program.main,
    typescript: program.typescript,
    config: Object.fromEntries(pairs.filter(([key]) => !secretKeys.has(key))),
    secretConfig: Object.fromEntries(
      pairs.filter(([key]) => secretKeys.has(key)).map(([key, value]) => [key, new Secret(value)]),
    ),
    environments: file.environments,
  };
}

function qualifyKeys(config: Readonly<Record<string, string>> = {}, project: string): Record<string, string> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [qualify(key, project), value]));
}

function plainValues({ config }: StackFile): Record<string, string> {
  const plain = [...config].flatMap(([key, value]) => (value.kind === "plain" ? [[key, value.text]] : []));
  return Object.fromEntries(plain);
}

function encryptedKeys({ config }: StackFile): string[] {
  return [...config].flatMap(([key, { kind }]) => (kind === "encrypted" ? [key] : []));
}

type GivenValues = Readonly<Record<string, string>>;

function refuseEncrypted(options: {
  readonly stack: string;
  readonly file: StackFile;
  readonly given: GivenValues;
}): void {
  const { stack, file, given } = options;
  const keys = encryptedKeys(file).filter((key) => given[key] === undefined);
  if (keys.length === 0) return;
  const hints = keys.map((key) => `--config ${key}=<value>`).join(" ");
  const verb = keys.length === 1 ? "is" : "are";
  throw new EngineError(
    "ERR_ENGINE_CONFIG_ENCRYPTED",
    `Pulumi.${stack}.yaml: ${keys.join(", ")} ${verb} encrypted (secure:) and cannot be decrypted here: give ${hints}`,
  );
}

function checkTypes(options: {
  readonly stack: string;
  readonly entries: readonly ProjectConfigEntry[];
  readonly file: StackFile;
  readonly given: GivenValues;
}): void {
  const { stack, entries, file, given } = options;
  for (const { key, type, secret } of entries) {
    const value = file.config.get(key);
    const content = given[key] ?? (value?.kind === "plain" ? value.content : undefined);
    if (type === undefined || content === undefined) continue;
    if (secret && given[key] === undefined) {
      const message = `Pulumi.${stack}.yaml: ${key} must be encrypted, for Pulumi.yaml calls it secret`;
      throw new EngineError("ERR_ENGINE_CONFIG_TYPE", message);
    }
    if (!hasType(content, type)) {
      const message = `the configuration value ${key} of stack ${stack} must be of type ${type}`;
      throw new EngineError("ERR_ENGINE_CONFIG_TYPE", message);
    }
  }
}

function hasType(content: unknown, type: ConfigType): boolean {
  if (type === "string") return typeof content === "string";
  if (typeof content === "string") {
    if (type === "integer") return /^[+-]?\d+$/.test(content);
    if (type === "boolean") return content === "true" || content === "false";
    try {
      return hasStructure(JSON.parse(content), type);
    } catch {
      return false;
    }
  }
  return hasStructure(content, type);
}

function hasStructure(content: unknown, type: ConfigType): boolean {
  if (type === "array") return Array.isArray(content);
  return type === "object" && typeof content === "object" && content !== null && !Array.isArray(content);
}

function withDefaults(options: {
  readonly stack: string;
  readonly entries: readonly ProjectConfigEntry[];
  readonly values: GivenValues;
}): Record<string, string> {
  const { stack, entries, values } = options;
  const absent = entries.filter(({ key }) => values[key] === undefined);
  const missing = absent.filter(({ required, fallback }) => required && fallback === undefined);
  if (missing.length > 0) {
    const keys = missing.map(({ key }) => key).join(", ");
    throw new EngineError(
      "ERR_ENGINE_CONFIG_MISSING",
      `stack ${stack} is missing the configuration value${missing.length === 1 ? "" : "s"} ${keys}: set it in Pulumi.${stack}.yaml, or give --config key=value`,
    );
  }
  const defaults = absent.flatMap(({ key, fallback }) =>
    fallback === undefined
      ? []
      : [[key, typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback)]],
  );
  return { ...values, ...Object.fromEntries(defaults) };
}
