import type { Credential } from "./credential";

/** The other is always free for the next rotation. */
export type Slot = "a" | "b";

/** What is said about a credential besides itself. All of it is text: ESC writes numbers back as text anyway. */
export interface IssuedCredential {
  readonly slot: Slot;
  /** Names this credential and no other. Absent on one that was adopted. */
  readonly version?: string;
  /** When it was made, ISO 8601. Absent on one that was adopted. */
  readonly rotatedAt?: string;
  readonly credential: Credential;
}

/** One rotation: what it was called with, and what it leads to. */
export interface RotationStep {
  /** The caller's state, as it came. */
  readonly start: Credential | null;
  readonly current: IssuedCredential;
  /** Stays valid until the next rotation succeeds. Absent where nothing came before. */
  readonly previous?: IssuedCredential;
}

/** All that is remembered of one target. **Holds plain credentials.** */
export interface JournalDocument {
  /** `organization/project/environment`: the one environment that rotates this target. */
  readonly owner: string;
  /** The last rotation that was finished. */
  readonly head?: RotationStep;
  /** One that was begun: written before the target is touched. */
  readonly pending?: RotationStep;
}

/** The right to rotate one target, for a while, and what was remembered when it was granted. */
export interface Lease {
  readonly document: JournalDocument | undefined;
  /**
   * Replaces what is remembered, whole.
   *
   * @throws {AdapterError} rotation_busy when the lease has passed to somebody else or what is remembered has changed
   */
  save(document: JournalDocument): Promise<void>;
  /** Lets others in before the time is over. */
  release(): Promise<void>;
}

/** Where rotations are remembered: one document for each target, durable and encrypted, behind a lease. */
export interface Journal {
  /** Undefined while somebody else has the lease. */
  acquire(
    target: string,
    lease: { readonly holder: string; readonly milliseconds: number },
  ): Promise<Lease | undefined>;
}
