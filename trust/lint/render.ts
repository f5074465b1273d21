import { printable } from "../evaluate/render";
import type { Finding } from "./finding";

/** Findings for people: each with its place, why it matters and what mends it. */
export function renderFindings(findings: readonly Finding[]): string {
  const open = findings.filter(({ suppressed }) => suppressed === undefined);
  const accepted = findings.filter(({ suppressed }) => suppressed !== undefined);
  const lines = [
    ...open.flatMap(renderFinding),
    ...accepted.map(({ rule, on, suppressed }) =>
      printable(`${rule} accepted on ${on}: ${suppressed?.reason}`),
    ),
    summary(open, accepted.length),
  ];
  return `${lines.join("\n")}\n`;
}

function renderFinding({ rule, severity, place, on, path, message, why, fix }: Finding): string[] {
  const position = place.file === undefined ? "" : `${place.file}:${place.line ?? 1}`;
  const where =
    place.text === place.file
      ? position
      : [place.text, position && `(${position})`].filter(Boolean).join(" ");
  return [
    `${rule} ${severity} ${on}: ${message}`,
    `  at   ${where}${path === undefined ? "" : `, ${path}`}`,
    `  why  ${why}`,
    `  fix  ${fix}`,
    "",
  ].map(printable);
}

function summary(open: readonly Finding[], accepted: number): string {
  const found = open.length === 0 ? "no findings" : `${open.length} finding${open.length === 1 ? "" : "s"}`;
  return accepted === 0 ? found : `${found}, ${accepted} accepted with a reason`;
}
