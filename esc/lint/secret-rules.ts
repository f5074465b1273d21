import { isMap, isScalar, type Node } from "yaml";
import { readAccesses, soleAccess } from "./accesses";
import type { Finding } from "./finding";
import { type EnvironmentRule, EXPORTED, found, type RuleContext } from "./rule-context";
import { callOf, memberOf, type ParsedEnvironment, scalarPairs, textOf, walk } from "./source";
import { isPlainAnswer, type Target } from "./world";

/** Texts that are credentials by their form, whatever they are called. */
const CREDENTIALS: readonly (readonly [string, RegExp])[] = [
  ["the id of an AWS key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a token of GitHub", /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})/],
  ["a token of GitLab", /\bglpat-[A-Za-z0-9_-]{20}/],
  ["a token of Slack", /\bxox[abeprs]-[A-Za-z0-9-]{10}/],
  ["a live key of Stripe", /\b[rs]k_live_[A-Za-z0-9]{16}/],
  ["a token of Pulumi", /\bpul-[0-9a-f]{40}\b/],
  ["a key of Google", /\bAIza[A-Za-z0-9_-]{35}/],
  ["a signed token", /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\./],
  ["an address with a password in it", /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:(?!\$\{)[^\s@/]+@/i],
];

const SECRET_NAME = /(?:password|passwd|secret|token|private_?key|api_?key|access_?key|credentials?)$/i;

/** `fn::secret: text`. Pulumi ESC encrypts it when it is saved; a file keeps it as it is. */
export function plainTextSecrets(environment: ParsedEnvironment): Node[] {
  const keys: Node[] = [];
  walk(environment.values, (node) => {
    if (!isMap(node)) return;
    for (const { key, value } of scalarPairs(node)) {
      if (key.value === "fn::secret" && !isMap(value)) keys.push(key);
    }
  });
  return keys;
}

const plainText: EnvironmentRule = ({ environment }) =>
  plainTextSecrets(environment).map((key) =>
    found("E02", environment, key, "the secret is in the file as plain text"),
  );

const literals: EnvironmentRule = (context) => {
  const { environment } = context;
  const findings: Finding[] = [];
  const seen = new Set<Node>();
  walk(environment.values, (node, path) => {
    const text = textOf(node);
    if (text === undefined || path.includes("fn::secret")) return;
    const [what] = CREDENTIALS.find(([, form]) => form.test(text)) ?? [];
    if (what === undefined) return;
    seen.add(node);
    findings.push(found("E03", environment, node, `this has the form of ${what}`));
  });
  for (const { name, node, key } of exportedValues(context)) {
    const kind = kindOf(context, name);
    const target = soleTarget(context, node);
    const literal = target === undefined ? node : target.rest.length === 0 ? target.node : undefined;
    if (!isScalar(literal) || literal.value === null || literal.value === "" || seen.has(literal)) continue;
    if (readAccesses(textOf(literal) ?? "").length > 0) continue;
    if (kind === "secret") {
      findings.push(
        found("E03", environment, node, `the inventory has ${name} as a secret, and this is plain`),
      );
    } else if (kind === undefined && typeof literal.value === "string" && SECRET_NAME.test(name)) {
      const message = `${name} is named like a secret and is plain text`;
      findings.push(found("E03", environment, key, message, { severity: "warning" }));
    }
  }
  return findings;
};

const lost: EnvironmentRule = (context) => {
  const { environment, world } = context;
  const findings: Finding[] = [];
  walk(environment.values, (node) => {
    const call = callOf(node);
    if (call?.name === "fn::split" && world.isSecret(environment, call.argument)) {
      findings.push(
        found("E04", environment, call.key, "the parts of a secret that is split are not secret"),
      );
    }
    if (call?.name === "fn::toString") findings.push(...textOfMerged(context, call.argument, true));
    findings.push(...textOfMerged(context, node, false));
  });
  for (const { name, node } of exportedValues(context)) {
    if (kindOf(context, name) !== "secret" && !SECRET_NAME.test(name)) continue;
    const target = readAccesses(textOf(node) ?? "")
      .map(({ path }) => world.lookup(environment, path))
      .map((each) => each && throughDecoding(context, each))
      .find((each) => isPlainAnswer(callOf(each?.node)?.argument));
    const secret = memberOf(callOf(target?.node)?.argument, "secret");
    if (target === undefined || secret === undefined) continue;
    findings.push(
      found("E04", target.environment, secret, `${name} comes from here, and nothing marks it as secret`),
    );
  }
  return findings;
};

/** An object that becomes text does so without what it inherits, and its secrecy with it. */
function textOfMerged(context: RuleContext, node: Node | undefined, whole: boolean): Finding[] {
  const { environment, world } = context;
  const text = textOf(node);
  if (node === undefined || text === undefined || (!whole && soleAccess(text) !== undefined)) return [];
  return readAccesses(text).flatMap((access) => {
    const target = world.lookup(environment, access.path);
    if (target === undefined || target.rest.length > 0 || !isMap(target.node) || callOf(target.node))
      return [];
    const under = world.inherited(target.environment, target.path);
    if (!isMap(under?.node)) return [];
    const own = target.node;
    const dropped = scalarPairs(under.node).filter(
      ({ key, value }) =>
        memberOf(own, String(key.value)) === undefined &&
        world.isSecret(under.environment, value ?? undefined),
    );
    if (dropped.length === 0) return [];
    const names = dropped.map(({ key }) => String(key.value)).join(", ");
    const message = `as text it leaves out ${names} of ${under.environment.name}, and is not secret`;
    return [found("E04", environment, node, message, { access })];
  });
}

/** What `fn::fromJSON: ${…}` and a plain reference pass on. */
function throughDecoding({ world }: RuleContext, target: Target): Target {
  const call = callOf(target.node);
  const access = call?.name === "fn::fromJSON" ? soleAccess(textOf(call.argument) ?? "") : undefined;
  return (access && world.lookup(target.environment, access.path)) ?? target;
}

function soleTarget({ environment, world }: RuleContext, node: Node) {
  const access = soleAccess(textOf(node) ?? "");
  return access && world.lookup(environment, access.path);
}

function exportedValues({ environment }: RuleContext) {
  return EXPORTED.flatMap((block) => {
    const map = memberOf(environment.values, block);
    if (!isMap(map) || callOf(map) !== undefined) return [];
    return scalarPairs(map).flatMap(({ key, value }) => {
      const name = String(key.value);
      return value ? [{ name, node: value, key }] : [];
    });
  });
}

function kindOf({ environment, declared }: RuleContext, name: string) {
  return declared?.variables[environment.name]?.[name];
}

/** E02 to E04. */
export const secretRules: readonly EnvironmentRule[] = [plainText, literals, lost];
