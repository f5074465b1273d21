import type { ArgumentIssue } from "./args";

/** What every component's physical names are made of: `<namePrefix><project>-<stage>-…`. */
export interface NameParts {
  /** Put in front of every physical name, for accounts that several teams share: `acme-`. */
  readonly namePrefix?: string;
  readonly project: string;
  readonly stage: string;
}

const WORD = /^[A-Za-z][A-Za-z0-9-]*$/;

/** Project and stage appear in role names, secret names and subjects: only what all of them take. */
export function checkNameParts({ namePrefix, project, stage }: NameParts): ArgumentIssue[] {
  return Object.entries({ project, stage, ...(namePrefix ? { namePrefix } : {}) })
    .filter(([, value]) => !WORD.test(value))
    .map(([path, value]) => ({
      path,
      reason: `"${value}" must start with a letter and hold only letters, digits and "-"`,
    }));
}

/** `acme-escapement-staging-<suffix>`, for resources whose names are flat. */
export function flatName({ namePrefix = "", project, stage }: NameParts, suffix: string): string {
  return `${namePrefix}${project}-${stage}-${suffix}`;
}

/** AWS refuses longer names only when it creates the resource, after others exist. */
export function checkPhysicalName(what: string, name: string, limit: number): ArgumentIssue[] {
  if (name.length <= limit) return [];
  return [
    {
      path: "namePrefix, project and stage",
      reason: `make the ${what}'s name "${name}", which has ${name.length} characters of at most ${limit}`,
    },
  ];
}
