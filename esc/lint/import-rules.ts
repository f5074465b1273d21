import type { Node } from "yaml";
import { isRotatedEnvironment } from "../environments/rotated";
import type { Access } from "./accesses";
import { type Declared, type EnvironmentRule, found } from "./rule-context";
import type { RuleId } from "./rules";
import { callOf, type ParsedEnvironment, walk } from "./source";
import { usesOf, type World, withoutVersion } from "./world";

/** One place in which an environment names another, by `imports` or by `${environments.…}`. */
interface Reference {
  /** As written, version included. */
  readonly name: string;
  readonly node: Node;
  readonly access?: Access;
}

function referencesOf(environment: ParsedEnvironment): Reference[] {
  const inline = usesOf(environment).flatMap(({ access, node }): Reference[] => {
    const [root, project, name] = access.path;
    return root === "environments" && name !== undefined
      ? [{ name: `${project}/${name}`, node, access }]
      : [];
  });
  const seen = new Set<string>();
  return [...environment.imports, ...inline].filter(({ name }) => !seen.has(name) && seen.add(name));
}

function versionOf(name: string): string | undefined {
  return /@([^@]*)$/.exec(name)?.[1];
}

function calls(environment: ParsedEnvironment, name: RegExp): boolean {
  let found = false;
  walk(environment.values, (node) => {
    found ||= name.test(callOf(node)?.name ?? "");
  });
  return found;
}

const isProduction = (name: string) => /\/prod(?:uction)?(?:$|[-_.])/.test(withoutVersion(name));
const rotates = (name: string, definition: ParsedEnvironment | undefined) =>
  definition === undefined ? isRotatedEnvironment(name) : calls(definition, /^fn::rotate\b/);

/** What is wrong with the name of an import, wherever it stands. */
export function problemsOfImport(
  name: string,
  context: { readonly production: boolean; readonly world: World; readonly declared?: Declared | undefined },
): readonly (readonly [rule: RuleId, message: string])[] {
  const { production, world, declared } = context;
  const bare = withoutVersion(name);
  if (!bare.includes("/")) return [["E16", `${name} means default/${name}`]];
  if (bare.startsWith("default/")) return [["E16", `${name} is in ESC's legacy project default`]];
  const version = versionOf(name);
  const definition = world.get(name);
  // A rotated credential is read at its newest revision: a pinned one is an old one.
  if (rotates(bare, definition)) {
    const message = `${bare} rotates: at @${version} it gives a credential that the next rotation but one kills`;
    return version === undefined || version === "latest" ? [] : [["E07", message]];
  }
  const logsIn = definition !== undefined && calls(definition, /^fn::open::aws-login$/);
  if (version !== undefined && version !== "live" && logsIn) {
    return [["E07", `${bare} logs in, and its role does not trust @${version}`]];
  }
  if (!production || (version !== undefined && version !== "latest")) return [];
  // What the same program writes is checked together with this, and constants cannot fail to open.
  const owned = declared?.environments.includes(bare) ?? false;
  if (owned && definition !== undefined && !calls(definition, /^fn::open\b/)) return [];
  return [["E06", `production takes whatever is newest of ${name}`]];
}

const imports: EnvironmentRule = ({ environment, world, declared }) =>
  referencesOf(environment).flatMap(({ name, node, access }) =>
    problemsOfImport(name, { production: isProduction(environment.name), world, declared }).map(
      ([rule, message]) => found(rule, environment, node, message, { ...(access && { access }) }),
    ),
  );

const noEnvironment: EnvironmentRule = ({ environment }) =>
  usesOf(environment).flatMap(({ access, node }) =>
    access.path[0] === "environments" && access.path.length < 3
      ? [found("E20", environment, node, "this is unknown, and ESC does not say so", { access })]
      : [],
  );

/** E06, E07, E16 and E20. */
export const importRules: readonly EnvironmentRule[] = [imports, noEnvironment];
