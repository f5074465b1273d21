import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { isMap, isScalar, type Node, parseDocument } from "yaml";
import { EngineError } from "./errors.js";
import { type ConfigType, type ProjectConfigEntry, readProjectFile } from "./project-file.js";
import { Secret } from "./values.js";

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

/** A value of the stack file. `text` is what Pulumi hands to the program. */
type StackValue =
  | { readonly kind: "plain"; readonly text: string; readonly content: unknown }
  | { readonly kind: "encrypted" };

interface StackFile {
  readonly config: ReadonlyMap<string, StackValue>;
  readonly environments: readonly string[];
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

/** `key` is the project's own; `namespace:config:key` is the older spelling of `namespace:key`. */
function qualify(key: string, project: string): string {
  return key.includes(":") ? key.replace(":config:", ":") : `${project}:${key}`;
}

async function readStackFile(directory: string, stack: string, project: string): Promise<StackFile> {
  const name = `Pulumi.${stack}.yaml`;
  const known = await listStacks(directory);
  if (!known.includes(stack)) {
    const choice = known.length === 0 ? "there is no stack file yet" : `known stacks: ${known.join(", ")}`;
    throw new EngineError("ERR_ENGINE_STACK_MISSING", `there is no ${name} beside Pulumi.yaml; ${choice}`);
  }
  const document = parseDocument(await readFile(path.join(directory, name), "utf8"));
  const [problem] = document.errors;
  if (problem !== undefined) throw fileError(name, problem.message.split("\n", 1)[0] ?? "");
  const { contents } = document;
  if (contents === null) return { config: new Map(), environments: [] };
  if (!isMap(contents)) throw fileError(name, "it is not a mapping");
  return {
    config: readConfig(contents.get("config", true), name, project),
    environments: readEnvironments(document.toJS() as { environment?: unknown }),
  };
}

async function listStacks(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []).sort();
}

function fileError(name: string, reason: string): EngineError {
  return new EngineError("ERR_ENGINE_STACK_FILE", `${name} cannot be used: ${reason}`);
}

function readConfig(node: unknown, name: string, project: string): Map<string, StackValue> {
  if (node === undefined || (isScalar(node) && node.value === null)) return new Map();
  if (!isMap(node)) throw fileError(name, "config: is not a mapping");
  return new Map(
    node.items.map(({ key, value }) => [qualify(String(key), project), readValue(value as Node | null)]),
  );
}

function readValue(node: Node | null): StackValue {
  if (node === null) return { kind: "plain", text: "", content: "" };
  if (isScalar(node)) {
    // Numbers and booleans reach a program as they are written (`1.10` stays `1.10`).
    const text = typeof node.value === "string" ? node.value : (node.source ?? "");
    return { kind: "plain", text, content: text };
  }
  const content: unknown = node.toJS(parseDocument(""));
  if (isEncrypted(content)) return { kind: "encrypted" };
  return { kind: "plain", text: JSON.stringify(content), content };
}

/** `secure:` alone in a mapping, at any depth, is a value that only the stack's own key opens. */
function isEncrypted(content: unknown): boolean {
  if (typeof content !== "object" || content === null) return false;
  const keys = Object.keys(content);
  return (keys.length === 1 && keys[0] === "secure") || Object.values(content).some(isEncrypted);
}

function readEnvironments({ environment }: { environment?: unknown }): string[] {
  const imports = Array.isArray(environment)
    ? environment
    : ((environment as { imports?: unknown } | undefined)?.imports ?? []);
  if (!Array.isArray(imports)) return [];
  return imports.flatMap((item: unknown) =>
    typeof item === "object" && item !== null ? Object.keys(item) : [String(item)],
  );
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
