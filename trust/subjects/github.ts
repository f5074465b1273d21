import { TrustError } from "../errors";

/** A repository by name, and by the ids that survive a rename and that no later owner of the name gets. */
export interface GithubRepository {
  readonly owner: string;
  readonly name: string;
  /** Decimal. Needed for the immutable form. */
  readonly ownerId?: string;
  /** Decimal. Needed for the immutable form. */
  readonly repositoryId?: string;
}

/**
 * `immutable` (`repo:OWNER@ID/REPO@ID:…`) is what repositories created, renamed or transferred after 15 July 2026
 * present, and older ones that opted in; the others present `legacy` (`repo:OWNER/REPO:…`).
 */
export type GithubSubjectForm = "legacy" | "immutable";

/** What a job runs for. GitHub takes the first that applies: environment, pull request, branch or tag. */
export type GithubContext =
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "pull_request" }
  | { readonly kind: "branch"; readonly name: string }
  | { readonly kind: "tag"; readonly name: string };

export interface GithubSubjectArgs {
  readonly repository: GithubRepository;
  readonly form: GithubSubjectForm;
  readonly context: GithubContext;
  /**
   * The repository's or organisation's `include_claim_keys`, in its order; `repo` and `context` are GitHub's
   * names for the two halves of the usual subject.
   * @default ["repo", "context"]
   */
  readonly template?: readonly string[];
  /** Values of the other claims that the template names, such as `job_workflow_ref`. */
  readonly claims?: Readonly<Record<string, string>>;
}

/**
 * The exact subject that GitHub puts into a job's token. A `:` inside a value is written `%3A`.
 *
 * @see https://docs.github.com/en/actions/reference/security/oidc
 * @throws TrustError `ERR_TRUST_SUBJECT`
 */
export function githubSubject(args: GithubSubjectArgs): string {
  const { template = ["repo", "context"], claims = {} } = args;
  return template
    .map((key) => {
      if (key === "repo") return `repo:${repositoryText(args.repository, args.form)}`;
      if (key === "context") return contextText(args.context);
      if (!Object.hasOwn(claims, key))
        throw invalid(key, "the template names this claim, but it has no value");
      return `${key}:${escapeValue(key, claims[key] ?? "")}`;
    })
    .join(":");
}

export interface GithubSubjectsArgs extends Omit<GithubSubjectArgs, "form"> {
  /** Both while a repository moves from one form to the other; each is exact, so neither opens the other's gap. */
  readonly forms: readonly GithubSubjectForm[];
}

/**
 * The exact subjects of one job context, one for each form.
 *
 * @throws TrustError `ERR_TRUST_SUBJECT`
 */
export function githubSubjects({ forms, ...args }: GithubSubjectsArgs): string[] {
  return forms.map((form) => githubSubject({ ...args, form }));
}

function repositoryText(
  { owner, name, ownerId, repositoryId }: GithubRepository,
  form: GithubSubjectForm,
): string {
  if (!/^[A-Za-z0-9_-]+$/.test(owner)) throw invalid("owner", "expected letters, digits, - and _");
  if (!/^[\w.-]+$/.test(name)) throw invalid("repository name", "expected letters, digits, -, _ and .");
  if (form === "legacy") return `${owner}/${name}`;
  for (const [what, id] of Object.entries({ ownerId, repositoryId })) {
    if (id === undefined || !/^[1-9]\d*$/.test(id)) {
      throw invalid(what, "the immutable form needs the id: gh api repos/OWNER/REPO --jq '.owner.id, .id'");
    }
  }
  return `${owner}@${ownerId}/${name}@${repositoryId}`;
}

function contextText(context: GithubContext): string {
  switch (context.kind) {
    case "environment":
      return `environment:${escapeValue("environment", context.name)}`;
    case "pull_request":
      return "pull_request";
    case "branch":
      return `ref:refs/heads/${escapeValue("branch", context.name)}`;
    case "tag":
      return `ref:refs/tags/${escapeValue("tag", context.name)}`;
  }
}

function escapeValue(what: string, value: string): string {
  if (value === "" || /\p{Cc}/u.test(value))
    throw invalid(what, "expected a value without control characters");
  return value.replaceAll(":", "%3A");
}

function invalid(what: string, message: string): TrustError {
  return new TrustError("ERR_TRUST_SUBJECT", `GitHub subject, ${what}`, message);
}
