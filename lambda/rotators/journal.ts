import type { Credential } from "./credential";
import type { Receipt } from "./receipt";

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
  /** Everything was given up by hand: the next rotation begins with nothing, whatever state it is called with. */
  readonly restart?: true;
}

/** The right to rotate one target, for a while, and what was remembered when it was granted. */
export interface Lease {
  readonly document: JournalDocument | undefined;
  /** The last attempts, oldest first. Nothing in them is secret. */
  readonly receipts: readonly Receipt[];
  /**
   * Replaces what is remembered, whole, and in the same moment the receipts, if they are given.
   *
   * @throws {AdapterError} rotation_busy when the lease has passed to somebody else or what is remembered has changed
   */
  save(document: JournalDocument, receipts?: readonly Receipt[]): Promise<void>;
  /** Replaces the receipts alone. @throws {AdapterError} as `save` */
  record(receipts: readonly Receipt[]): Promise<void>;
  /** Lets others in before the time is over. */
  release(): Promise<void>;
}

/** What is remembered of a target, for who only looks. */
export interface JournalEntry {
  readonly receipts: readonly Receipt[];
  /** Until when somebody has the lease, milliseconds since 1970. Absent: nobody has. */
  readonly leasedUntil?: number;
  /** Reads the document. @throws {AdapterError} journal_unavailable */
  document(): Promise<JournalDocument | undefined>;
}

/** Where rotations are remembered: one document for each target, durable and encrypted, behind a lease. */
export interface Journal {
  /** Undefined while somebody else has the lease. */
  acquire(
    target: string,
    lease: { readonly holder: string; readonly milliseconds: number },
  ): Promise<Lease | undefined>;
  /** Looks without a lease. */
  read(target: string): Promise<JournalEntry>;
  /**
   * Gives up a document that cannot be read; the receipts stay.
   *
   * @throws {AdapterError} rotation_busy while somebody has the lease
   */
  forget(target: string): Promise<void>;
}
