import { compilePattern } from "../access/pattern";
import { AdapterConfigError, AdapterError } from "../errors";
import type { ConnectedSource, JsonObject, PreparedCall } from "../sources/define-source";
import type { NorthflankConfig, NorthflankRule, NorthflankSecret, NorthflankValue } from "./config";
import type { NorthflankClaims } from "./token";

/**
 * What Northflank is answered.
 *
 * @see https://github.com/northflank/delegated-secret-injection-demo (src/types.ts, `SecretCollection`)
 */
export interface SecretCollection {
  readonly secrets: readonly Readonly<Record<string, unknown>>[];
}

/** What a workload gets, before any source has been asked. */
export interface WorkloadSecrets {
  /** What the sources are asked for, as `<source>:<name>`. */
  readonly names: readonly string[];
  /** Asks every source, each thing once, and answers all or nothing. */
  collect(fetch: (call: PreparedCall) => Promise<JsonObject>): Promise<SecretCollection>;
}

/** @throws {AdapterError} access_denied: no rule means the workload */
export type FindSecrets = (workload: NorthflankClaims) => WorkloadSecrets;

/**
 * What finds a workload's secrets by the rules.
 *
 * @throws {AdapterConfigError} a request does not fit its source
 */
export function createFindSecrets(
  { rules }: NorthflankConfig,
  sources: ReadonlyMap<string, ConnectedSource>,
): FindSecrets {
  const problems: string[] = [];
  /** The same question is one call, however many ask it. */
  const calls = new Map<string, Call>();
  const compiled = rules.map((rule, index) => ({
    means: compileRule(rule),
    secrets: rule.secrets.map((secret, at) => {
      const id = JSON.stringify([secret.source, secret.request]);
      try {
        const call = calls.get(id) ?? prepare(secret, sources);
        calls.set(id, call);
        return { secret, call };
      } catch (error) {
        const why = error instanceof AdapterError ? error.message : String(error);
        problems.push(`config.northflank.rules[${index}].secrets[${at}].request: ${why}`);
        return undefined;
      }
    }),
  }));
  if (problems.length > 0) throw new AdapterConfigError(problems);

  return (workload) => {
    const meaning = compiled.filter(({ means }) => means(workload));
    if (meaning.length === 0) throw new AdapterError("access_denied", "no rule means this workload");
    const given = new Map<string, Given>();
    for (const each of meaning.flatMap(({ secrets }) => secrets)) {
      if (each === undefined) continue;
      const { secret } = each;
      const id = secret.type === "ENV" ? `ENV ${secret.key}` : `FILE ${secret.path}`;
      // At the place of the last one.
      given.delete(id);
      given.set(id, each);
    }
    const all = [...given.values()];
    return {
      names: [...new Set(all.flatMap(({ call }) => call.names))],
      async collect(fetch) {
        const asked = new Map<PreparedCall, Promise<JsonObject>>();
        const answerOf = ({ prepared }: Call) => {
          const answer = asked.get(prepared) ?? fetch(prepared);
          asked.set(prepared, answer);
          return answer;
        };
        const secrets = all.map(async ({ secret, call }) => render(secret, await answerOf(call)));
        return { secrets: await Promise.all(secrets) };
      },
    };
  };
}

interface Call {
  readonly names: readonly string[];
  readonly prepared: PreparedCall;
}

interface Given {
  readonly secret: NorthflankSecret;
  readonly call: Call;
}

function prepare({ source, request }: NorthflankValue, sources: ReadonlyMap<string, ConnectedSource>): Call {
  const connected = sources.get(source);
  if (connected === undefined) throw new TypeError("a checked configuration has every source that it names");
  const prepared = connected.prepare(request);
  return { prepared, names: prepared.names.map((name) => `${source}:${name}`) };
}

function compileRule(rule: NorthflankRule): (workload: NorthflankClaims) => boolean {
  const isProject = compilePattern(rule.project);
  const isObject = compilePattern(rule.object);
  return ({ projectId, nfObjectId, nfObjectType }) =>
    isProject(projectId) &&
    isObject(nfObjectId) &&
    (rule.objectTypes === undefined || rule.objectTypes.includes(nfObjectType));
}

function render(secret: NorthflankSecret, answer: JsonObject): Readonly<Record<string, unknown>> {
  const { source, request, select = ["value"], ...told } = secret;
  const value = textOf(answer, select);
  if (told.type === "ENV") {
    if (value.includes("\0")) throw new AdapterError("source_not_text", "a variable cannot hold a NUL");
    return { ...told, value };
  }
  if (told.encoding === "base64" && Buffer.from(value, "base64").toString("base64") !== value) {
    throw new AdapterError("source_not_text", "the value for a file is not base64");
  }
  const { type, path, ...rest } = told;
  return { type, path, data: value, ...rest };
}

function textOf(answer: JsonObject, select: readonly string[]): string {
  let value: unknown = answer;
  for (const member of select) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, member)) {
      throw new AdapterError("source_key_missing", "the source's answer has no member that the rule selects");
    }
    value = (value as JsonObject)[member];
  }
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new AdapterError("source_not_text", "what the rule selects is not a text, number or boolean");
}
