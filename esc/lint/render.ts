import type { Finding } from "./finding";

/** Findings for people: each with its place, why it matters and what mends it. */
export function renderFindings(findings: readonly Finding[], checked: readonly string[]): string {
  const open = findings.filter(({ accepted }) => accepted === undefined);
  const accepted = findings.filter((finding) => finding.accepted !== undefined);
  const lines = [
    ...open.flatMap((finding) => [
      `${placeOf(finding)} ${finding.rule} ${finding.severity}: ${finding.message}`,
      `  why  ${finding.why}`,
      `  fix  ${finding.fix}`,
      "",
    ]),
    ...accepted.map(
      (finding) => `${placeOf(finding)} ${finding.rule} accepted: ${finding.accepted?.reason ?? ""}`,
    ),
    summary(open.length, accepted.length, checked),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

/** `file:line:column`, which terminals and editors open. */
export function placeOf({ file, on, region }: Finding): string {
  return [file ?? on, ...(region === undefined ? [] : [region.line, region.column])].join(":");
}

function summary(open: number, accepted: number, checked: readonly string[]): string {
  const found = open === 0 ? "no findings" : `${open} finding${open === 1 ? "" : "s"}`;
  const reasons = accepted === 0 ? "" : `, ${accepted} accepted with a reason`;
  return `${found}${reasons} in ${checked.join(", ")}`;
}

/** A name in a file must not move the cursor of a terminal. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
