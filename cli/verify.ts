import type { Inventory } from "../esc/inventory/item";
import type { SecretAge } from "../esc/inventory/verify/ages";
import { examineStage, isNothing, nothing } from "../esc/inventory/verify/examine";
import { failureLines } from "../esc/inventory/verify/failures";
import { isOfRevision, type VerifyLine } from "../esc/inventory/verify/line";
import { type EscProperties, valueAt } from "../esc/inventory/verify/opened";
import { compareStages } from "../esc/inventory/verify/same-values";
import { isMap } from "../esc/is-map";
import { mapBounded, TimedOut, within } from "./bounded";
import { type EnvironmentVersion, formatEnvironmentName } from "./environment-name";
import { type EscClient, EscClientError } from "./esc-client";

/** The tag that consumers import: `<project>/<stage>@live`. */
const liveTag = "live";

/** An environment that has been opened. Plain secrets: never print one. */
export interface OpenedTarget {
  readonly target: EnvironmentVersion;
  /** The stage of the inventory that it is; undefined when it is none. */
  readonly stage: string | undefined;
  readonly properties: EscProperties;
  readonly definition: string | undefined;
}

export interface VerifyOptions {
  /** Moves `live` to the revision that opened and passed. */
  readonly promote: boolean;
  /** What the environments are held against. Without one they are opened only. */
  readonly inventory?: Inventory | undefined;
  /** The stage that the environments are. @default each the one of its name */
  readonly stage?: string | undefined;
  /** When entries were last changed, by item, as AWS says. @default nobody is asked */
  readonly agesOf?: (
    opened: OpenedTarget & { readonly stage: string },
  ) => Promise<ReadonlyMap<string, SecretAge>>;
  /** More to say of an environment that opened, such as what has drifted. */
  readonly moreLines?: readonly ((opened: OpenedTarget) => Promise<readonly VerifyLine[]>)[];
  /** How long one environment may take, in milliseconds. @default 120000 */
  readonly timeoutMs?: number;
  /** How many are opened at once. @default 4 */
  readonly atOnce?: number;
  readonly onProgress?: (environment: string, what: "opening" | "opened" | "does not open") => void;
  /** Told what was opened, before it is forgotten. */
  readonly onOpened?: (opened: OpenedTarget) => void;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** What became of one environment. Safe to print: names, never values. */
export interface VerifyResult {
  /** `organization/project/name`, with `@version` as it was asked for. */
  readonly environment: string;
  readonly ok: boolean;
  readonly opens: boolean;
  /** The stage of the inventory that it was held against; absent when it was opened only. */
  readonly stage?: string;
  /** What was opened. Absent when a version was asked for, or when it could not be told. */
  readonly revision?: number;
  /** Variables that it exports, by name. */
  readonly variables: readonly string[];
  /** What the inventory says of it, line by line. */
  readonly lines: readonly VerifyLine[];
  /** Where `live` is now. Absent when there is no such tag, and without `promote`. */
  readonly live?: number;
  /** Where `live` was, when it has been moved; null when there was none. */
  readonly liveWas?: number | null;
  /** Why it does not open, or was not promoted, one a line. */
  readonly problems: readonly string[];
}

/** An environment on its way: what is said of it, and what it showed. */
interface Attempt extends Partial<Omit<OpenedTarget, "target">> {
  readonly target: EnvironmentVersion;
  readonly result: VerifyResult;
}

/**
 * Opens environments as their consumers would, all at once, and holds each that is a stage of the inventory against it.
 * With `promote`, moves `live` to the revision that opened and passed, and only then; creates the tag when there is none. A
 * secret that is overdue keeps no revision back.
 *
 * What is opened is the latest revision by no version, for a version is part of the name that the login presents, and
 * a role trusts the stage and its `@live`, not every revision by number. That nothing was written meanwhile is asked
 * afterwards.
 *
 * @throws EscClientError when ESC cannot be asked at all: no answer, no valid token
 */
export async function verifyAll(
  client: EscClient,
  targets: readonly EnvironmentVersion[],
  options: VerifyOptions,
): Promise<readonly VerifyResult[]> {
  const { inventory, atOnce = 4, timeoutMs = 120_000 } = options;
  const attempts = await mapBounded(targets, atOnce, async (target) => {
    const environment = formatEnvironmentName(target);
    options.onProgress?.(environment, "opening");
    const attempt = await within(timeoutMs, open(client, target, options)).catch(
      (error: unknown): Attempt => {
        if (!(error instanceof TimedOut)) throw error;
        return { target, result: { ...nothingOf(target), problems: [error.message] } };
      },
    );
    options.onProgress?.(environment, attempt.result.opens ? "opened" : "does not open");
    return attempt;
  });
  const judged = inventory === undefined ? attempts : compare(inventory, attempts);
  return mapBounded(judged, atOnce, async ({ target, result }) => {
    const judgedResult = { ...result, ok: isGood(result) };
    if (!options.promote || !result.opens) return judgedResult;
    return within(timeoutMs, promote(client, target, judgedResult)).catch((error: unknown) => {
      if (!(error instanceof TimedOut)) throw error;
      return {
        ...judgedResult,
        ok: false,
        problems: [`whether live was moved is not known: ${error.message}`],
      };
    });
  });
}

/** The same for one. */
export async function verify(
  client: EscClient,
  target: EnvironmentVersion,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const [result] = await verifyAll(client, [target], options);
  return result ?? nothingOf(target);
}

async function open(client: EscClient, target: EnvironmentVersion, options: VerifyOptions): Promise<Attempt> {
  const { inventory, promote: promoting } = options;
  const named = options.stage ?? target.name;
  const stage = inventory?.stages.includes(named) ? named : undefined;
  const before = { ...nothingOf(target), ...(stage !== undefined && { stage }) };
  try {
    const revision = target.version === undefined ? await client.revisionOf(target, "latest") : undefined;
    const live = promoting ? await client.revisionOf(target, liveTag) : undefined;
    const told = {
      ...before,
      ...(revision !== undefined && { revision }),
      ...(live !== undefined && { live }),
    };
    const definition = await definitionOf(client, target);
    let properties: EscProperties;
    try {
      properties = await client.open(target, target.version);
    } catch (error) {
      const problems = problemsOf(error);
      const { diagnostics } = error as EscClientError;
      const { project, name } = target;
      const lines = failureLines({ project, name, diagnostics, definition, inventory, stage });
      return { target, result: { ...told, problems, lines } };
    }
    const opened = { target, stage, properties, definition };
    options.onOpened?.(opened);
    const lines = await linesOf(opened, options);
    const result = { ...told, opens: true, variables: variablesOf(properties), lines };
    return { ...opened, result };
  } catch (error) {
    return { target, result: { ...before, problems: problemsOf(error) } };
  }
}

/** The definition as it is stored, its secrets encrypted; undefined when the token may open and not read it. */
async function definitionOf(client: EscClient, target: EnvironmentVersion): Promise<string | undefined> {
  try {
    return (await client.definition(target, { version: target.version })).yaml;
  } catch (error) {
    if (error instanceof EscClientError && error.status === 403) return undefined;
    throw error;
  }
}

async function linesOf(opened: OpenedTarget, options: VerifyOptions): Promise<readonly VerifyLine[]> {
  const { stage, properties, definition, target } = opened;
  const { inventory, agesOf, moreLines = [], now = Date.now } = options;
  const more = (await Promise.all(moreLines.map((ask) => ask(opened)))).flat();
  if (inventory === undefined || stage === undefined) {
    return [...(isNothing(properties) ? [nothing] : []), ...more];
  }
  const ages = await agesOf?.({ ...opened, stage });
  const { project } = target;
  const own = examineStage(inventory, { stage, project, properties, definition, ages, now: now() });
  return [...own, ...more];
}

/** Says of each stage which of its secrets another one has; versions of one stage are not compared with each other. */
function compare(inventory: Inventory, attempts: readonly Attempt[]): readonly Attempt[] {
  const stages = attempts.flatMap(({ target, stage, properties, result }) =>
    stage === undefined || properties === undefined
      ? []
      : [{ target, stage, properties, lines: result.lines }],
  );
  const compared = new Map(compareStages(inventory, stages).map(({ target, lines }) => [target, lines]));
  return attempts.map((attempt) => {
    const lines = compared.get(attempt.target) ?? attempt.result.lines;
    return { ...attempt, result: { ...attempt.result, lines } };
  });
}

async function promote(
  client: EscClient,
  target: EnvironmentVersion,
  result: VerifyResult,
): Promise<VerifyResult> {
  const { revision, live, lines } = result;
  if (revision === undefined || live === revision) return result;
  if (lines.some(({ problems }) => problems.some(isOfRevision))) return result;
  try {
    if ((await client.revisionOf(target, "latest")) !== revision) {
      const problem = "a newer revision was written while this one was opened: run it again";
      return { ...result, ok: false, problems: [problem] };
    }
    if (live === undefined) await client.createTag(target, liveTag, revision);
    else await client.moveTag(target, liveTag, revision);
    return { ...result, live: revision, liveWas: live ?? null };
  } catch (error) {
    return { ...result, ok: false, problems: problemsOf(error) };
  }
}

function isGood({ opens, problems, lines }: VerifyResult): boolean {
  return opens && problems.length === 0 && lines.every((line) => line.problems.length === 0);
}

function nothingOf(target: EnvironmentVersion): VerifyResult {
  return {
    environment: formatEnvironmentName(target),
    ok: false,
    opens: false,
    variables: [],
    lines: [],
    problems: [],
  };
}

function variablesOf(properties: EscProperties): readonly string[] {
  const variables = valueAt(properties, "environmentVariables")?.value;
  return isMap(variables) ? Object.keys(variables) : [];
}

/** What ESC says of this environment. What it says of the caller ends the command. */
function problemsOf(error: unknown): readonly string[] {
  if (!(error instanceof EscClientError) || error.status === undefined || error.status === 401) throw error;
  return error.findings.length > 0 ? error.findings : [error.message];
}
