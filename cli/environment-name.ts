import type { EnvironmentName } from "./esc-client";

/** An environment, or one of its versions. */
export interface EnvironmentVersion extends EnvironmentName {
  /** A revision or tag; undefined is the latest revision. */
  readonly version: string | undefined;
}

/** Reads `organization/project/name`, with `@version` if any; undefined where it is not that. */
export function parseEnvironmentName(text: string): EnvironmentVersion | undefined {
  const [, organization, project, name, version] =
    /^([\w.-]+)\/([\w.-]+)\/([\w.-]+)(?:@([\w.-]+))?$/.exec(text) ?? [];
  if (organization === undefined || project === undefined || name === undefined) return undefined;
  return { organization, project, name, version };
}

/** `organization/project/name`, with `@version` where there is one. */
export function formatEnvironmentName(environment: EnvironmentName & Partial<EnvironmentVersion>): string {
  const { organization, project, name, version } = environment;
  return `${organization}/${project}/${name}${version === undefined ? "" : `@${version}`}`;
}
