import { isMap, isSeq, type Node } from "yaml";
import { type Finding, newFinding } from "./finding";
import { problemsOfImport } from "./import-rules";
import type { Declared } from "./rule-context";
import type { RuleId } from "./rules";
import { memberOf, ParsedEnvironment, scalarPairs, textOf } from "./source";
import { type World, withoutVersion } from "./world";

/** A `Pulumi.<stack>.yaml`. */
export interface StackFile {
  readonly file: string;
  readonly yaml: string;
  /** The project of its `Pulumi.yaml`: keys without a namespace are the project's. */
  readonly project?: string | undefined;
}

/** E12, keys that a stack file sets although an environment that it imports sets them; E06, E07 and E16 of its imports. */
export function lintStackFile(
  { file, yaml, project = "" }: StackFile,
  world: World,
  declared: Declared | undefined,
): Finding[] {
  const parsed = new ParsedEnvironment({ name: file, yaml });
  const at = (rule: RuleId, node: Node, message: string) =>
    newFinding(rule, { on: file, file, region: parsed.region(node), message });
  const imports = importNodes(parsed.topLevel("environment")?.value);
  const config = parsed.topLevel("config")?.value;
  const qualified = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  const production = /\bPulumi\.prod(?:uction)?[.-]/.test(file);
  return imports.flatMap(({ name, node }) => {
    const given = configurationOf(world, name).map(qualified);
    const twice = (isMap(config) ? scalarPairs(config) : []).filter(({ key }) =>
      given.includes(qualified(String(key.value))),
    );
    return [
      ...problemsOfImport(name, { production, world, declared }).map(([rule, message]) =>
        at(rule, node, message),
      ),
      ...twice.map(({ key }) =>
        at("E12", key, `${key.value} is set here and in pulumiConfig of ${withoutVersion(name)}`),
      ),
    ];
  });
}

/** The environments that a stack file names: a list, or `{imports: […]}`. */
export function importedNames(node: Node | null | undefined): string[] {
  return importNodes(node).map(({ name }) => name);
}

function importNodes(node: Node | null | undefined): { readonly name: string; readonly node: Node }[] {
  const list = isMap(node) ? memberOf(node, "imports") : node;
  if (!isSeq(list)) return [];
  return list.items.flatMap((item) => {
    const keys = isMap(item) ? scalarPairs(item).map(({ key }) => key) : [item as Node];
    return keys.flatMap((each) => {
      const name = textOf(each);
      return name === undefined ? [] : [{ name, node: each }];
    });
  });
}

function configurationOf(world: World, name: string, depth = 0): string[] {
  const environment = depth > 16 ? undefined : world.get(name);
  if (environment === undefined) return [];
  const own = memberOf(environment.values, "pulumiConfig");
  const inherited = environment.imports.flatMap((line) =>
    line.merge ? configurationOf(world, line.name, depth + 1) : [],
  );
  return [...inherited, ...(isMap(own) ? scalarPairs(own).map(({ key }) => String(key.value)) : [])];
}
