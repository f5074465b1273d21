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
  const project = await readProjectFile(directory);
  const file = await readStackFile(project.stackDirectory, stack, project.name);
  const given = qualifyKeys(options.config, project.name);
  const givenSecrets = qualifyKeys(options.secretConfig, project.name);
  const config: Record<string, string> = {};
  const secretConfig: Record<string, Secret<string>> = {};
  const secretKeys = new Set(project.config.filter(({ secret }) => secret).map(({ key }) => key));
  const encrypted: string[] = [];
  for (const [key, value] of file.config) {
    if (value.kind === "plain") config[key] = value.text;
    else {
      secretKeys.add(key);
      if (given[key] === undefined && givenSecrets[key] === undefined) encrypted.push(key);
    }
  }
  if (encrypted.length > 0) throw encryptedError(stack, encrypted);
  checkTypes({ stack, entries: project.config, file, given: { ...given, ...givenSecrets } });
  Object.assign(config, given);
  applyDefaults({ stack, entries: project.config, config, givenSecrets });
  for (const key of secretKeys) {
    const value = config[key];
    if (value !== undefined) secretConfig[key] = new Secret(value);
    delete config[key];
  }
  for (const [key, value] of Object.entries(givenSecrets)) {
    secretConfig[key] = new Secret(value);
    delete config[key];
  }
  return {
    project: project.name,
    stack,
    directory,
    programDirectory: project.programDirectory,
    main: project.main,
    typescript: project.typescript,
    config,
    secretConfig,
    environments: file.environments,
  };
}

function qualifyKeys(config: Readonly<Record<string, string>> = {}, project: string): Record<string, string> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [qualify(key, project), value]));
}

function encryptedError(stack: string, keys: readonly string[]): EngineError {
  const hints = keys.map((key) => `--config ${key}=<value>`).join(" ");
  const verb = keys.length === 1 ? "is" : "are";
  return new EngineError(
    "ERR_ENGINE_CONFIG_ENCRYPTED",
    `Pulumi.${stack}.yaml: ${keys.join(", ")} ${verb} encrypted (secure:) and cannot be decrypted here: give ${hints}`,
  );
}

function checkTypes(options: {
  readonly stack: string;
  readonly entries: readonly ProjectConfigEntry[];
  readonly file: StackFile;
  readonly given: Readonly<Record<string, string>>;
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

function applyDefaults(options: {
  readonly stack: string;
  readonly entries: readonly ProjectConfigEntry[];
  readonly config: Record<string, string>;
  readonly givenSecrets: Readonly<Record<string, string>>;
}): void {
  const { stack, entries, config, givenSecrets } = options;
  const missing: string[] = [];
  for (const { key, fallback, required } of entries) {
    if (config[key] !== undefined || givenSecrets[key] !== undefined) continue;
    if (fallback !== undefined) {
      config[key] = typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback);
    } else if (required) missing.push(key);
  }
  if (missing.length === 0) return;
  const values = missing.length === 1 ? "value" : "values";
  throw new EngineError(
    "ERR_ENGINE_CONFIG_MISSING",
    `stack ${stack} is missing the configuration ${values} ${missing.join(", ")}: set it in Pulumi.${stack}.yaml, or give --config key=value`,
  );
}
