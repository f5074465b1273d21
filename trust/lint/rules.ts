/** How grave a finding is. */
export type Severity = "error" | "warning" | "info";

/** One thing that the lint looks for. */
export interface Rule {
  readonly severity: Severity;
  /** What it finds, in a few words. */
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

/** Every rule by its id, which never changes its meaning. docs/trust-lint.md tells them with examples. */
export const RULES = {
  T01: {
    severity: "error",
    title: "a shared issuer without the claim that says whose token it is",
    why: "Everyone's tokens come from the same issuer. IAM refuses such a policy today, but roles from before keep it.",
    fix: "Compare the issuer's tenancy claim with StringEquals: sub for GitHub, GitLab, Terraform and Pulumi's v2; aud for Pulumi.",
  },
  T02: {
    severity: "error",
    title: "a GitHub subject with a wildcard before the repository is complete",
    why: "It lets other repositories in, those that somebody creates tomorrow included.",
    fix: "Write owner and repository in full: repo:OWNER/NAME:environment:ENV.",
  },
  T03: {
    severity: "error",
    title: "one pattern for both forms of GitHub's subject",
    why: "repo:org*/name* also matches org-evil/name-x, and repo:org@*/name@* whoever gets the name next.",
    fix: 'List two exact subjects, with and without ids: githubSubjects({ forms: ["legacy", "immutable"] }).',
  },
  T04: {
    severity: "error",
    title: "an audience that is missing, a pattern, or not the one",
    why: "The audience says for whom a token was made. contoso* also admits contoso-malicious.",
    fix: "StringEquals: sts.amazonaws.com for GitHub; aws:ORG for ESC (ORG alone only in the legacy project default).",
  },
  T05: {
    severity: "error",
    title: "ForAllValues: or …IfExists in an Allow",
    why: "Both are true when the claim is absent or its key is misspelt.",
    fix: "Use the plain operator: claims of a login have one value and are there.",
  },
  T06: {
    severity: "error",
    title: "a condition key of another issuer than the provider's",
    why: "Keys begin with the provider's URL without https://, slug or /v2 included; any other key is absent, so the condition never matches.",
    fix: "Write the key with exactly the provider's URL, without its scheme, in front.",
  },
  T07: {
    severity: "error",
    title: "a claim for which AWS has no condition key",
    why: "The token has the claim, but STS offers no key for it: the condition never matches.",
    fix: "Use a claim of AWS's list (GITHUB_CLAIM_KEYS), or put the claim into GitHub's subject template.",
  },
  T08: {
    severity: "error",
    title: "an ESC subject that every environment of the organization presents",
    why: "Under pulumi up ESC's default subject is env:<yaml> whatever is opened; env:* admits everyone who may create an environment.",
    fix: "Give the login subjectAttributes: [currentEnvironment.name] and trust exactly that subject: escSubjects().",
  },
  T09: {
    severity: "error",
    title: "a login whose subject is not the one that the role trusts, or only rootEnvironment.name",
    why: "ESC writes the attributes in the order of subjectAttributes. rootEnvironment.name alone follows the consumer, not the owner of the login.",
    fix: "Build both sides from one escSubject() call, with currentEnvironment.name among the attributes.",
  },
  T10: {
    severity: "warning",
    title: "ESC's legacy project default",
    why: "Its subjects do not name the project and its audience is the bare organization, so names of others can collide.",
    fix: "Move the environment into a project; the audience is then aws:ORG.",
  },
  T11: {
    severity: "error",
    title: "a workflow job that presents another subject than the role trusts",
    why: "environment: wins over pull_request, that over branch and tag. Adding environment: to a job changes its subject.",
    fix: "Trust the context that the job has, or give the job the environment that the role trusts.",
  },
  T12: {
    severity: "warning",
    title: "a GitHub subject by names only",
    why: "Repositories created, renamed or moved since 15 July 2026 present ids and are refused; for the others, whoever gets the name gets the role.",
    fix: "Add the subject with ids (githubSubjects), or a condition on repository_id.",
  },
  T13: {
    severity: "warning",
    title: "pull requests or any ref, on a role that can write",
    why: "Whoever can open a pull request or push a branch then changes what the role changes.",
    fix: "Give pull requests a role that only reads, and write rights to an environment with reviewers.",
  },
  T14: {
    severity: "warning",
    title: "a person as the only thing that narrows",
    why: "pulumi.user.login and actor say who started it, not which workload runs; machine tokens break it.",
    fix: "Pin currentEnvironment.name, or the repository and its environment, as well.",
  },
  T15: {
    severity: "warning",
    title: "workflow, which is a display name, as a boundary",
    why: "Any file of any branch can give itself that name.",
    fix: "Compare job_workflow_ref, with its @ref.",
  },
  T16: {
    severity: "error",
    title: "the wrong action for a token, or everyone as principal",
    why: "A token is presented with sts:AssumeRoleWithWebIdentity; sts:AssumeRole never matches it. A principal * is anyone in AWS.",
    fix: "Principal.Federated with the provider's ARN, and Action sts:AssumeRoleWithWebIdentity.",
  },
  T17: {
    severity: "warning",
    title: "several values of which the weakest decides",
    why: "One value is enough, so a pattern beside exact values makes those pointless.",
    fix: "Take the pattern out, or give it a statement of its own where it can be seen.",
  },
  T18: {
    severity: "warning",
    title: "a login that asks for a longer session than the role gives",
    why: "ESC asks for two hours unless told otherwise, and a role gives one unless told otherwise: STS refuses all of it.",
    fix: "Set duration of aws-login to at most the role's maxSessionDuration, or raise that.",
  },
  T19: {
    severity: "info",
    title: "a pinned thumbprint for GitHub or Pulumi",
    why: "AWS checks these issuers against its own list of authorities and ignores thumbprints.",
    fix: "Leave thumbprintLists out.",
  },
  T20: {
    severity: "warning",
    title: "an administrator by token, or a role that may change the code that it calls",
    why: "Whoever gets such a token gets the account, or whatever the function may do.",
    fix: "Grant the actions and resources that the job needs; keep calling and deploying in two roles.",
  },
  T21: {
    severity: "warning",
    title: "an account's OIDC provider that one stack can take from all",
    why: "There is one for each issuer and account: a destroy locks everybody out, and a list of audiences replaces what others added.",
    fix: 'retainOnDelete, and ignoreChanges: ["clientIdLists"]; other stacks look it up.',
  },
  T22: {
    severity: "error",
    title: "an adapter that does not pin its organization or its audience",
    why: "ESC signs requests of every organization for any address. Without these checks any customer of Pulumi's reads what the adapter reads; Host is the caller's to choose.",
    fix: "Configure organization and audience: AdapterLambda does, and the handler refuses to start without.",
  },
  T23: {
    severity: "info",
    title: "a colon in a GitHub environment's name that is not written %3A",
    why: "GitHub escapes it in the subject, and StringEquals is exact, case included.",
    fix: "Write %3A, as githubSubject() does.",
  },
  T24: {
    severity: "warning",
    title: "a production environment that every member can open",
    why: "Unless told otherwise, a Pulumi organization lets every member open and edit every environment.",
    fix: "Declare who may (TeamEnvironmentPermission) and set the organization's default permission for environments to none.",
  },
  T25: {
    severity: "warning",
    title: "who may replace the adapter's code reads what the adapter reads",
    why: "The code decides whom it answers; whoever can put other code there has the function's role.",
    fix: "Keep lambda:UpdateFunctionCode to the role that deploys, behind an environment with reviewers, or require signed code.",
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** The id of a rule. */
export type RuleId = keyof typeof RULES;
