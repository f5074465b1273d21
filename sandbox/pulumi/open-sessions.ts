import { randomUUID } from "node:crypto";
import { EscServiceError } from "./errors";

interface OpenSession {
  /** `organization/project/name`, or `organization` for an anonymous definition. */
  readonly owner: string;
  readonly expires: number;
  /** The opened environment as JSON text: numbers keep the spelling the evaluator gave them. */
  readonly json: string;
}

/**
 * The sessions that opening an environment starts: values to be read until a moment that the opener chose. They
 * hold plain secrets, so they live in memory only, apart from the store.
 */
export class OpenSessions {
  private readonly sessions = new Map<string, OpenSession>();
  private readonly now: () => number;

  constructor(options: { now?: () => number } = {}) {
    this.now = options.now ?? Date.now;
  }

  /** @returns the id that reads the session; sessions that have expired are dropped on the way. */
  start(options: { owner: string; durationMs: number; json: string }): string {
    const now = this.now();
    for (const [id, { expires }] of this.sessions) {
      if (expires <= now) {
        this.sessions.delete(id);
      }
    }
    const id = randomUUID();
    this.sessions.set(id, { owner: options.owner, expires: now + options.durationMs, json: options.json });
    return id;
  }

  /**
   * The JSON text of a session, for the environment it was opened for only.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND} when it never was, belongs to another environment, or has expired
   */
  read(owner: string, id: string): string {
    const session = this.sessions.get(id);
    if (session === undefined || session.owner !== owner || session.expires <= this.now()) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `no open session of ${owner} has this id, or it has expired: open the environment again`,
      );
    }
    return session.json;
  }

  /** Ends every session of an environment. */
  end(owner: string): void {
    for (const [id, session] of this.sessions) {
      if (session.owner === owner) {
        this.sessions.delete(id);
      }
    }
  }
}
