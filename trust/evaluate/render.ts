import { type Check, commonPrefix, type Deciding, type Decision, type PolicyLayer } from "./explanation";

const WIDTH = 80;
const INDENT = "  ";

const LAYER_NAMES: Readonly<Record<PolicyLayer, string>> = {
  trust: "trust policy",
  identity: "identity policy",
  resource: "resource policy",
  boundary: "permissions boundary",
  session: "session policy",
};

/**
 * A decision in one or two lines of at most 80 columns: the verdict, the statement, and the check that decided with
 * its values. What is too long is cut so that the place where the values differ stays; `Decision` has all of it.
 */
export function renderDecision({ verdict, deciding, request }: Decision): string {
  const word = verdict === "allowed" ? "allowed" : "denied";
  const { statement, check, layer, note } = deciding;
  if (statement === undefined || check === undefined) {
    const line = cutEnd(`${word}: no ${LAYER_NAMES[layer]} allows ${printable(request.action)}`, WIDTH);
    return note === undefined ? line : `${line}\n${cutEnd(`${INDENT}${note}`, WIDTH)}`;
  }

  const hasFailed = verdict === "implicitly-denied";
  const explicit = verdict === "explicitly-denied" ? "explicit Deny, " : "";
  const others = hasFailed ? statement.checks.filter(({ matched }) => !matched).length - 1 : 0;
  const more = others > 0 ? ` (and ${others} more)` : "";
  const operator = check.key === undefined ? check.element : `${check.operator} `;
  const key = printable(check.key ?? "");
  const head = `${word}: ${explicit}${statementName(deciding)}`;
  // Where the line is too short for both, the key gets what the statement leaves, but not less than half.
  const room = WIDTH - ": ".length - more.length;
  const width = Math.max(room - head.length, Math.min(operator.length + key.length, Math.floor(room / 2)));
  const shownSubject = cutEnd(`${operator}${cutStart(key, width - operator.length)}`, width);
  const line = `${cutEnd(head, room - shownSubject.length)}: ${shownSubject}${more}`;
  return `${line}\n${INDENT}${hasFailed ? failedValues(check) : matchedValues(check)}`;
}

/** `trust policy, EscLogin` or `identity policy read-entries, Statement[0]`. */
function statementName({ layer, statement }: Deciding): string {
  const name = LAYER_NAMES[layer];
  if (statement === undefined) return name;
  const policy = statement.policy.startsWith(name) ? statement.policy : `${name} ${statement.policy}`;
  return printable(`${policy}, ${statement.sid ?? `Statement[${statement.index}]`}`);
}

function failedValues({ operator, expected, actual, by, note }: Check): string {
  if (operator === "Null") {
    const [wanted, got] = actual.length === 0 ? ["present", "absent"] : ["absent", "present"];
    return `wanted the key ${wanted}, but it is ${got}`;
  }
  const got = actual.join(", ");
  if (actual.length === 0) {
    const why = note ?? "got nothing: the key is absent";
    return layOut(['wanted "', `", ${why}`], [closest(expected, got)]);
  }
  // A failing Not form met one of its values; any other failing check met none.
  if (by !== undefined) return layOut(['wanted anything but "', '", got "', '"'], [by, got]);
  const others = expected.length > 1 ? ` or ${expected.length - 1} more` : "";
  return layOut(['wanted "', `"${others}, got "`, '"'], [closest(expected, got), got]);
}

function matchedValues({ operator, expected, actual, by, note }: Check): string {
  if (operator === "Null") return `the key is ${actual.length === 0 ? "absent" : "present"}`;
  const suffix = note === undefined ? "" : ` (${note})`;
  const got = actual.join(", ");
  if (actual.length === 0) return "the key is absent, which this operator accepts";
  if (by === undefined) return layOut(['"', '" is not "', `"${suffix}`], [got, closest(expected, got)]);
  if (by === got) return layOut(['matched "', `"${suffix}`], [got]);
  return layOut(['"', '" matches "', `"${suffix}`], [got, by]);
}

/** The one of the policy's values that shares most of its beginning with the request's. */
function closest(expected: readonly string[], actual: string): string {
  let best = expected[0] ?? "";
  for (const value of expected) if (commonPrefix(value, actual) > commonPrefix(best, actual)) best = value;
  return best;
}

/** Puts one or two values between fixed texts, cut so that the line fits and their difference shows. */
function layOut(fixed: readonly string[], raw: readonly string[]): string {
  const [first = "", second = ""] = raw.map(printable);
  const room = WIDTH - INDENT.length - fixed.join("").length;
  const difference = commonPrefix(first, second);
  const half = Math.floor(room / 2);
  const shownFirst =
    raw.length === 1
      ? cutStart(first, room)
      : cutAround(first, difference, Math.max(half, room - second.length));
  const shown = [shownFirst, cutAround(second, difference, room - shownFirst.length)];
  return cutEnd(fixed.map((text, index) => text + (index < raw.length ? shown[index] : "")).join(""), WIDTH);
}

/** How much of what both values share is left before the place where they part. */
const LEAD = 12;

function cutAround(text: string, at: number, width: number): string {
  if (text.length <= width) return text;
  const start = Math.max(0, Math.min(at - LEAD, text.length - width + 1));
  return start === 0 ? cutEnd(text, width) : cutEnd(`…${slice(text, start)}`, width);
}

function cutEnd(text: string, width: number): string {
  return text.length <= width ? text : `${slice(text, 0, Math.max(0, width - 1))}…`;
}

function cutStart(text: string, width: number): string {
  return text.length <= width ? text : `…${slice(text, text.length - Math.max(0, width - 1))}`;
}

/** Half of a character that was cut through is left out. */
function slice(text: string, start: number, end?: number): string {
  return text.slice(start, end).replace(/\p{Cs}/gu, "");
}

/** Claims come from outside: one may not start a line, move the cursor or reorder the text. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
