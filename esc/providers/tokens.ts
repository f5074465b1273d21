import type { CallContext } from "../evaluator/types";

/** For whom an environment is opened. */
export interface Opener {
  readonly organization: string;
  readonly user: { readonly login: string };
  /**
   * Name of what is opened: `<yaml>` for an anonymous definition, which is what a stack's imports are under
   * `pulumi up`.
   * @default the call's root. Right for everything but the imports of an anonymous definition: each of those is a
   * root of its own to the evaluator.
   */
  readonly openedEnvironment?: string;
}

/** What `subjectAttributes` may list. */
export type SubjectAttribute =
  | "rootEnvironment.name"
  | "currentEnvironment.name"
  | "pulumi.user.login"
  | "pulumi.organization.login"
  | "pulumi.token.type"
  | "pulumi.token.team";

/** Whose subject a token carries. */
export interface Identity {
  readonly organization: string;
  /** Where the block is written, as the import spells it: with `@live` when it was imported so. */
  readonly environment: string;
  readonly rootEnvironment: string;
  /** None: ESC's default form, which names the root alone. */
  readonly subjectAttributes: readonly SubjectAttribute[];
  readonly opener: Readonly<
    Partial<Record<"pulumi.user.login" | "pulumi.token.type" | "pulumi.token.team", string>>
  >;
}

export type TokenClaims = Readonly<Record<string, string>>;

/** How ESC's tokens are made. */
export interface TokenOptions extends Opener {
  /** The grammar of ESC's subjects: `escSubject` of `trust/`, of which nothing in here may know. */
  readonly subject: (identity: Identity) => string;
  /** Signs these claims with RS256 and adds `iat`, `nbf`, `exp` and `jti`, and `iss` where it is not given. */
  readonly mintToken: (claims: TokenClaims) => Promise<string>;
}

/**
 * Who asks, for the subject of a token. With `subjectAttributes` the root is the evaluator's: "When importing
 * multiple environments into Pulumi IaC stack config, each environment is resolved separately". The default
 * subject names what was opened instead, and is `…:env:<yaml>` then (pulumi/pulumi#14509).
 * @see https://www.pulumi.com/docs/esc/guides/configuring-oidc/
 */
export function identityOf(
  opener: Opener,
  call: CallContext,
  subjectAttributes: readonly SubjectAttribute[] = [],
): Identity {
  const { token } = (call.context.pulumi ?? {}) as { token?: { type?: string; team?: string } };
  return {
    organization: opener.organization,
    environment: call.currentEnvironment,
    rootEnvironment: subjectAttributes.length === 0 ? openedBy(opener, call) : call.rootEnvironment,
    subjectAttributes,
    opener: {
      "pulumi.user.login": opener.user.login,
      "pulumi.token.type": token?.type,
      "pulumi.token.team": token?.team,
    },
  };
}

/**
 * The claims that every token of ESC carries besides `sub` and the registered ones. Environments are fully
 * qualified (`organization/project/name`, without the project where it is the legacy `default`), but for `env`,
 * the older form.
 * @see https://www.pulumi.com/docs/esc/integrations/dynamic-secrets/external/#jwt-authentication
 */
export function identityClaims(opener: Opener, call: CallContext): TokenClaims {
  const { organization, user } = opener;
  const qualified = (name: string) =>
    name === ANONYMOUS ? name : `${organization}/${withoutLegacyProject(name)}`;
  return {
    org: organization,
    env: withoutLegacyProject(openedBy(opener, call)),
    current_env: qualified(call.currentEnvironment),
    root_env: qualified(call.rootEnvironment),
    trigger_user: user.login,
  };
}

const ANONYMOUS = "<yaml>";

function openedBy({ openedEnvironment }: Opener, call: CallContext): string {
  return openedEnvironment ?? call.rootEnvironment;
}

function withoutLegacyProject(name: string): string {
  return name.replace(/^default\//, "");
}
