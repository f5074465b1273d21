import { printable } from "../evaluate/render";
import type { TrustExplanation } from "./explain";

/** An explanation for people, one fact a line. */
export function renderExplanation(explanation: TrustExplanation): string {
  const { allowed, role, decidedBy, statement, operator, key, expected, actual, cause, notes } = explanation;
  const lines: (readonly [string, string | undefined])[] = [
    ["decided by", decidedBy],
    ["statement", statement && (allowed ? statement : `${statement} came closest`)],
    ["condition", operator && [operator, key].filter(Boolean).join(" ")],
    ["expected", expected.length > 0 ? expected.join(" or ") : undefined],
    ["actual", actual.length > 0 ? actual.join(", ") : allowed ? undefined : "nothing: it is absent"],
    ["cause", cause && `${cause.text} (${cause.code})`],
    ["fix", cause?.fix],
    ...notes.map((note) => ["note", note] as const),
  ];
  const body = lines.flatMap(([name, value]) => (value ? [`  ${name.padEnd(10)}  ${printable(value)}`] : []));
  return `${[`${allowed ? "allowed" : "refused"}: ${printable(role)}`, ...body].join("\n")}\n`;
}
