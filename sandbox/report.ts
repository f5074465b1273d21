import type { AdapterAnswer } from "./adapter-cases";
import type { DeployDenial } from "./deploy-denials";
import { renderTree } from "./engine/index";
import type { EnvironmentReport, MainJobReport, StackReport } from "./main-job";
import type { RotationReport } from "./rotation-demo";
import type { SourcesReport } from "./sources-demo";
import type { TrustDecision } from "./trust-decisions";
import { wrap } from "./wrap";

const WIDTH = 80;

/** The main job's report for people, at most 80 columns where names allow it. Never shows a secret. */
export function renderReport(report: MainJobReport): string {
  const { stacks, environments, trust, denials, adapter, rotation, sources } = report;
  const exporting = environments.filter((environment) => environment.exports.length > 0);
  const lines = [
    ...heading("What was provisioned"),
    ...stacks.flatMap(renderStack),
    ...heading("Environments"),
    ...environments.flatMap(renderEnvironment),
    ...exporting.flatMap(renderExports),
    ...(trust.length === 0 ? [] : heading("Who may do what, and what decided")),
    ...trust.flatMap(renderTrust),
    ...(denials.length === 0 ? [] : heading("What staging's deploy role is refused, and by which statement")),
    ...denials.map(renderDenial),
    ...(adapter.length === 0 ? [] : heading("What staging's adapter answers")),
    ...adapter.map(renderAnswer),
    ...renderRotation(rotation),
    ...renderSources(sources),
    "",
    verdict(report),
  ];
  return `${lines.join("\n")}\n`;
}

function heading(text: string): string[] {
  return ["", text, "─".repeat(WIDTH)];
}

function renderStack({
  stack,
  ok,
  failure,
  warnings,
  resources,
  role,
  previewMs,
  upMs,
}: StackReport): string[] {
  const times = [
    previewMs === undefined ? [] : [`preview ${seconds(previewMs)}`],
    upMs === undefined ? [] : [`up ${seconds(upMs)}`],
  ].flat();
  return [
    spread(`${mark(ok)} ${stack}`, times.join(", ")),
    ...(role === undefined ? [] : [`  in the name of ${role}`]),
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

function renderTrust({ title, decided, expected, because, ok }: TrustDecision): string[] {
  const surprise = decided === expected ? "" : ` (expected: ${expected})`;
  // The verdict stands at the end of the title already.
  const [reason = "", ...rest] = because.split("\n");
  return [
    spread(`${mark(ok)} ${title}`, `${decided}${surprise}`),
    ...wrap(reason.replace(/^(allowed|denied): /, ""), WIDTH - 2).map((line) => `  ${line}`),
    ...rest,
  ];
}

function renderDenial({ title, refusedBy, ok }: DeployDenial): string {
  return spread(`${mark(ok)} ${title}`, refusedBy ?? "no statement of its own");
}

function renderAnswer({ title, code, status, expected, ok }: AdapterAnswer): string {
  return spread(`${mark(ok)} ${title}`, `${status} ${code}${ok ? "" : ` (expected: ${expected})`}`);
}

function renderRotation({ ok, problems, rotations, queries }: RotationReport): string[] {
  const { current, previous, failed } = queries;
  return [
    ...heading("A PostgreSQL credential, rotated while two clients use it"),
    ...rotations.map(({ revision, slot, version, milliseconds }) =>
      spread(`  to slot ${slot}, version ${version}`, `revision ${revision}, ${milliseconds} ms`),
    ),
    spread(
      `${mark(ok)} ${current} queries with \`current\`, ${previous} with \`previous\``,
      `${failed} failed`,
    ),
    ...problems.map((problem) => `    ${problem}`),
  ];
}

function renderSources({ problems, steps }: SourcesReport): string[] {
  return [
    ...heading("Behind the adapter: an old HTTP system, Parameter Store, Northflank"),
    ...steps.map(({ title, outcome, ok }) => spread(`${mark(ok)} ${title}`, outcome)),
    ...problems.map((problem) => `    ${problem}`),
  ];
}

function verdict({ ok, stacks, environments, trust, denials, adapter }: MainJobReport): string {
  if (!ok) return "Something is wrong: see the lines marked ✗.";
  const resources = stacks.reduce((sum, stack) => sum + stack.resources.length, 0);
  return [
    `All well: ${stacks.length} stacks with ${resources} resources, ${environments.length} environments,`,
    `${trust.length + denials.length + adapter.length} decisions as they should be. Nothing left this machine.`,
  ].join("\n");
}

const mark = (ok: boolean) => (ok ? "✓" : "✗");
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

function spread(left: string, right: string): string {
  return `${left.padEnd(WIDTH - right.length - 1)} ${right}`;
}
