import { isMap, isScalar, isSeq, type Node } from "yaml";
import { type Finding, newFinding } from "./finding";
import { memberOf, ParsedEnvironment, scalarPairs, textOf } from "./source";
import { type World, withoutVersion } from "./world";

/** A `Pulumi.<stack>.yaml`. */
export interface StackFile {
  readonly file: string;
  readonly yaml: string;
  /** The project of its `Pulumi.yaml`: keys without a namespace are the project's. */
  readonly project?: string | undefined;
}

/** E12: keys that a stack file sets although an environment that it imports sets them. */
export function lintStackFile({ file, yaml, project = "" }: StackFile, world: World): Finding[] {
  const parsed = new ParsedEnvironment({ name: file, yaml });
  const environments = importedNames(parsed.topLevel("environment")?.value);
  const config = parsed.topLevel("config")?.value;
  const qualified = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  return environments.flatMap((name) => {
    const given = configurationOf(world, name).map(qualified);
    return (isMap(config) ? scalarPairs(config) : [])
      .filter(({ key }) => given.includes(qualified(String(key.value))))
      .map(({ key }) =>
        newFinding("E12", {
          on: file,
          file,
          region: parsed.region(key),
          message: `${key.value} is set here and in pulumiConfig of ${withoutVersion(name)}`,
        }),
      );
  });
}

/** The environments that a stack file names: a list, or `{imports: […]}`. */
export function importedNames(node: Node | null | undefined): string[] {
  const list = isMap(node) ? memberOf(node, "imports") : node;
  return isSeq(list)
    ? list.items.flatMap((item) =>
        isScalar(item)
          ? (textOf(item) ?? [])
          : isMap(item)
            ? scalarPairs(item).map(({ key }) => String(key.value))
            : [],
      )
    : [];
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
