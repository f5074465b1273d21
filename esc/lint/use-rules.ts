import { isMap, type Node } from "yaml";
import { type Step, soleAccess } from "./accesses";
import type { Finding } from "./finding";
import { type EnvironmentRule, EXPORTED, found } from "./rule-context";
import { callOf, memberOf, type ParsedEnvironment, scalarPairs, textOf } from "./source";
import { meets, usesOf, type World, withoutVersion } from "./world";

/** Where a provider is told under which names to answer. */
const NAMES_IN: Readonly<Record<string, string>> = {
  "aws-secrets": "get",
  "aws-parameter-store": "get",
  "azure-secrets": "get",
  "gcp-secrets": "access",
  "vault-secrets": "read",
  "pulumi-stacks": "stacks",
};

const unread: EnvironmentRule = ({ environment, world }) => {
  const pairs = environment.values === undefined ? [] : scalarPairs(environment.values);
  const isExported = (key: unknown) => (["policyConfig", ...EXPORTED] as readonly unknown[]).includes(key);
  // An environment that hands nothing to anybody is there to be imported, by whom nobody here can know.
  if (!pairs.some(({ key }) => isExported(key.value))) return [];
  const uses = usesFrom(environment, world);
  const isRead = (path: readonly Step[]) => uses.some((use) => meets(use, path));
  const findings: Finding[] = [];
  for (const { key, value } of pairs) {
    const name = String(key.value);
    if (value === null || value === undefined || isExported(key.value) || isPlain(value)) continue;
    if (!isRead([name])) findings.push(found("E13", environment, key, `nothing reads ${name}`));
    else findings.push(...unreadMembers(value, [name]));
  }
  return findings;

  function unreadMembers(node: Node, path: readonly Step[]): Finding[] {
    const call = callOf(node);
    if (call === undefined) {
      return isMap(node)
        ? scalarPairs(node).flatMap(({ key, value }) => {
            const at = [...path, String(key.value)];
            if (!value || !callOf(value)?.name.startsWith("fn::open"))
              return value && isMap(value) ? unreadMembers(value, at) : [];
            return isRead(at)
              ? unreadMembers(value, at)
              : [found("E13", environment, key, `nothing reads ${at.join(".")}`)];
          })
        : [];
    }
    const names = memberOf(call.argument, NAMES_IN[call.name.replace(/^fn::open::/, "")] ?? "");
    return (isMap(names) ? scalarPairs(names) : [])
      .filter(({ key }) => !isRead([...path, String(key.value)]))
      .map(({ key }) => found("E13", environment, key, `nothing reads ${key.value} of ${path.join(".")}`));
  }
};

/** Constants, and other names for what is there: they open nothing, and are there for people. */
function isPlain(node: Node): boolean {
  const text = textOf(node);
  if (text !== undefined) return !text.includes("${") || soleAccess(text) !== undefined;
  if (callOf(node) !== undefined) return false;
  return (
    !isMap(node) ||
    scalarPairs(node).every(({ value }) => value === null || value === undefined || isPlain(value))
  );
}

/** Paths that are read below this environment's `values`: by itself, and by those at hand that import it. */
function usesFrom(environment: ParsedEnvironment, world: World): (readonly Step[])[] {
  const own = usesOf(environment).map(({ access }) => access.path);
  const others = world.all().flatMap((other) => {
    if (other === environment) return [];
    const imports = other.imports.some(({ name }) => withoutVersion(name) === environment.name);
    return usesOf(other).flatMap(({ access: { path } }) => {
      if (path[0] === "imports" && withoutVersion(String(path[1])) === environment.name)
        return [path.slice(2)];
      if (path[0] === "environments" && withoutVersion(`${path[1]}/${path[2]}`) === environment.name)
        return [path.slice(3)];
      return imports ? [path] : [];
    });
  });
  return [...own, ...others];
}

/** E13. */
export const useRules: readonly EnvironmentRule[] = [unread];
