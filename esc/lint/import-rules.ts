import type { Node } from "yaml";
import type { Access } from "./accesses";
import type { Finding } from "./finding";
import { type EnvironmentRule, found, type RuleContext } from "./rule-context";
import { callOf, type ParsedEnvironment, walk } from "./source";
import { usesOf, withoutVersion } from "./world";

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
  definition === undefined ? /\/rotated-/.test(name) : calls(definition, /^fn::rotate\b/);

const unpinned: EnvironmentRule = ({ environment, world, declared }) => {
  if (!isProduction(environment.name)) return [];
  return referencesOf(environment).flatMap(({ name, node, access }) => {
    if (![undefined, "latest"].includes(versionOf(name)) || !name.includes("/")) return [];
    const definition = world.get(name);
    // A rotated credential is read at its newest revision: a pinned one is an old one.
    if (rotates(name, definition)) return [];
    // What the same program writes is checked together with this, and constants cannot fail to open.
    const owned = declared?.environments.includes(withoutVersion(name)) ?? false;
    if (owned && definition !== undefined && !calls(definition, /^fn::open\b/)) return [];
    return [
      found("E06", environment, node, `production takes whatever is newest of ${name}`, {
        ...(access && { access }),
      }),
    ];
  });
};

const wrongPin: EnvironmentRule = ({ environment, world }) =>
  referencesOf(environment).flatMap(({ name, node, access }): Finding[] => {
    const version = versionOf(name);
    if (version === undefined) return [];
    const definition = world.get(name);
    const at = { ...(access && { access }) };
    if (rotates(name, definition)) {
      const message = `${withoutVersion(name)} rotates: at @${version} it gives a credential that the next rotation but one kills`;
      return [found("E07", environment, node, message, at)];
    }
    if (version === "live" || definition === undefined || !calls(definition, /^fn::open::aws-login$/))
      return [];
    const message = `${withoutVersion(name)} logs in, and its role does not trust @${version}`;
    return [found("E07", environment, node, message, at)];
  });

const noProject: EnvironmentRule = ({ environment }: RuleContext) =>
  referencesOf(environment).flatMap(({ name, node, access }) => {
    const bare = !name.includes("/");
    if (!bare && !name.startsWith("default/")) return [];
    const message = bare ? `${name} means default/${name}` : `${name} is in ESC's legacy project default`;
    return [found("E16", environment, node, message, { ...(access && { access }) })];
  });

const noEnvironment: EnvironmentRule = ({ environment }) =>
  usesOf(environment).flatMap(({ access, node }) =>
    access.path[0] === "environments" && access.path.length < 3
      ? [found("E20", environment, node, "this is unknown, and ESC does not say so", { access })]
      : [],
  );

/** E06, E07, E16 and E20. */
export const importRules: readonly EnvironmentRule[] = [unpinned, wrongPin, noProject, noEnvironment];
