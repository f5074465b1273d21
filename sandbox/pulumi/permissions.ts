import type { EnvironmentId } from "./names";
import { formatEnvironmentId } from "./names";

/** From nothing to everything; each includes those before it. */
const LEVELS = ["none", "read", "open", "write", "admin"] as const;

/**
 * What a token may do with one environment: `read` its definition, `open` it, `write` it (and rotate, and move its
 * tags), `admin` also deletes.
 * @see https://www.pulumi.com/docs/esc/administration/access-control/
 */
export type EnvironmentPermission = (typeof LEVELS)[number];

export function isEnvironmentPermission(text: unknown): text is EnvironmentPermission {
  return LEVELS.some((level) => level === text);
}

export function includes(given: EnvironmentPermission, wanted: EnvironmentPermission): boolean {
  return LEVELS.indexOf(given) >= LEVELS.indexOf(wanted);
}

/** What one request of the REST API needs on the environment that its path names. */
export function neededPermission(method: string, pattern: string): EnvironmentPermission {
  // A clone is its maker's own, secrets included.
  if (/\/(?:open|decrypt|clone)\b/.test(pattern)) return "open";
  if (method === "GET" || method === "HEAD") return "read";
  // "Only environment admins can modify deletion protection settings."
  // https://www.pulumi.com/docs/esc/administration/deletion-protection
  if (pattern.endsWith("/settings")) return "admin";
  return method === "DELETE" && pattern.endsWith("/:name") ? "admin" : "write";
}

/** Whom something is granted to: `team:<name>` or `user:<login>`. */
export type Principal = `team:${string}` | `user:${string}`;

/** By environment, then by principal. */
export type GrantsContent = ReadonlyMap<string, ReadonlyMap<string, EnvironmentPermission>>;

/** Who was granted what on which environment, apart from what every member of the organization may. */
export class Grants {
  readonly #grants: Map<string, Map<string, EnvironmentPermission>>;

  constructor(content: GrantsContent = new Map()) {
    this.#grants = new Map([...content].map(([environment, grants]) => [environment, new Map(grants)]));
  }

  of(id: EnvironmentId, principal: Principal): EnvironmentPermission {
    return this.#grants.get(formatEnvironmentId(id))?.get(principal) ?? "none";
  }

  /** Replaces what the principal had. */
  set(id: EnvironmentId, principal: Principal, permission: EnvironmentPermission): void {
    const key = formatEnvironmentId(id);
    const grants = this.#grants.get(key) ?? new Map<string, EnvironmentPermission>();
    if (permission === "none") grants.delete(principal);
    else grants.set(principal, permission);
    if (grants.size === 0) this.#grants.delete(key);
    else this.#grants.set(key, grants);
  }

  content(): GrantsContent {
    return this.#grants;
  }
}
