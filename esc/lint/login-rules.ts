import { isMap, isSeq, type Node } from "yaml";
import type { Finding } from "./finding";
import { type EnvironmentRule, found } from "./rule-context";
import { type Call, callOf, memberOf, type ParsedEnvironment, scalarPairs, textOf, walk } from "./source";

const LOGIN = "fn::open::aws-login";

function callsOf(environment: ParsedEnvironment, name: string): { call: Call; path: readonly string[] }[] {
  const calls: { call: Call; path: readonly string[] }[] = [];
  walk(environment.values, (node, path) => {
    const call = callOf(node);
    if (call?.name === name) calls.push({ call, path });
  });
  return calls;
}

const subject: EnvironmentRule = ({ environment }) =>
  callsOf(environment, LOGIN).flatMap(({ call }) => {
    const oidc = memberOf(call.argument, "oidc");
    if (!isMap(oidc)) return [];
    const attributes = memberOf(oidc, "subjectAttributes");
    if (attributes === undefined) {
      return [found("E08", environment, call.key, "the login has no subjectAttributes")];
    }
    if (!isSeq(attributes) || attributes.items.some((item) => textOf(item) === "currentEnvironment.name"))
      return [];
    return [
      found("E08", environment, attributes, "currentEnvironment.name is not among the subjectAttributes"),
    ];
  });

/** Every provider and rotator uses a `login` and does not show it, but for `external`, which would send it away. */
const TAKES_LOGIN = /^fn::(open|rotate)(::(?!external$)|$)/;

const exported: EnvironmentRule = ({ environment }) =>
  callsOf(environment, LOGIN).flatMap(({ call, path }) => {
    const login = path.lastIndexOf("login");
    if (login >= 0 && path.slice(0, login).some((step) => TAKES_LOGIN.test(step))) return [];
    return [
      found("E09", environment, call.key, "the session is a value of its own, not the login of a provider"),
    ];
  });

const undeclared: EnvironmentRule = ({ environment, declared }) => {
  if (declared === undefined) return [];
  const findings: Finding[] = [];
  const look = (
    node: Node | undefined,
    what: "role" | "entry",
    name: (text: string) => string | undefined,
  ) => {
    const text = textOf(node);
    if (node === undefined || text === undefined || text.includes("${")) return;
    const wanted = name(text);
    const known = what === "role" ? declared.roles : declared.entries;
    if (wanted === undefined || isAmong(wanted, known)) return;
    findings.push(found("E10", environment, node, `no stage of the program has the ${what} ${wanted}`));
  };
  for (const { call } of callsOf(environment, LOGIN)) {
    look(memberOf(memberOf(call.argument, "oidc"), "roleArn"), "role", (arn) => arn.split("/").at(-1));
  }
  for (const { call } of callsOf(environment, "fn::open::aws-secrets")) {
    const get = memberOf(call.argument, "get");
    for (const { value } of isMap(get) ? scalarPairs(get) : [])
      look(memberOf(value, "secretId"), "entry", entryName);
  }
  for (const { call } of callsOf(environment, "fn::open::external")) {
    look(memberOf(memberOf(call.argument, "request"), "secretName"), "entry", (text) => text);
  }
  return findings;
};

/** In front of a name stands what an account has in front of all of them: `acme-`. */
function isAmong(wanted: string, names: readonly string[]): boolean {
  return names.some((name) => wanted.endsWith(name) && !wanted.slice(0, -name.length).includes("/"));
}

/** The name in an entry's ARN, without the six characters that AWS adds; or what is a name already. */
function entryName(id: string): string {
  return id.startsWith("arn:") ? (id.split(":secret:")[1] ?? id).replace(/-[A-Za-z0-9]{6}$/, "") : id;
}

/** E08 to E10. */
export const loginRules: readonly EnvironmentRule[] = [subject, exported, undeclared];
