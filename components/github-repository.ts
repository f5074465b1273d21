import { type GithubContext, githubSubjects } from "../trust/index";
import type { ArgumentIssue } from "./args";

/** Which repository, by its name and by what survives its name. */
export interface GithubRepositoryArgs {
  /** The GitHub repository, as `owner/name`. */
  repository: string;
  /**
   * The ids of the repository and its owner, in decimal: `gh api repos/OWNER/NAME --jq '.id, .owner.id'`. Given,
   * the immutable subject is trusted too (which repositories created, renamed or transferred since 15 July 2026
   * present), and only this repository, whoever gets its name later.
   */
  repositoryId?: string;
  /** Together with `repositoryId`. */
  repositoryOwnerId?: string;
  /** Trusts the immutable subject only: for a repository that has moved to it. Needs the ids. @default false */
  immutableOnly?: boolean;
}

/** The exact subjects of one job context: two while the repository moves from one form to the other. */
export function subjectsOf(args: GithubRepositoryArgs, context: GithubContext): string[] {
  const [owner = "", name = ""] = args.repository.split("/");
  const { repositoryId, repositoryOwnerId: ownerId } = args;
  return githubSubjects({
    repository: { owner, name, ownerId, repositoryId },
    forms: [
      ...(args.immutableOnly ? [] : (["legacy"] as const)),
      ...(repositoryId === undefined ? [] : (["immutable"] as const)),
    ],
    context,
  });
}

export function checkRepository(args: GithubRepositoryArgs): ArgumentIssue[] {
  const { repository, repositoryId, repositoryOwnerId, immutableOnly } = args;
  const issues: ArgumentIssue[] = [];
  if (!/^[A-Za-z0-9_-]+\/[\w.-]+$/.test(repository)) {
    issues.push({ path: "repository", reason: `"${repository}" must be owner/name` });
  }
  for (const [path, id] of Object.entries({ repositoryId, repositoryOwnerId })) {
    if (id !== undefined && !/^[1-9]\d*$/.test(id)) {
      issues.push({ path, reason: `"${id}" must be a decimal id, as GitHub's API gives it` });
    }
  }
  if ((repositoryId === undefined) !== (repositoryOwnerId === undefined)) {
    issues.push({ path: "repositoryId", reason: "is of use only together with repositoryOwnerId" });
  }
  if (immutableOnly && repositoryId === undefined) {
    issues.push({ path: "immutableOnly", reason: "needs repositoryId and repositoryOwnerId" });
  }
  return issues;
}
