import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { type Document, isMap, isScalar, type Node, parseDocument } from "yaml";
import { EngineError } from "./errors";

/** A value of the stack file. `text` is what Pulumi hands to the program. */
export type StackValue =
  | { readonly kind: "plain"; readonly text: string; readonly content: unknown }
  | { readonly kind: "encrypted" };

export interface StackFile {
  readonly config: ReadonlyMap<string, StackValue>;
  readonly environments: readonly string[];
}

/** `key` is the project's own; `namespace:config:key` is the older spelling of `namespace:key`. */
export function qualify(key: string, project: string): string {
  return key.includes(":") ? key.replace(":config:", ":") : `${project}:${key}`;
}

/**
 * Reads `Pulumi.<stack>.yaml`.
 *
 * @throws EngineError ERR_ENGINE_STACK_MISSING, ERR_ENGINE_STACK_FILE
 */
export async function readStackFile(directory: string, stack: string, project: string): Promise<StackFile> {
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
    config: readConfig({ document, node: contents.get("config", true), name, project }),
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

function readConfig(options: {
  readonly document: Document;
  readonly node: unknown;
  readonly name: string;
  readonly project: string;
}): Map<string, StackValue> {
  const { document, node, name, project } = options;
  if (node === undefined || (isScalar(node) && node.value === null)) return new Map();
  if (!isMap(node)) throw fileError(name, "config: is not a mapping");
  return new Map(
    node.items.map(({ key, value }) => [
      qualify(String(key), project),
      readValue(value as Node | null, document),
    ]),
  );
}

function readValue(node: Node | null, document: Document): StackValue {
  // Numbers and booleans reach a program as they are written (`1.10` stays `1.10`).
  if (isScalar(node) && typeof node.value !== "string") return plainText(node.source ?? "");
  const content: unknown = node?.toJS(document) ?? "";
  if (typeof content !== "object") return plainText(String(content));
  if (isEncrypted(content)) return { kind: "encrypted" };
  return { kind: "plain", text: JSON.stringify(content), content };
}

function plainText(text: string): StackValue {
  return { kind: "plain", text, content: text };
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
