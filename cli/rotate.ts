import { rotatorsWithoutState } from "../esc/rotation-state";
import type { TargetReport } from "../lambda/rotators/inspect";
import type { UnstickReport } from "../lambda/rotators/unstick";
import { formatEnvironmentName } from "./environment-name";
import { type EnvironmentName, type EscClient, EscClientError } from "./esc-client";
import type { FunctionClient } from "./function-client";

/** What a run of ESC's came to. Safe to print: names, never values. */
export interface RunReport {
  /** `organization/project/name` */
  readonly environment: string;
  readonly ok: boolean;
  /** Revisions of the environment before and after. Equal: nothing was written. */
  readonly revisions?: { readonly before: number | undefined; readonly after: number | undefined };
  /** Versions of the credential before and after, if the function was asked. */
  readonly versions?: { readonly before: string | undefined; readonly after: string | undefined };
  readonly problems: readonly string[];
}

/** What ESC has of an environment, as far as rotation goes. */
export interface EscSide {
  /** Places below `values` of rotators that have no state. */
  readonly withoutState: readonly string[];
}

/** The target that an environment rotates, or undefined. @throws FunctionClientError */
async function targetOf(client: FunctionClient, environment: string): Promise<TargetReport | undefined> {
  const { targets } = (await client.operate({ operation: "status" })) as unknown as {
    readonly targets: readonly TargetReport[];
  };
  return targets.find((report) => report.environment === environment || report.target === environment);
}

/**
 * Has ESC rotate an environment, and looks whether anything came of it: what is told as done and has changed nothing is a
 * finding.
 *
 * @throws EscClientError when ESC cannot be asked at all; FunctionClientError
 */
export async function runRotation(
  esc: EscClient,
  name: EnvironmentName,
  options: { readonly first: boolean; readonly functionClient?: FunctionClient | undefined },
): Promise<RunReport> {
  const environment = formatEnvironmentName(name);
  const { functionClient } = options;
  const report = { environment, ok: false, problems: [] };
  try {
    const { withoutState } = await escSide(esc, name);
    if (options.first && withoutState.length === 0) {
      const problem = "it has been rotated already: run it without --first";
      return { ...report, problems: [problem] };
    }
    if (!options.first && withoutState.length > 0) {
      const where = withoutState.join(", ");
      const problem = `ESC has no state of ${where}: either it was never rotated, then run it with --first; or its state was lost (somebody wrote the definition), then --first has the adapter answer what is in use`;
      return { ...report, problems: [problem] };
    }
    const versionOf = async () =>
      functionClient === undefined
        ? undefined
        : (await targetOf(functionClient, environment))?.current?.version;
    const before = { revision: await esc.revisionOf(name, "latest"), version: await versionOf() };
    const event = await esc.rotate(name);
    const after = { revision: await esc.revisionOf(name, "latest"), version: await versionOf() };
    const told = {
      ...report,
      revisions: { before: before.revision, after: after.revision },
      ...(functionClient !== undefined && { versions: { before: before.version, after: after.version } }),
    };
    if (event.status !== "succeeded") return { ...told, problems: event.problems };
    if (before.revision === after.revision) {
      return {
        ...told,
        problems: ["ESC says that it succeeded, but wrote nothing: is there a rotator in it?"],
      };
    }
    if (functionClient !== undefined && before.version !== undefined && before.version === after.version) {
      const problem =
        "ESC was answered the credential that was in use already, for its state was not the last one: it has that now; run it again to rotate";
      return { ...told, problems: [problem] };
    }
    return { ...told, ok: true };
  } catch (error) {
    if (!(error instanceof EscClientError) || error.status === undefined || error.status === 401) throw error;
    return { ...report, problems: error.findings.length > 0 ? error.findings : [error.message] };
  }
}

export async function escSide(esc: EscClient, name: EnvironmentName): Promise<EscSide> {
  const { yaml } = await esc.definition(name);
  return { withoutState: rotatorsWithoutState(yaml) };
}

const heading = ({ target, environment }: TargetReport, ok: boolean) =>
  `${ok ? "✓" : "✗"} ${target}, rotated by ${environment}`;

/** What nothing has to be done about. */
const HARMLESS = ["busy"];

export function isWell({ findings }: TargetReport): boolean {
  return findings.every(({ code }) => HARMLESS.includes(code));
}

export function renderStatus(reports: readonly TargetReport[]): string {
  const lines = reports.flatMap((report) => {
    const { current, rotatedAt, findings, target } = report;
    const known = current?.version === undefined ? "" : `version ${current.version} in slot ${current.slot}`;
    const when = rotatedAt === undefined ? "" : `rotated at ${rotatedAt}`;
    const summary = [known, when].filter((part) => part !== "").join(", ");
    return [
      heading(report, isWell(report)),
      ...(summary === "" ? [] : [`  ${summary}`]),
      ...findings.map(({ code, says }) => `  ${code}: ${says}`),
      ...(findings.some(({ mend }) => mend !== undefined)
        ? [`  what can be mended from here: escapement rotate unstick ${target}`]
        : []),
    ];
  });
  return `${lines.join("\n")}\n`;
}

export function renderUnstick({ report, steps, done }: UnstickReport): string {
  const told = done ? "Done:" : "Would do, with --yes:";
  const plan =
    steps.length === 0
      ? ["Nothing can be mended from here."]
      : [told, ...steps.map((step, index) => `  ${index + 1}. ${step}`)];
  return `${plan.join("\n")}\n\n${renderStatus([report])}`;
}

export function renderReceipts({ target, receipts }: TargetReport): string {
  const lines = receipts.map((receipt) => {
    const { outcome, at, requestedBy, code, did, current, proven, previous, ended, announced } = receipt;
    const by = requestedBy === undefined ? "" : ` for ${requestedBy}`;
    if (outcome === "failed") return `${at} failed${by}: ${code}`;
    if (outcome === "mended") return `${at} mended${by}: ${did}`;
    const parts = [
      `${at} rotated${by}: ${current?.version} in slot ${current?.slot}, proven at ${proven}`,
      previous === undefined
        ? ""
        : `previous ${previous.version ?? "(adopted)"} valid until the next rotation`,
      ended === undefined ? "" : `${ended.version ?? "(adopted)"} ended at ${ended.at}: ${ended.proof}`,
      announced ? "" : "not told by event",
    ];
    return parts.filter((part) => part !== "").join("; ");
  });
  return `${target}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
