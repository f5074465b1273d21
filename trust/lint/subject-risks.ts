import type { RuleId } from "./rules";

export type SubjectRisk = readonly [RuleId, string];

/** What is too wide or never true in one value that a trust policy compares a GitHub subject with. */
export function githubSubjectRisks(value: string, wild: boolean): SubjectRisk[] {
  if (!wild)
    return isUnescaped(value) ? [["T23", `${value}: the colon in the environment's name is %3A`]] : [];
  // That it may be anything is said of the whole condition.
  if (/^[*?]+$/.test(value)) return [];
  const [, repository = "", hasEnd] = /^repo:([^:]*)(:)?/.exec(value) ?? [];
  if (!value.startsWith("repo:")) {
    return /^[*?]/.test(value) ? [["T02", `${value} begins with a wildcard`]] : [];
  }
  if (!/[*?]/.test(repository)) {
    return hasEnd || repository.includes("/") ? [] : [["T02", `${value} does not name the repository`]];
  }
  const [owner = "", name = ""] = repository.split("/");
  const stretched = /^[\w-]+@?\*$/.test(owner) && /^[\w.-]+@?\*$/.test(name);
  return stretched
    ? [["T03", `${value} is meant for both forms of the subject, and matches other owners and repositories`]]
    : [["T02", `${value} matches other repositories`]];
}

/** More after `environment:` than a name, and not what a template adds. */
function isUnescaped(value: string): boolean {
  const name = /^repo:[^:]+:environment:(.+)$/.exec(value)?.[1];
  return (
    name?.includes(":") === true &&
    !/:(?:job_workflow_ref|ref|repository_id|actor|workflow):/.test(`:${name}:`)
  );
}

/** The same for a subject of ESC's `aws-login`. */
export function escSubjectRisks(value: string, wild: boolean): SubjectRisk[] {
  if (value.includes("<yaml>"))
    return [["T08", "env:<yaml> is what every environment presents under pulumi up"]];
  if (wild)
    return [["T08", `${value} matches other environments, those that somebody creates tomorrow included`]];
  const attributes = value.startsWith("pulumi:environments:pulumi.organization.login:")
    ? [...value.matchAll(/:((?:root|current)Environment\.name|pulumi\.(?:user|token)\.\w+):/g)].map(
        ([, name]) => name,
      )
    : undefined;
  if (attributes === undefined || attributes.includes("currentEnvironment.name")) return [];
  if (attributes.includes("rootEnvironment.name")) {
    return [["T09", "only rootEnvironment.name is pinned: whatever that environment imports gets the role"]];
  }
  return attributes.some((name) => name?.startsWith("pulumi.user"))
    ? [["T14", "only pulumi.user.login narrows who gets in"]]
    : [["T08", "pins no environment: every environment of the organization presents it"]];
}
