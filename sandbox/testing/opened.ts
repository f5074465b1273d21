import { exportedVariables } from "../exported-variables";

/** What an environment gave when it was opened. Secrets are plain: never print it. */
export interface OpenedEnvironment {
  readonly values: Readonly<Record<string, unknown>>;
  /** What is under `environmentVariables`, as `pulumi env run` gives it to a process. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  /** Paths of what is secret as a whole, as `database.password` or `hosts[0]`, sorted. */
  readonly secretPaths: readonly string[];
}

/** One value as ESC's REST API gives it. */
interface EscValue {
  readonly value?: unknown;
  readonly secret?: boolean;
}

/** @param environment JSON text of an open session, as the service answers it */
export function readOpened(environment: string): OpenedEnvironment {
  const { properties = {} } = JSON.parse(environment) as { properties?: Record<string, EscValue> };
  const secretPaths: string[] = [];
  const values = plainMembers(properties, "", secretPaths);
  const variables = (values.environmentVariables ?? {}) as Record<string, unknown>;
  const exported = exportedVariables(environment).map(({ name, value, secret }) => [
    name,
    secret ? String(variables[name] ?? "") : value,
  ]);
  return { values, environmentVariables: Object.fromEntries(exported), secretPaths: secretPaths.sort() };
}

function plainValue({ value, secret }: EscValue, path: string, found: string[]): unknown {
  if (secret) found.push(path);
  const secretPaths = secret ? [] : found;
  if (Array.isArray(value)) {
    return value.map((item: EscValue, index) => plainValue(item, `${path}[${index}]`, secretPaths));
  }
  if (typeof value !== "object" || value === null) return value;
  return plainMembers(value as Record<string, EscValue>, path, secretPaths);
}

function plainMembers(
  members: Readonly<Record<string, EscValue>>,
  path: string,
  secretPaths: string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => {
      const step = /^[\w-]+$/.test(name) ? name : `["${name}"]`;
      return [
        name,
        plainValue(member, path === "" || step[0] === "[" ? path + step : `${path}.${step}`, secretPaths),
      ];
    }),
  );
}
