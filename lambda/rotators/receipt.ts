import type { Slot } from "./journal";

/** Which credential is meant. Absent members: it was adopted. */
export interface CredentialName {
  readonly slot: Slot;
  readonly version?: string;
  /** When it was made, ISO 8601. */
  readonly rotatedAt?: string;
}

/** What became of one attempt to rotate. **No value is in it**: it may be shown to whoever asks. Times are ISO 8601. */
export interface Receipt {
  readonly outcome: "rotated" | "failed" | "mended";
  /** When the attempt was over. */
  readonly at: string;
  /** The login of who had ESC rotate, if ESC says so; of who mended. */
  readonly requestedBy?: string;
  /** Of an attempt that failed. */
  readonly code?: string;
  /** Of one that mended: what was done. */
  readonly did?: string;
  /** The new credential. */
  readonly current?: CredentialName;
  /** When an application's login with it succeeded. */
  readonly proven?: string;
  /** The one before: it stays valid until the next rotation succeeds. */
  readonly previous?: CredentialName;
  /** The one before that, which this rotation ended, and the proof. */
  readonly ended?: CredentialName & {
    readonly at: string;
    /** The target refused it; accepted it still; could not be asked. */
    readonly proof: "refused" | "accepted" | "unknown";
  };
  /** Whether its event has been sent. Absent: not yet, or nobody is told by events. */
  readonly announced?: true;
}

const MAX_RECEIPTS = 30;

/** The newest last; the oldest go. */
export function addReceipt(receipts: readonly Receipt[], receipt: Receipt): readonly Receipt[] {
  return [...receipts, receipt].slice(-MAX_RECEIPTS);
}

/** Something that whoever uses a credential may have to act on. */
export interface RotationEvent {
  readonly kind: "succeeded" | "failed" | "overdue";
  /** `rotator/target` */
  readonly target: string;
  /** `organization/project/environment` of the environment that rotates it. */
  readonly environment: string;
  /** Of what has happened. Absent when overdue. */
  readonly receipt?: Receipt;
  /** When it was last rotated, when overdue: ISO 8601. */
  readonly since?: string;
}

/** Sends events. False: they have not been sent, and may be sent again. Never throws. */
export type Announce = (events: readonly RotationEvent[]) => Promise<boolean>;
