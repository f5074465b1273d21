import { type GithubRepository, type GithubSubjectForm, type TrustRole, trustedSubjects } from "../../trust";

/** A repository, and which forms of subject it may present. */
export interface PresentedRepository {
  readonly repository: GithubRepository;
  readonly forms: readonly GithubSubjectForm[];
}

/**
 * The repository that the roles trust, in each form that they trust.
 *
 * @returns undefined when they trust none or several
 */
export function repositoryOf(roles: readonly TrustRole[]): PresentedRepository | undefined {
  const subjects = roles.flatMap(trustedSubjects);
  const names = new Set(subjects.map(({ repository: { owner, name } }) => `${owner}/${name}`));
  const [first] = subjects;
  if (first === undefined || names.size > 1) return undefined;
  const withIds = subjects.find(({ form }) => form === "immutable");
  return {
    repository: (withIds ?? first).repository,
    forms: (["legacy", "immutable"] as const).filter((wanted) =>
      subjects.some(({ form }) => form === wanted),
    ),
  };
}

/**
 * A repository as GitHub's API spells it (`gh api repos/OWNER/NAME/actions/oidc/customization/sub --jq
 * .sub_claim_prefix`), with or without `repo:` before it: `owner/name`, or with ids, `owner@1/name@2`, when it presents
 * those. Ids that the roles know are taken from them.
 *
 * @returns undefined for what is neither
 */
export function parseRepository(text: string, roles: readonly TrustRole[]): PresentedRepository | undefined {
  const [, owner, ownerId, name, repositoryId] =
    /^(?:repo:)?([A-Za-z0-9_-]+)(?:@(\d+))?\/([\w.-]+?)(?:@(\d+))?$/.exec(text) ?? [];
  if (owner === undefined || name === undefined || (ownerId === undefined) !== (repositoryId === undefined))
    return undefined;
  if (ownerId !== undefined)
    return { repository: { owner, name, ownerId, repositoryId }, forms: ["immutable"] };
  const known = repositoryOf(roles)?.repository;
  const same = known?.owner === owner && known.name === name;
  return { repository: same ? known : { owner, name }, forms: ["legacy"] };
}
