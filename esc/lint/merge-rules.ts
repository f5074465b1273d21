import { isSeq, type Node } from "yaml";
import { formatPath } from "./accesses";
import type { Finding } from "./finding";
import { type Leaf, leavesOf } from "./leaves";
import { type EnvironmentRule, found } from "./rule-context";
import type { ParsedEnvironment } from "./source";
import { meets, type Target, usesOf, type World } from "./world";

const hiddenItems: EnvironmentRule = ({ environment, world }) =>
  leavesOf(environment.values).flatMap(({ path, node }) => {
    if (!isSeq(node)) return [];
    const under = world.inherited(environment, path);
    const count = under && under.rest.length === 0 && isSeq(under.node) ? under.node.items.length : 0;
    if (under === undefined || count === 0) return [];
    const items = count === 1 ? "1 item" : `${count} items`;
    return [
      found(
        "E05",
        environment,
        node,
        `this hides ${items} that ${under.environment.name} has in ${formatPath(path)}`,
      ),
    ];
  });

/** What an environment gives to those who import it, with what it inherits. */
function effectiveLeaves(
  world: World,
  environment: ParsedEnvironment,
  known = new Map<ParsedEnvironment, ReadonlyMap<string, Leaf>>(),
): ReadonlyMap<string, Leaf> {
  const before = known.get(environment);
  if (before !== undefined) return before;
  const leaves = new Map<string, Leaf>();
  known.set(environment, leaves);
  for (const { name, merge } of environment.imports) {
    const other = merge ? world.get(name) : undefined;
    if (other === undefined) continue;
    for (const [path, leaf] of effectiveLeaves(world, other, known)) leaves.set(path, leaf);
  }
  for (const leaf of leavesOf(environment.values)) leaves.set(formatPath(leaf.path), leaf);
  return leaves;
}

const hiddenKeys: EnvironmentRule = ({ environment, world }) => {
  const own = leavesOf(environment.values);
  const given = new Map<string, { readonly from: string; readonly node: Node }>();
  const findings: Finding[] = [];
  for (const line of environment.imports) {
    const other = line.merge ? world.get(line.name) : undefined;
    if (other === undefined) continue;
    const hidden = new Map<string, string[]>();
    for (const [path, leaf] of effectiveLeaves(world, other)) {
      const before = given.get(path);
      given.set(path, { from: line.name, node: leaf.node });
      // The same thing by two ways is no conflict, and what this environment sets itself is decided.
      if (before === undefined || before.node === leaf.node) continue;
      if (own.some((each) => meets(each.path, leaf.path))) continue;
      hidden.set(before.from, [...(hidden.get(before.from) ?? []), path]);
    }
    for (const [from, paths] of hidden) {
      findings.push(found("E14", environment, line.node, `this hides ${few(paths)} of ${from}`));
    }
  }
  return findings;
};

const unseenOverrides: EnvironmentRule = ({ environment, world }) => {
  const own = leavesOf(environment.values);
  return own.flatMap(({ path, node }) => {
    const under = world.inherited(environment, path);
    if (under === undefined || under.rest.length > 0) return [];
    const kept = [
      ...new Set(
        boundTo(under)
          .filter((each) => !own.some((leaf) => meets(leaf.path, each)))
          .map(formatPath),
      ),
    ];
    if (kept.length === 0) return [];
    const message = `${few(kept)} of ${under.environment.name} is made of ${formatPath(path)} there, and keeps the value that it has there`;
    return [found("E15", environment, node, message)];
  });
};

/** Paths of the values that an environment makes of one of its own. */
function boundTo({ environment, path }: Target): readonly (readonly string[])[] {
  return usesOf(environment)
    .filter(({ access }) => meets(access.path, path) && access.path.length >= path.length)
    .map((use) => use.path.filter((step) => !step.startsWith("fn::")))
    .filter((usePath) => !meets(usePath, path.map(String)));
}

function few(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** E05, E14 and E15. */
export const mergeRules: readonly EnvironmentRule[] = [hiddenItems, hiddenKeys, unseenOverrides];
