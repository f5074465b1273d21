import { isMap, isSeq, type Node } from "yaml";
import { providerCatalogue, rotatorCatalogue } from "../providers/catalogue";
import { formatPath, readAccesses, soleAccess } from "./accesses";
import type { Finding } from "./finding";
import { type Leaf, leavesOf } from "./leaves";
import { type EnvironmentRule, EXPORTED, found, type RuleContext } from "./rule-context";
import { callOf, memberOf, scalarPairs, textOf, walk } from "./source";
import { usesOf } from "./world";

const outside: EnvironmentRule = ({ environment }) =>
  environment
    .topLevelPairs()
    .filter(({ key }) => (["policyConfig", ...EXPORTED] as readonly string[]).includes(String(key.value)))
    .map(({ key }) =>
      found("E01", environment, key, `${key.value} stands beside values, where ESC ignores it`),
    );

const besideRotator: EnvironmentRule = ({ environment }) => {
  const leaves = leavesOf(environment.values);
  const isRotator = ({ node }: Leaf) => rotatesIn(node);
  const [first, ...others] = leaves.filter(isRotator);
  if (first === undefined) return [];
  const findings = others.map(({ path, node }) =>
    found(
      "E11",
      environment,
      node,
      `${formatPath(path)} is a second rotator: each needs an environment of its own`,
    ),
  );
  const derived = new Set(first.path.slice(0, 1));
  for (const leaf of leaves.filter((each) => !isRotator(each))) {
    if (isMadeOf(leaf.node, derived)) derived.add(String(leaf.path[0]));
    else {
      const message = `${formatPath(leaf.path)} has nothing to do with the rotator in ${formatPath(first.path)}`;
      findings.push(found("E11", environment, leaf.node, message));
    }
  }
  return findings;
};

/** Whether a value is a rotator, or makes something of one in its place. */
function rotatesIn(node: Node): boolean {
  let rotates = false;
  walk(node, (at) => {
    rotates ||= callOf(at)?.name.startsWith("fn::rotate") ?? false;
  });
  return rotates;
}

/** Whether each text in a value refers to one of the names. */
function isMadeOf(node: Node | undefined, names: ReadonlySet<string>): boolean {
  let all = true;
  walk(node, (at) => {
    if (isMap(at) || isSeq(at)) {
      all &&= !callOf(at)?.name.startsWith("fn::open");
      return;
    }
    all &&= readAccesses(textOf(at) ?? "").some(({ path }) => names.has(String(path[0])));
  });
  return all;
}

const stackName: EnvironmentRule = ({ environment }) => {
  const findings: Finding[] = [];
  walk(environment.values, (node) => {
    const call = callOf(node);
    if (call?.name !== "fn::open::pulumi-stacks") return;
    const stacks = memberOf(call.argument, "stacks");
    for (const { value } of isMap(stacks) ? scalarPairs(stacks) : []) {
      const name = memberOf(value, "stack");
      const parts = textOf(name)?.split("/") ?? [];
      if (name === undefined || parts.length < 3) continue;
      findings.push(
        found(
          "E17",
          environment,
          name,
          `the stack is ${parts.slice(-2).join("/")} in the environment's own organization`,
        ),
      );
    }
  });
  return findings;
};

/** Providers whose answer is a map of names to texts. */
const ANSWERS_TEXTS =
  /^fn::open::(?:aws-secrets|aws-parameter-store|azure-secrets|gcp-secrets|doppler-secrets|infisical-secrets|1password-secrets)$/;

const undecoded: EnvironmentRule = ({ environment, world }) =>
  usesOf(environment).flatMap(({ access, node }) => {
    const target = world.lookup(environment, access.path);
    const name = callOf(target?.node)?.name ?? "";
    if (target === undefined || target.rest.length < 2 || !ANSWERS_TEXTS.test(name)) return [];
    const [entry, member] = target.rest;
    return [
      found("E18", environment, node, `${entry} is text, of which ${member} cannot be taken`, { access }),
    ];
  });

const leftOut: EnvironmentRule = (context) =>
  (["environmentVariables", "files"] as const).flatMap((block) => {
    const map = memberOf(context.environment.values, block);
    if (!isMap(map) || callOf(map) !== undefined) return [];
    return scalarPairs(map).flatMap(({ key, value }) =>
      value && isCollection(context, value)
        ? [found("E19", context.environment, key, `${key.value} is a list or an object, and is left out`)]
        : [],
    );
  });

function isCollection({ environment, world }: RuleContext, node: Node): boolean {
  const access = soleAccess(textOf(node) ?? "");
  const target = access === undefined ? undefined : world.lookup(environment, access.path);
  if (target !== undefined && target.rest.length > 0) return false;
  const at = access === undefined ? node : target?.node;
  const call = callOf(at);
  if (call !== undefined) return /^fn::(?:split|concat|open::.*|rotate::.*)$/.test(call.name);
  return isMap(at) || isSeq(at);
}

interface InputSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
}

const misspelt: EnvironmentRule = ({ environment }) => {
  const findings: Finding[] = [];
  walk(environment.values, (node) => {
    const call = callOf(node);
    const [, verb, name = ""] = /^fn::(open|rotate)::(.*)$/.exec(call?.name ?? "") ?? [];
    if (call === undefined || verb === undefined) return;
    const catalogue: Readonly<Record<string, { readonly inputs?: unknown }>> =
      verb === "open" ? providerCatalogue : rotatorCatalogue;
    const schema = Object.hasOwn(catalogue, name) ? catalogue[name]?.inputs : undefined;
    compare(call.argument, schema);
  });
  return findings;

  function compare(node: Node | undefined, schema: unknown): void {
    if (typeof schema !== "object" || schema === null || callOf(node) !== undefined) return;
    const { properties, additionalProperties, items } = schema as InputSchema;
    if (isSeq(node)) for (const item of node.items) compare(item as Node, items);
    if (!isMap(node)) return;
    for (const { key, value } of scalarPairs(node)) {
      const name = String(key.value);
      const known = properties !== undefined && Object.hasOwn(properties, name);
      if (properties !== undefined && !known) {
        const names = Object.keys(properties).join(", ");
        findings.push(found("E21", environment, key, `there is no input ${name}: there are ${names}`));
      } else {
        compare(value ?? undefined, known ? properties[name] : additionalProperties);
      }
    }
  }
};

/** E01, E11, E17 to E19 and E21. */
export const shapeRules: readonly EnvironmentRule[] = [
  outside,
  besideRotator,
  stackName,
  undecoded,
  leftOut,
  misspelt,
];
