/** One environment of a repository. Plain data. */
export interface GithubEnvironment {
  /** Reviewers, waiting, branches: as GitHub's provider takes them. */
  readonly rules: Readonly<Record<string, unknown>>;
  /** Patterns of the branches and tags whose jobs may run in it, by the id of the policy. */
  readonly policies: ReadonlyMap<number, string>;
  readonly variables: ReadonlyMap<string, string>;
}

/** One repository, as far as the provider's resources change it. */
export interface GithubRepositoryContent {
  readonly environments: ReadonlyMap<string, GithubEnvironment>;
  readonly variables: ReadonlyMap<string, string>;
}

/** By `owner/name`. */
export type GithubContent = ReadonlyMap<string, GithubRepositoryContent>;

interface Environment extends GithubEnvironment {
  rules: Readonly<Record<string, unknown>>;
  readonly policies: Map<number, string>;
  readonly variables: Map<string, string>;
}

interface Repository extends GithubRepositoryContent {
  readonly environments: Map<string, Environment>;
  readonly variables: Map<string, string>;
}

/** What GitHub refuses. */
export class GithubError extends Error {
  override readonly name = "GithubError";
}

/**
 * GitHub's repositories on the laptop: environments and variables, and nothing else of them. Every repository that is
 * asked for is there.
 */
export class GithubRepositories {
  readonly #repositories: Map<string, Repository>;
  #nextPolicy = 1;

  constructor(content: GithubContent = new Map()) {
    this.#repositories = new Map(
      [...content].map(([name, { environments, variables }]) => [
        name,
        {
          variables: new Map(variables),
          environments: new Map(
            [...environments].map(([environment, { rules, policies, variables }]) => {
              for (const id of policies.keys()) this.#nextPolicy = Math.max(this.#nextPolicy, id + 1);
              return [environment, { rules, policies: new Map(policies), variables: new Map(variables) }];
            }),
          ),
        },
      ]),
    );
  }

  content(): GithubContent {
    return this.#repositories;
  }

  /** `owner/name` */
  repository(fullName: string): Repository {
    const known = this.#repositories.get(fullName);
    if (known !== undefined) return known;
    const made: Repository = { environments: new Map(), variables: new Map() };
    this.#repositories.set(fullName, made);
    return made;
  }

  /** @throws GithubError when there is none */
  environment(fullName: string, name: string): Environment {
    const found = this.repository(fullName).environments.get(name);
    if (found === undefined) throw new GithubError(`${fullName} has no environment ${name} (404 Not Found)`);
    return found;
  }

  /** Creates an environment, or replaces its rules: GitHub's API has one call for both. */
  putEnvironment(fullName: string, name: string, rules: Readonly<Record<string, unknown>>): void {
    const { environments } = this.repository(fullName);
    const known = environments.get(name);
    if (known === undefined) environments.set(name, { rules, policies: new Map(), variables: new Map() });
    else known.rules = rules;
  }

  addPolicy(fullName: string, environment: string, pattern: string): number {
    const id = this.#nextPolicy++;
    this.environment(fullName, environment).policies.set(id, pattern);
    return id;
  }
}
