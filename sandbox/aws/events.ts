import { isMap } from "../../esc/is-map";
import { type Account, makeArn, makeUuid, type Tags } from "./account";
import { AwsError } from "./errors";

/** An EventBridge bus. Every region has `default`, which nobody makes. */
export interface EventBus {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  tags: Tags;
}

/** Where a rule sends what it matches. */
export interface EventTarget {
  readonly id: string;
  readonly arn: string;
  /** JSON text that is sent instead of the event. */
  readonly input: string | undefined;
}

/** A rule: of events that match a pattern, or of times. */
export interface EventRule {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** The bus's name. */
  readonly bus: string;
  /** JSON text. */
  pattern: string | undefined;
  /** `rate(1 day)` */
  schedule: string | undefined;
  enabled: boolean;
  description: string;
  tags: Tags;
  readonly targets: Map<string, EventTarget>;
  /** When its schedule was last acted on, or the rule made: milliseconds since 1970. */
  actedAt: number;
}

/** An event that a bus has taken, and where its rules sent it. */
export interface TakenEvent {
  readonly id: string;
  readonly at: Date;
  readonly region: string;
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  /** JSON text. */
  readonly detail: string;
  /** ARNs of targets. */
  readonly sentTo: readonly string[];
}

/** Runs a function with an event, and does not wait for what comes of it. */
export type SendToFunction = (functionArn: string, event: object) => void;

/** The name of a bus, by name or ARN. @throws {ResourceNotFoundException} there is none */
export function busName(account: Account, region: string, bus = "default"): string {
  const name = bus.replace(/^arn:[^:]*:events:[^:]*:[^:]*:event-bus\//, "");
  if (name === "default" || account.eventBuses.has(busArn(account, region, name))) return name;
  throw new AwsError("ResourceNotFoundException", `Event bus ${name} does not exist.`);
}

export function busArn(account: Account, region: string, name: string): string {
  return makeArn(account, "events", region, `event-bus/${name}`);
}

/** Rules of the default bus are named without it. */
export function ruleArn(account: Account, region: string, bus: string, name: string): string {
  return makeArn(account, "events", region, `rule/${bus === "default" ? "" : `${bus}/`}${name}`);
}

/** Takes an event: keeps it, and sends it where its rules say. */
export function takeEvent(
  account: Account,
  event: Omit<TakenEvent, "id" | "at" | "sentTo">,
  send: SendToFunction | undefined,
): TakenEvent {
  const id = makeUuid(account);
  const at = new Date(account.now());
  const { region, bus, source, detailType } = event;
  const envelope = {
    version: "0",
    id,
    "detail-type": detailType,
    source,
    account: account.id,
    time: at.toISOString(),
    region,
    resources: [],
    detail: JSON.parse(event.detail) as unknown,
  };
  const rules = [...account.eventRules.values()].filter(
    (rule) =>
      rule.region === region &&
      rule.bus === bus &&
      rule.enabled &&
      rule.pattern !== undefined &&
      matches(JSON.parse(rule.pattern), envelope),
  );
  const sentTo = rules.flatMap((rule) => sendTo(account, rule, { event: envelope, send }));
  const taken = { ...event, id, at, sentTo };
  account.events.set(id, taken);
  return taken;
}

/** Acts on every schedule of which a time has come since it was last acted on: once, however many have. */
export function runSchedules(account: Account, send: SendToFunction): void {
  for (const rule of account.eventRules.values()) {
    if (!rule.enabled || rule.schedule === undefined) continue;
    if (account.now() < rule.actedAt + rateMilliseconds(rule.schedule)) continue;
    rule.actedAt = account.now();
    const event = {
      version: "0",
      id: makeUuid(account),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: account.id,
      time: new Date(account.now()).toISOString(),
      region: rule.region,
      resources: [rule.arn],
      detail: {},
    };
    sendTo(account, rule, { event, send });
  }
}

/** Lambda takes it only when the function's own policy lets this rule. */
function sendTo(
  account: Account,
  rule: EventRule,
  { event, send }: { readonly event: object; readonly send: SendToFunction | undefined },
): string[] {
  return [...rule.targets.values()].flatMap(({ arn, input }) => {
    const fn = account.functions.get(arn);
    if (fn === undefined) return [arn];
    const isAllowed = [...fn.permissions.values()].some(
      ({ action, principal, conditions }) =>
        action === "lambda:InvokeFunction" &&
        principal === "events.amazonaws.com" &&
        [undefined, rule.arn].includes(conditions["AWS:SourceArn"] ?? conditions["aws:SourceArn"]),
    );
    if (!isAllowed) return [];
    send?.(arn, input === undefined ? event : (JSON.parse(input) as object));
    return [arn];
  });
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @throws {ValidationException} for what is no rate; expressions with cron are not implemented */
export function rateMilliseconds(schedule: string): number {
  const [, count = "", unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  if (unit !== "" && Number(count) > 0) return Number(count) * (UNITS[unit] as number);
  throw new AwsError(
    "ValidationException",
    `sandbox: ${schedule} is not implemented: of schedules, only rate(…) is`,
  );
}

/** @throws {InvalidEventPatternException} for what is not implemented, by name */
export function checkPattern(pattern: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(pattern);
  } catch {
    throw new AwsError("InvalidEventPatternException", "Event pattern is not valid. Reason: it is not JSON");
  }
  matches(parsed, {});
}

/** Source: EventBridge user guide, "Comparison operators": a list of values of which one has to be there. */
function matches(pattern: unknown, value: unknown): boolean {
  if (!isMap(pattern)) throw invalid("a pattern is an object");
  return Object.entries(pattern)
    .map(([name, wanted]) => {
      const actual = isMap(value) ? value[name] : undefined;
      if (!Array.isArray(wanted)) return matches(wanted, actual);
      return wanted.map((one) => matchesOne(one, actual)).includes(true);
    })
    .every((matched) => matched);
}

function matchesOne(wanted: unknown, actual: unknown): boolean {
  if (!isMap(wanted)) return [actual].flat().includes(wanted as never);
  const [[operator, argument] = []] = Object.entries(wanted);
  if (operator === "prefix") return typeof actual === "string" && actual.startsWith(String(argument));
  if (operator === "exists") return (actual !== undefined) === argument;
  throw invalid(`sandbox: the operator ${operator} is not implemented`);
}

function invalid(reason: string): AwsError {
  return new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${reason}`);
}
