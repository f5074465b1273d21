import { createHash } from "node:crypto";
import { type EscSubjectAttribute, escAudience, type GithubRepository } from "../../trust/index";
import { escLoginClaims, type GithubRun, githubRunClaims } from "../issuers/index";

/** A token as ESC presents it. */
export interface EscTokenOptions {
  /** Where the block is written, as `project/environment`. */
  readonly environment: string;
  /** What has been opened, as `project/environment`. @default `environment` */
  readonly rootEnvironment?: string;
  /** For an adapter its full address, byte for byte. @default `aws:<organization>`, as `aws-login` asks for */
  readonly audience?: string;
  /** The request's body, which the token is then bound to. */
  readonly body?: string | Uint8Array;
  /** Those of the `aws-login` block. @default ["currentEnvironment.name"], which the component `EscLogin` trusts */
  readonly subjectAttributes?: readonly EscSubjectAttribute[];
  /** Who opens the environment. @default "sandbox" */
  readonly user?: string;
  /** Claims that win over all others, to make a token wrong on purpose. `undefined` takes a claim away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** @default 300 */
  readonly expiresInSeconds?: number;
}

/** A token as a job of GitHub Actions presents it. */
export interface GithubTokenOptions extends Omit<GithubRun, "repository"> {
  /** `owner/name`, or with the ids that the immutable subject holds. */
  readonly repository: string | GithubRepository;
  /** Claims that win over all others, to make a token wrong on purpose. `undefined` takes a claim away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** @default 300 */
  readonly expiresInSeconds?: number;
}

/**
 * The claims of ESC's token, for an adapter and for `aws-login` alike.
 * @see https://www.pulumi.com/docs/esc/integrations/dynamic-secrets/external/#jwt-authentication
 */
export function escTokenClaims(organization: string, options: EscTokenOptions): Record<string, unknown> {
  const { environment, rootEnvironment = environment, audience, body, user = "sandbox" } = options;
  const { subjectAttributes = ["currentEnvironment.name"] } = options;
  const opener = { "pulumi.user.login": user };
  return {
    ...escLoginClaims({ organization, environment, rootEnvironment, subjectAttributes, opener }),
    aud: audience ?? escAudience({ organization, environment }),
    org: organization,
    env: rootEnvironment,
    current_env: `${organization}/${environment}`,
    root_env: `${organization}/${rootEnvironment}`,
    trigger_user: user,
    ...(body !== undefined && { body_hash: `sha256-${createHash("sha256").update(body).digest("base64")}` }),
    ...options.claims,
  };
}

export function githubTokenClaims({
  repository,
  claims,
  ...run
}: GithubTokenOptions): Record<string, unknown> {
  return { ...githubRunClaims({ ...run, repository: repositoryOf(repository) }), ...claims };
}

function repositoryOf(repository: string | GithubRepository): GithubRepository {
  if (typeof repository !== "string") return repository;
  const [owner, name, ...rest] = repository.split("/");
  if (!owner || !name || rest.length > 0) throw new TypeError(`"${repository}" must be owner/name`);
  return { owner, name };
}
