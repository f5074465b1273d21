import { TrustError } from "../errors";

/** What `subjectAttributes` of a login provider may list: ESC's closed list, for no caller can choose these values. */
export const ESC_SUBJECT_ATTRIBUTES = [
  "rootEnvironment.name",
  "currentEnvironment.name",
  "pulumi.user.login",
  "pulumi.organization.login",
  "pulumi.token.type",
  "pulumi.token.team",
] as const;

/** One of what `subjectAttributes` may list. */
export type EscSubjectAttribute = (typeof ESC_SUBJECT_ATTRIBUTES)[number];

/** Values of the attributes that say who opens. */
export type EscOpener = Readonly<
  Partial<Record<"pulumi.user.login" | "pulumi.token.type" | "pulumi.token.team", string>>
>;

export interface EscSubjectArgs {
  readonly organization: string;
  /**
   * Where the login block is written, as `project/name`, with `@tag` or `@revision` when it was opened or imported
   * so. `default/name` and a bare `name` are the legacy project, which ESC leaves out of subjects.
   */
  readonly environment: string;
  /**
   * What was opened. `<yaml>`, literally, for the environments of a stack under `pulumi up`.
   * @default `environment`
   */
  readonly rootEnvironment?: string;
  /** The login block's own `subjectAttributes`. None: the default form, which names only what was opened. */
  readonly subjectAttributes?: readonly EscSubjectAttribute[];
  readonly opener?: EscOpener;
}

/**
 * The exact subject that `aws-login` presents (issuer v1).
 *
 * @see https://www.pulumi.com/docs/esc/guides/configuring-oidc/
 * @throws TrustError `ERR_TRUST_SUBJECT`
 */
export function escSubject(args: EscSubjectArgs): string {
  const organization = name("organization", args.organization);
  const current = environmentText(args.environment);
  const root = environmentText(args.rootEnvironment ?? args.environment);
  const attributes = args.subjectAttributes ?? [];
  if (attributes.length === 0) return `pulumi:environments:org:${organization}:env:${root}`;

  const values: Readonly<Record<string, string | undefined>> = {
    "rootEnvironment.name": root,
    "currentEnvironment.name": current,
    "pulumi.organization.login": organization,
    ...args.opener,
  };
  const pairs = attributes.map((attribute) => `:${attribute}:${name(attribute, values[attribute] ?? "")}`);
  return `pulumi:environments:pulumi.organization.login:${organization}${pairs.join("")}`;
}

export interface EscSubjectsArgs extends Omit<EscSubjectArgs, "environment" | "rootEnvironment"> {
  /** `project/name`, without a tag. */
  readonly environment: string;
  /** Revision tags under which it is also opened or imported, such as `live`: ESC puts the tag into the name. */
  readonly tags?: readonly string[];
}

/**
 * The exact subjects of one environment: without a tag, then with each tag. Nothing else matches them, so a
 * revision that only some other tag names cannot use the role.
 *
 * @throws TrustError `ERR_TRUST_SUBJECT`
 */
export function escSubjects({ environment, tags = [], ...args }: EscSubjectsArgs): string[] {
  return [environment, ...tags.map((tag) => `${environment}@${tag}`)].map((tagged) =>
    escSubject({ ...args, environment: tagged }),
  );
}

/**
 * The audience of `aws-login`'s tokens: `aws:<organisation>`, for the legacy `default` project the bare
 * organisation.
 *
 * @throws TrustError `ERR_TRUST_SUBJECT`
 */
export function escAudience(args: { readonly organization: string; readonly environment: string }): string {
  const organization = name("organization", args.organization);
  const environment = environmentText(args.environment);
  const isLegacy = !environment.includes("/") && environment !== ANONYMOUS;
  return isLegacy ? organization : `aws:${organization}`;
}

const ANONYMOUS = "<yaml>";

/** The environment's name as subjects spell it: the legacy project is left out. */
function environmentText(environment: string): string {
  if (environment === ANONYMOUS) return environment;
  if (!/^(?:[\w.-]+\/)?[\w.-]+(?:@[\w.-]+)?$/.test(environment)) {
    throw invalid("environment", "expected project/name, with @tag or @revision if any");
  }
  return environment.replace(/^default\//, "");
}

/** A `:` in a value would let one attribute pass for two. */
function name(what: string, value: string): string {
  if (value === "" || /[\p{Cc}:]/u.test(value))
    throw invalid(what, "expected a value without : or control characters");
  return value;
}

function invalid(what: string, message: string): TrustError {
  return new TrustError("ERR_TRUST_SUBJECT", `ESC subject, ${what}`, message);
}
