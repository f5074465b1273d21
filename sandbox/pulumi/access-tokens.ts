import { createHash, randomBytes } from "node:crypto";
import type { EnvironmentId } from "./names";
import { type EnvironmentPermission, type Grants, includes, type Principal } from "./permissions";

/** For whom a token is made. Its kinds are those of Pulumi's token exchange. */
export interface TokenOwner {
  readonly organization: string;
  /**
   * `personal` acts as its user, `team` as its team; `organization` belongs to the organization. All of them may also
   * do what every member may.
   */
  readonly type: "personal" | "team" | "organization";
  /** Login of the user of a personal token. @default "sandbox" */
  readonly user?: string;
  /** Of a team token. */
  readonly team?: string;
  /** An administrator of the organization may do everything. @default false */
  readonly administrator?: boolean;
  /** How long it is valid. @default as long as the service lives */
  readonly expiresInSeconds?: number;
}

/** Whoever asks the service for something. */
export interface Caller {
  readonly user: { readonly login: string; readonly name: string };
  readonly token: { readonly name: string; readonly type: string; readonly team: string };
  permissionOn(id: EnvironmentId): EnvironmentPermission;
  /** May make environments in the organization, and is the administrator of those. */
  readonly creator: Principal | undefined;
}

interface AccessTokensOptions {
  readonly grants: Grants;
  /** What every member of the organization may do with every environment. */
  readonly memberPermission: EnvironmentPermission;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The access tokens that the service has given out. It keeps digests: a token is shown once. */
export class AccessTokens {
  readonly #callers = new Map<string, { readonly caller: Caller; readonly expires: number }>();
  readonly #options: AccessTokensOptions;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  /** @returns the token */
  issue(owner: TokenOwner): string {
    const token = `pul-${randomBytes(20).toString("hex")}`;
    const { expiresInSeconds = Number.POSITIVE_INFINITY } = owner;
    const expires = this.#options.now() + expiresInSeconds * 1000;
    this.#callers.set(digest(token), { caller: this.#callerFor(owner), expires });
    return token;
  }

  /** Whose token it is; undefined when it is nobody's, or has expired. */
  find(token: string): Caller | undefined {
    const found = this.#callers.get(digest(token));
    return found !== undefined && found.expires > this.#options.now() ? found.caller : undefined;
  }

  #callerFor({ organization, type, user = "sandbox", team = "", administrator = false }: TokenOwner): Caller {
    const { grants, memberPermission } = this.#options;
    // A token that no person stands behind shows as what it belongs to.
    const login = type === "personal" ? user : type === "team" ? team : organization;
    const principal: Principal = type === "team" ? `team:${team}` : `user:${login}`;
    return {
      user: { login, name: login },
      token: { name: "sandbox", type, team },
      creator: administrator || includes(memberPermission, "write") ? principal : undefined,
      permissionOn(id) {
        if (id.organization !== organization) return "none";
        if (administrator) return "admin";
        const granted = grants.of(id, principal);
        return includes(granted, memberPermission) ? granted : memberPermission;
      },
    };
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
