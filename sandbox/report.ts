import { renderTree } from "./engine/index";
import type { EnvironmentReport, MainJobReport, StackReport } from "./main-job";

const WIDTH = 80;

/** The main job's report for people, at most 80 columns where names allow it. Never shows a secret. */
export function renderReport(report: MainJobReport): string {
  const { stacks, environments } = report;
  const exporting = environments.filter((environment) => environment.exports.length > 0);
  const lines = [
    ...heading("What was provisioned"),
    ...stacks.flatMap(renderStack),
    ...heading("Environments"),
    ...environments.flatMap(renderEnvironment),
    ...exporting.flatMap(renderExports),
    "",
    verdict(report),
  ];
  return `${lines.join("\n")}\n`;
}

function heading(text: string): string[] {
  return ["", text, "─".repeat(WIDTH)];
}

function renderStack({ stack, ok, failure, warnings, resources, previewMs, upMs }: StackReport): string[] {
  const times = [
    previewMs === undefined ? [] : [`preview ${seconds(previewMs)}`],
    upMs === undefined ? [] : [`up ${seconds(upMs)}`],
  ].flat();
  return [
    spread(`${mark(ok)} ${stack}`, times.join(", ")),
    ...renderTree({ resources, width: WIDTH - 2 }).map((line) => `  ${line}`),
    ...warnings.map((warning) => `    warning: ${warning}`),
    ...(failure === undefined ? [] : [`    ${failure.message}`]),
    "",
  ];
}

function renderEnvironment({ id, revision, findings, problems }: EnvironmentReport): string[] {
  const good = findings.length + problems.length === 0;
  const says = good
    ? "checks clean, opens"
    : `${findings.length} findings, ${problems.length === 0 ? "opens" : "does not open"}`;
  // An open repeats what the check found, and adds what only opening shows.
  const lines = [...new Set([...findings, ...problems])];
  return [
    spread(`${mark(good)} ${id}`, `revision ${revision}, ${says}`),
    ...lines.map((line) => `    ${line}`),
  ];
}

function renderExports({ id, exports }: EnvironmentReport): string[] {
  const width = Math.max(...exports.map(({ name }) => name.length));
  return [
    ...heading(`What ${id} exports`),
    ...exports.map(({ name, value }) => `  ${name.padEnd(width)}  ${value}`),
  ];
}

function verdict({ ok, stacks, environments }: MainJobReport): string {
  if (!ok) return "Something is wrong: see the lines marked ✗.";
  const resources = stacks.reduce((sum, stack) => sum + stack.resources.length, 0);
  return `All well: ${stacks.length} stacks, ${resources} resources, ${environments.length} environments.`;
}

const mark = (ok: boolean) => (ok ? "✓" : "✗");
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

function spread(left: string, right: string): string {
  return `${left.padEnd(WIDTH - right.length - 1)} ${right}`;
}
