import type { EscSubjectAttribute } from "../subjects/esc";

/** Where something was written: a resource of a stack, or a place in a file. */
export interface Place {
  /** For people: `escapement/prod, aws:iam/role:Role "esc-login-role"`, or a file's path. */
  readonly text: string;
  /** Relative to where the lint runs. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** The resource's URN. */
  readonly urn?: string;
}

/** A policy of permissions, unread: what is not a policy says so when a rule looks at it. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: unknown;
}

/** An IAM role, as far as it decides who gets in and what for. */
export interface TrustRole {
  readonly place: Place;
  readonly name: string;
  readonly arn?: string;
  /** The trust policy, unread. */
  readonly trustPolicy: unknown;
  readonly policies: readonly NamedPolicy[];
  readonly managedPolicyArns: readonly string[];
  /** Absent where the source does not say. */
  readonly maxSessionSeconds?: number;
  /** The permissions boundary, where it is known. */
  readonly boundary?: NamedPolicy;
}

/** One of the account's IAM OIDC providers. */
export interface TrustProvider {
  readonly place: Place;
  /** With `https://`. */
  readonly url: string;
  readonly arn?: string;
  readonly audiences: readonly string[];
  readonly thumbprints: readonly string[];
  /** Stays in the account when it leaves the program. */
  readonly retained: boolean;
  /** An update leaves the audiences that others added. */
  readonly keepsAudiences: boolean;
}

/** One `aws-login` of an environment. */
export interface EnvironmentLogin {
  /** As written; a reference that is not a literal ARN is absent. */
  readonly roleArn?: string;
  readonly subjectAttributes: readonly EscSubjectAttribute[];
  /** ESC's own default is two hours. */
  readonly durationSeconds: number;
  readonly line?: number;
}

/** An ESC environment, as far as it says how it logs in. */
export interface TrustEnvironment {
  readonly place: Place;
  readonly organization?: string;
  /** `project/name` */
  readonly name: string;
  readonly logins: readonly EnvironmentLogin[];
  /** Addresses that `fn::open::external` asks. */
  readonly adapterUrls: readonly string[];
  /** What it imports, `project/name` each. */
  readonly imports: readonly string[];
}

/** Who may do what with an environment, where a program declares it. */
export interface EnvironmentPermission {
  readonly place: Place;
  /** `project/name` */
  readonly environment: string;
  /** `team ops` */
  readonly who: string;
  /** `open`, `read`, `write`, `admin` */
  readonly permission: string;
}

/** One rule of an adapter's `config.json`. */
export interface AdapterAccess {
  readonly environment: string;
  readonly rootEnvironment?: string;
  readonly action: string;
  readonly source: string;
  readonly names: readonly string[];
}

/** The adapter, as far as it decides who gets what. */
export interface TrustAdapter {
  readonly place: Place;
  readonly name: string;
  readonly functionArn?: string;
  readonly roleArn?: string;
  /** Where ESC asks it. */
  readonly url?: string;
  /** What lies beside its code, unread. Absent: it has none. */
  readonly config?: unknown;
  /** Its code, where that is at hand as text and no configuration is. */
  readonly code?: string;
}

/** A job of a GitHub Actions workflow that takes a role by its token. */
export interface WorkflowJob {
  readonly place: Place;
  readonly name: string;
  readonly environment?: string;
  /** What the workflow runs on: `push`, `pull_request`, … */
  readonly events: readonly string[];
  /** Branches and tags that `push` is limited to, as the workflow writes them; empty: any. */
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  /** As written; an expression is absent. */
  readonly roleArn?: string;
}

/** A Secrets Manager entry, as far as it decides who may read it. */
export interface TrustEntry {
  readonly place: Place;
  readonly name: string;
  readonly arn?: string;
}

/** Everything that says who can reach what, as data. Lint, map and explanation are functions of it. */
export interface TrustInput {
  /** The Pulumi organization, where it is known. */
  readonly organization?: string;
  readonly roles: readonly TrustRole[];
  readonly providers: readonly TrustProvider[];
  readonly environments: readonly TrustEnvironment[];
  readonly permissions: readonly EnvironmentPermission[];
  readonly adapters: readonly TrustAdapter[];
  readonly entries: readonly TrustEntry[];
  readonly jobs: readonly WorkflowJob[];
}

const NOTHING: TrustInput = {
  roles: [],
  providers: [],
  environments: [],
  permissions: [],
  adapters: [],
  entries: [],
  jobs: [],
};

/** Several sources as one: stacks, files. */
export function joinTrustInputs(inputs: readonly Partial<TrustInput>[]): TrustInput {
  return inputs.reduce<TrustInput>(
    (all, one) => ({
      organization: all.organization ?? one.organization,
      roles: [...all.roles, ...(one.roles ?? [])],
      providers: [...all.providers, ...(one.providers ?? [])],
      environments: [...all.environments, ...(one.environments ?? [])],
      permissions: [...all.permissions, ...(one.permissions ?? [])],
      adapters: [...all.adapters, ...(one.adapters ?? [])],
      entries: [...all.entries, ...(one.entries ?? [])],
      jobs: [...all.jobs, ...(one.jobs ?? [])],
    }),
    NOTHING,
  );
}
