import { TrustError } from "../errors";
import type { PolicyInput } from "../evaluate/policy";
import { evaluateTrustPolicy } from "../evaluate/trust-policy";
import type { TrustAdapter, TrustEnvironment, TrustInput, TrustRole } from "../lint/input";
import { mayDo } from "../lint/permissions";
import { replacers } from "../lint/program-rules";
import {
  fields,
  issuerOf,
  keyPrefixOf,
  listOf,
  narrows,
  readTrustStatements,
  texts,
} from "../lint/statements";
import { escAudience, escSubject } from "../subjects/esc";
import { parseSubject } from "../subjects/parse";

/** A box of the map: who, what, or where to. */
export interface MapNode {
  readonly id: string;
  /** `who` reaches a `role` or an `adapter-rule`, and those an `entry`. */
  readonly kind: "who" | "role" | "adapter-rule" | "entry";
  readonly label: string;
}

/** An arrow of the map. */
export interface MapEdge {
  readonly from: string;
  readonly to: string;
  /** What makes it so: an environment and a condition, a rule, a statement. */
  readonly why: string;
  /** `replaces`: by changing its code, which is not reading but amounts to it. */
  readonly kind: "reaches" | "replaces";
}

/** Who can read which entry, and by what. Plain data. */
export interface TrustMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

const READ = "secretsmanager:GetSecretValue";

/** Collects nodes once each, and edges once each. */
class Drawing {
  readonly #nodes = new Map<string, MapNode>();
  readonly #edges = new Map<string, MapEdge>();

  node(kind: MapNode["kind"], label: string): string {
    const id = `${kind}:${label}`;
    this.#nodes.set(id, { id, kind, label });
    return id;
  }

  edge(from: string, to: string, why: string, kind: MapEdge["kind"] = "reaches"): void {
    this.#edges.set(JSON.stringify([from, to, why]), { from, to, why, kind });
  }

  done(): TrustMap {
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()] };
  }
}

/**
 * Draws who can read which entry: who may open an environment, or a GitHub job; the role that its token opens or the
 * adapter's rule that lets it ask; the entry. Each edge has been decided by the evaluator, not guessed from names.
 */
export function buildTrustMap(input: TrustInput): TrustMap {
  const drawing = new Drawing();
  for (const environment of input.environments) drawEnvironment(drawing, input, environment);
  for (const adapter of input.adapters) drawWorkloads(drawing, input, adapter);
  for (const role of input.roles) drawJobs(drawing, input, role);
  return drawing.done();
}

function drawEnvironment(drawing: Drawing, input: TrustInput, environment: TrustEnvironment): void {
  const openers = openersOf(input, environment);
  for (const { roleArn, subjectAttributes } of environment.logins) {
    const role = input.roles.find(({ arn }) => arn !== undefined && arn === roleArn);
    const why = role && loginReason(input, environment, role, subjectAttributes);
    if (role === undefined || why === undefined) continue;
    const node = drawRole(drawing, input, role);
    for (const opener of openers) drawing.edge(drawing.node("who", opener), node, why);
  }
  for (const adapter of input.adapters) {
    for (const rule of rulesOf(adapter)) {
      if (rule.environment !== environment.name) continue;
      const node = drawRule(drawing, input, adapter, rule);
      const root = rule.rootEnvironment === undefined ? "" : ` and root_env ${rule.rootEnvironment}`;
      for (const opener of openers) {
        drawing.edge(drawing.node("who", opener), node, `current_env ${rule.environment}${root}`);
      }
    }
  }
}

/** Northflank's services and jobs: whoever has the shared secret speaks for any of them. */
function drawWorkloads(drawing: Drawing, input: TrustInput, adapter: TrustAdapter): void {
  for (const { workload, names } of workloadsOf(adapter)) {
    const rule = {
      environment: `Northflank's ${workload}`,
      action: "inject",
      rootEnvironment: undefined,
      names,
    };
    const who = drawing.node("who", `Northflank starts ${workload}`);
    drawing.edge(who, drawRule(drawing, input, adapter, rule), "a token signed with the shared secret");
  }
}

/** Who opens an environment, by itself or in one that imports it. */
function openersOf(input: TrustInput, environment: TrustEnvironment): string[] {
  const importers = input.environments.filter(({ imports }) => imports.includes(environment.name));
  return [environment, ...importers].flatMap(({ name, organization }) => {
    const opens =
      name === environment.name ? `opens ${name}` : `opens ${name}, which imports ${environment.name}`;
    const declared = input.permissions.filter((permission) => permission.environment === name);
    return declared.length > 0
      ? declared
          .filter(({ permission }) => !/^(?:none|read)$/.test(permission))
          .map(({ who, permission }) => `${who} (${permission}) ${opens}`)
      : [`every member of ${organization ?? input.organization ?? "the organization"} ${opens}`];
  });
}

function loginReason(
  input: TrustInput,
  { name, organization = input.organization }: TrustEnvironment,
  role: TrustRole,
  subjectAttributes: TrustEnvironment["logins"][number]["subjectAttributes"],
): string | undefined {
  const provider = readTrustStatements(role.trustPolicy)
    .flatMap(({ principals }) => principals.Federated)
    .find((arn) => issuerOf(keyPrefixOf(arn)) === "esc");
  if (provider === undefined || organization === undefined) return undefined;
  const sub = escSubject({ organization, environment: name, subjectAttributes, opener: ANY_OPENER });
  return reasonOf(role, provider, { sub, aud: escAudience({ organization, environment: name }) });
}

/** Whoever opens; roles that pin a person show no edge for it. */
const ANY_OPENER = { "pulumi.user.login": "anyone", "pulumi.token.type": "any", "pulumi.token.team": "any" };

function reasonOf(
  role: TrustRole,
  providerArn: string,
  claims: { readonly sub: string; readonly aud: string },
): string | undefined {
  try {
    const { allowed, deciding } = evaluateTrustPolicy({
      policy: role.trustPolicy as PolicyInput,
      providerArn,
      claims,
    });
    if (!allowed) return undefined;
    const { statement, check } = deciding;
    const claim = check?.key?.slice(check.key.lastIndexOf(":") + 1);
    return `${statement?.sid ?? "a statement"}, ${check?.operator} ${claim ?? ""}`.trim();
  } catch (error) {
    if (error instanceof TrustError) return undefined;
    throw error;
  }
}

interface Rule {
  readonly environment: string;
  readonly rootEnvironment: string | undefined;
  readonly action: string;
  readonly names: readonly string[];
}

function rulesOf({ config }: TrustAdapter): Rule[] {
  return listOf(fields(config).access).map((raw) => {
    const { environment, rootEnvironment, action, names } = fields(raw);
    return {
      environment: String(environment),
      rootEnvironment: typeof rootEnvironment === "string" ? rootEnvironment : undefined,
      action: String(action ?? "open"),
      names: texts(names),
    };
  });
}

/** What `config.northflank` gives to whom. Entries by their names; of other sources, what is asked of them. */
function workloadsOf({
  config,
}: TrustAdapter): { readonly workload: string; readonly names: readonly string[] }[] {
  return listOf(fields(fields(config).northflank).rules).flatMap((raw) => {
    const { project, object, secrets } = fields(raw);
    const names = listOf(secrets).flatMap((secret) => {
      const { source, request } = fields(secret);
      const { name, secretName, entries, path, upstream } = fields(request);
      const several = Object.values(fields(entries)).map((each) => fields(each).name);
      const asked = texts(
        [name, secretName, path, upstream, ...several].filter((one) => typeof one === "string"),
      );
      return source === "secrets-manager" ? asked : asked.map((one) => `${source} ${one}`);
    });
    return names.length === 0 ? [] : [{ workload: `${project}/${object}`, names: [...new Set(names)] }];
  });
}

const ruleLabel = (adapter: TrustAdapter, rule: Rule) =>
  `${adapter.name}: ${rule.action} for ${rule.environment}`;

function drawRule(drawing: Drawing, input: TrustInput, adapter: TrustAdapter, rule: Rule): string {
  const node = drawing.node("adapter-rule", ruleLabel(adapter, rule));
  const role = input.roles.find(({ arn }) => arn !== undefined && arn === adapter.roleArn);
  for (const name of rule.names) {
    const arn = input.entries.find((entry) => entry.name === name)?.arn;
    const statement = role && arn ? readStatement(role, arn) : undefined;
    drawing.edge(
      node,
      drawing.node("entry", name),
      statement === undefined ? "the rule lists it" : `the rule lists it; ${statement}`,
    );
  }
  return node;
}

function drawRole(drawing: Drawing, { entries }: TrustInput, role: TrustRole): string {
  const node = drawing.node("role", role.name);
  for (const { name, arn } of entries) {
    const statement = arn === undefined ? undefined : readStatement(role, arn);
    if (statement !== undefined) drawing.edge(node, drawing.node("entry", name), statement);
  }
  return node;
}

function readStatement(role: TrustRole, arn: string): string | undefined {
  const decision = role.arn === undefined ? undefined : mayDo(role, READ, arn);
  if (!decision?.allowed) return undefined;
  const { statement } = decision.deciding;
  return `${statement?.sid ?? `Statement[${statement?.index}]`} allows GetSecretValue`;
}

function drawJobs(drawing: Drawing, input: TrustInput, role: TrustRole): void {
  for (const { conditions } of readTrustStatements(role.trustPolicy)) {
    for (const condition of conditions) {
      if (condition.claim !== "sub" || !narrows(condition) || issuerOf(condition.prefix) !== "github")
        continue;
      const node = drawRole(drawing, input, role);
      for (const value of condition.values) {
        drawing.edge(drawing.node("who", jobLabel(value)), node, `${condition.operator} sub${formOf(value)}`);
      }
      for (const adapter of input.adapters) {
        for (const { statement } of replacers(input, adapter).filter((one) => one.role === role)) {
          for (const rule of rulesOf(adapter)) {
            drawing.edge(
              node,
              drawRule(drawing, input, adapter, rule),
              `${statement}: may replace its code`,
              "replaces",
            );
          }
        }
      }
    }
  }
}

/** A subject in words; one that is a pattern, or customised, as it is. */
function jobLabel(subject: string): string {
  try {
    const parsed = parseSubject(subject);
    if (parsed.issuer !== "github" || Object.keys(parsed.claims).length > 0 || parsed.context === undefined)
      return `GitHub jobs ${subject}`;
    const { context, repository } = parsed;
    const what = context.kind === "pull_request" ? "pull requests" : `${context.kind} ${context.name}`;
    return `GitHub jobs of ${repository.owner}/${repository.name}, ${what}`;
  } catch {
    return `GitHub jobs ${subject}`;
  }
}

const formOf = (subject: string) =>
  /^repo:[^/]+@\d+\//.test(subject) ? " with ids" : /^repo:/.test(subject) ? " by name" : "";
