/** A GitHub Actions workflow, as far as it decides who its jobs are. Plain data: somebody else reads the YAML. */
export interface Workflow {
  /** The file, as it is to be shown. */
  readonly file: string;
  /** Path in the repository: `.github/workflows/deploy.yml`. */
  readonly path: string;
  readonly triggers: readonly Trigger[];
  /** Inputs that have fixed choices (of `workflow_dispatch`), or a default. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** The workflow's `env`, where it is plain text. */
  readonly env: Readonly<Record<string, string>>;
  /** What `permissions` of the workflow say of `id-token`; undefined when they say nothing. */
  readonly idToken: boolean | undefined;
  readonly jobs: readonly Job[];
}

/** What starts a workflow. `workflow_call` is none: that is another workflow's doing. */
export interface Trigger {
  readonly event: string;
  /** Filters as written. */
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly line: number;
}

/** Text of a workflow, with its line. It may hold expressions. */
export interface Located {
  readonly text: string;
  readonly line: number;
}

/** A job as it is written: it may run as several, by its matrix and by who calls it. */
export interface Job {
  readonly id: string;
  readonly line: number;
  /** `if:` */
  readonly condition: string | undefined;
  readonly environment: Located | undefined;
  /** `strategy.matrix`, where it lists plain values. */
  readonly matrix: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
  readonly idToken: boolean | undefined;
  readonly logins: readonly Login[];
  /** The reusable workflow that the job calls: `./.github/workflows/x.yml`, or `OWNER/REPO/.github/…@REF`. */
  readonly calls: (Located & { readonly inputs: Readonly<Record<string, string>> }) | undefined;
  readonly steps: readonly Step[];
}

/** A step, for whoever goes through a job: what it runs, or the action that it uses. */
export interface Step {
  readonly name: string | undefined;
  readonly line: number;
  readonly uses: string | undefined;
  readonly run: string | undefined;
}

/** A step that proves who the job is. */
export type Login = AwsLogin | PulumiLogin;

/** `aws-actions/configure-aws-credentials` with a role. */
export interface AwsLogin {
  readonly kind: "aws";
  readonly line: number;
  readonly role: Located;
  readonly audience: string | undefined;
}

/** `pulumi/auth-actions` */
export interface PulumiLogin {
  readonly kind: "pulumi";
  readonly line: number;
  readonly organization: string;
  /** `urn:pulumi:token-type:access_token:team` */
  readonly tokenType: string;
  /** `team:NAME`, `user:LOGIN`, `admin` or nothing. */
  readonly scope: string;
}
