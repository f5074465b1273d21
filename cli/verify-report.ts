import path from "node:path";
import type { VerifyLine } from "../esc/inventory/verify/line";
import type { Annotation } from "./github-log";
import type { LoadedInventory } from "./inventory-file";
import type { VerifyResult } from "./verify";

/** What became of the environments, for people. No value in it. */
export function renderVerify(results: readonly VerifyResult[]): string {
  const lines = results.flatMap((result) => [
    `${result.ok ? "✓" : "✗"} ${result.environment}`,
    `  ${summaryOf(result)}`,
    ...result.problems.map((problem) => `    ${problem}`),
    ...table(result.lines),
  ]);
  return `${lines.join("\n")}\n`;
}

/** The same for a job's page, Markdown. */
export function summarizeVerify(results: readonly VerifyResult[]): string {
  return results
    .flatMap((result) => [
      `### ${result.ok ? "✅" : "❌"} \`${result.environment}\``,
      "",
      summaryOf(result),
      ...(result.problems.length === 0 ? [] : [""]),
      ...result.problems.map((problem) => `- ${cell(problem)}`),
      ...(result.lines.length === 0 ? [] : ["", "| | line | item | |", "|---|---|---|---|"]),
      ...result.lines.map((line) => {
        const said = line.problems.map(
          ({ reason, fix }) => `${reason}${fix === undefined ? "" : ` → ${fix}`}`,
        );
        const rest = [...said, ...(line.unknown === undefined ? [] : [line.unknown])].map(cell).join("<br>");
        return `| ${MARKDOWN_MARK[markOf(line)]} | \`${cell(line.name)}\` | ${cell(line.item ?? "")} | ${rest} |`;
      }),
      "",
    ])
    .join("\n");
}

/** One annotation for each problem, at the line of the inventory that it is about. */
export function annotateVerify(
  results: readonly VerifyResult[],
  inventory: LoadedInventory | undefined,
): readonly Annotation[] {
  return results.flatMap(({ environment, problems, lines }) => [
    ...problems.map((message) => ({ level: "error" as const, title: environment, message })),
    ...lines.flatMap(({ name, item, problems }) =>
      problems.map(({ reason, fix }) => ({
        level: "error" as const,
        title: `${environment}: ${name}`,
        message: `${name} ${reason}${fix === undefined ? "" : `; ${fix}`}`,
        ...(item !== undefined &&
          inventory !== undefined && {
            file: path.relative(process.cwd(), inventory.file),
            line: inventory.lineOf(item),
          }),
      })),
    ),
  ]);
}

type Mark = "good" | "wrong" | "unknown";

const MARK: Readonly<Record<Mark, string>> = { good: "✓", wrong: "✗", unknown: "?" };
const MARKDOWN_MARK: Readonly<Record<Mark, string>> = { good: "✅", wrong: "❌", unknown: "❔" };

function markOf({ problems, unknown }: VerifyLine): Mark {
  return problems.length > 0 ? "wrong" : unknown === undefined ? "good" : "unknown";
}

function table(lines: readonly VerifyLine[]): string[] {
  const width = Math.min(40, Math.max(0, ...lines.map(({ name }) => name.length)));
  return lines.flatMap((line) => {
    const { name, problems, unknown } = line;
    const said = [
      ...problems.flatMap(({ reason, fix }) => [reason, ...(fix === undefined ? [] : [`  ${fix}`])]),
      ...(unknown === undefined ? [] : [unknown]),
    ];
    const [first = "", ...rest] = said;
    const head = `    ${MARK[markOf(line)]} ${name.padEnd(width)}  ${first}`.trimEnd();
    return [head, ...rest.map((text) => `${" ".repeat(width + 8)}${text}`)];
  });
}

function summaryOf({ ok, opens, stage, revision, variables, lines, live, liveWas }: VerifyResult): string {
  const which = revision === undefined ? "" : `revision ${revision} `;
  const stays = live === undefined ? "" : `; live stays at revision ${live}`;
  if (!opens) return `${which}does not open${stays}:`;
  const wrong = lines.filter(({ problems }) => problems.length > 0).length;
  const held = stage === undefined ? "not held against an inventory" : `held against ${stage}`;
  const told = `${which}opens with ${variables.length} variables, ${held}`;
  if (!ok)
    return `${told}: ${wrong === 0 ? "not promoted" : `${wrong} of ${lines.length} lines are wrong`}${liveWas === undefined ? stays : `; live is there now`}`;
  if (liveWas === undefined) return live === undefined ? told : `${told}; live is there already`;
  return `${told}; live is there now (${liveWas === null ? "it is new" : `it was at ${liveWas}`})`;
}

/** Text in a cell of a table: what comes from ESC must not end it. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[|<]/g, (sign) => (sign === "|" ? "\\|" : "&lt;"));
}
