import { type EnvironmentName, type EscClient, EscClientError } from "./esc-client";

/** The tag that consumers import: `<project>/<stage>@live`. */
const liveTag = "live";

/** An environment to verify. */
export interface VerifyTarget extends EnvironmentName {
  /** A revision or tag; undefined is the latest revision. */
  readonly version: string | undefined;
}

/** What became of one environment. Safe to print: names, never values. */
export interface VerifyResult {
  /** `organization/project/name`, with `@version` as it was asked for. */
  readonly environment: string;
  readonly ok: boolean;
  readonly opens: boolean;
  /** What was opened. Absent when a version was asked for, or when it could not be told. */
  readonly revision?: number;
  /** Variables that it exports, by name. */
  readonly variables: readonly string[];
  /** Where `live` is now. Absent when there is no such tag, and without `promote`. */
  readonly live?: number;
  /** Where `live` was, when it has been moved; null when there was none. */
  readonly liveWas?: number | null;
  /** Why it does not open, or was not promoted, one a line. */
  readonly problems: readonly string[];
}

/**
 * Opens an environment as a consumer would. With `promote`, moves `live` to the revision that opened, and only then;
 * creates the tag when there is none.
 *
 * What is opened is the latest revision by no version, for a version is part of the name that the login presents, and
 * a role trusts the stage and its `@live`, not every revision by number. That nothing was written meanwhile is asked
 * afterwards.
 *
 * @throws EscClientError when ESC cannot be asked at all: no answer, no valid token
 */
export async function verify(
  client: EscClient,
  target: VerifyTarget,
  { promote }: { readonly promote: boolean },
): Promise<VerifyResult> {
  const environment = formatTarget(target);
  const nothing = { environment, ok: false, opens: false, variables: [], problems: [] };
  try {
    if (target.version !== undefined) {
      return { ...nothing, ok: true, opens: true, variables: await client.open(target, target.version) };
    }
    const revision = await client.revisionOf(target, "latest");
    const live = promote ? await client.revisionOf(target, liveTag) : undefined;
    const before = { ...nothing, revision, ...(live !== undefined && { live }) };
    let variables: readonly string[];
    try {
      variables = await client.open(target);
    } catch (error) {
      return { ...before, problems: problemsOf(error) };
    }
    const opened = { ...before, opens: true, variables };
    if (!promote || revision === undefined || live === revision) return { ...opened, ok: true };
    if ((await client.revisionOf(target, "latest")) !== revision) {
      const problem = "a newer revision was written while this one was opened: run it again";
      return { ...opened, problems: [problem] };
    }
    if (live === undefined) await client.createTag(target, liveTag, revision);
    else await client.moveTag(target, liveTag, revision);
    return { ...opened, ok: true, live: revision, liveWas: live ?? null };
  } catch (error) {
    return { ...nothing, problems: problemsOf(error) };
  }
}

export function formatTarget({ organization, project, name, version }: VerifyTarget): string {
  return `${organization}/${project}/${name}${version === undefined ? "" : `@${version}`}`;
}

/** What ESC says of this environment. What it says of the caller ends the command. */
function problemsOf(error: unknown): readonly string[] {
  if (!(error instanceof EscClientError) || error.status === undefined || error.status === 401) throw error;
  return error.findings.length > 0 ? error.findings : [error.message];
}
