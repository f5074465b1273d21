import type { AccessDecision, Account } from "./aws";

/** What the account saw, which the clients that failed are not told. */
export interface Witness {
  readonly account: Account;
  readonly decisions: readonly AccessDecision[];
}

/**
 * Starts watching an account; the function that it returns tells, one a line, what went wrong since: refusals with
 * what decided them, and what functions logged of requests that they refused. Nothing in it is secret: neither
 * decisions nor the adapter's log hold values or tokens.
 */
export function watchAccount({ account, decisions }: Witness): () => string[] {
  const decided = decisions.length;
  const logged = new Map([...account.logGroups.values()].map((group) => [group.arn, group.events.length]));
  return () => [
    ...decisions
      .slice(decided)
      .filter(({ allowed }) => !allowed)
      .map(describeRefusal),
    ...[...account.logGroups.values()].flatMap(({ arn, name, events }) =>
      events.slice(logged.get(arn) ?? 0).flatMap(({ message }) => describeLogLine(name, message)),
    ),
  ];
}

function describeRefusal({ who, action, because }: AccessDecision): string {
  return `AWS refused ${who} ${action}: ${because.replace(/\s*\n\s*/g, " ")}`;
}

/** A refusal that the adapter logged, or the line in which a function says that it cannot go on. */
function describeLogLine(group: string, line: string): string[] {
  const record = parse(line);
  if (record === undefined)
    return /^(RequestId: .* |Init |Invoke )?\w*(Error|Exception)\b/.test(line)
      ? [`${group}: ${line.slice(0, 200)}`]
      : [];
  const { code, reason } = record;
  return typeof code === "string" ? [`${group}: ${code}: ${String(reason ?? "")}`] : [];
}

function parse(line: string): { code?: unknown; reason?: unknown } | undefined {
  try {
    return JSON.parse(line) as { code?: unknown; reason?: unknown };
  } catch {
    return undefined;
  }
}
