import type { Credential } from "./credential";
import type { Slot } from "./journal";

/** For what changes the target. */
export interface ChangeContext {
  /**
   * For how many milliseconds more the change may take effect. Then somebody else may be rotating: it must not reach the
   * target any more, not even when it was held up on its way.
   */
  remaining(): number;
}

/** For what changes which credentials live. */
export interface ReplaceContext<Issued extends Credential = Credential> extends ChangeContext {
  /** What must go on working. */
  readonly keep: readonly Issued[];
  /** What the new credential takes the place of. Absent where nothing had the slot. */
  readonly replaces?: Issued | undefined;
}

/** What lives at a target and is in no journal. Nothing of it is secret. */
export interface StrangeCredential {
  /** What the target calls it. */
  readonly id: string;
  readonly name?: string | undefined;
  /** When it was last used, ISO 8601; null: never; absent: the target does not say. */
  readonly lastUsed?: string | null | undefined;
}

/**
 * What knows one kind of target. The engine calls it under a lease; every call may be repeated after a crash.
 *
 * `Planned` is what `create` makes where it is the target that makes the secret part up.
 */
export interface Target<Issued extends Credential = Credential, Planned extends Credential = Issued> {
  /** Makes up a credential for a slot, or what it will be known by, and touches nothing: it is written down before `apply`. */
  create(next: { readonly slot: Slot; readonly current: Issued | undefined }): Promise<Planned>;
  /**
   * Makes the target accept exactly this credential. What had the slot before ends in the same moment, where
   * the target can do that; so this is the rotation's point of no return.
   *
   * @returns the credential where the target made it, else nothing. It is written down before anything else happens;
   *   one of which that is not known any more is what `apply` of the same plan has to end first
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most rotators have nothing to hand back, and no `return`
  apply(credential: Planned | Issued, context: ReplaceContext<Issued>): Promise<Issued | undefined | void>;
  /**
   * Proves it, the way an application uses it. False when the target refuses it, and for one that is only planned;
   * throws when that cannot be told.
   */
  verify(credential: Planned | Issued): Promise<boolean>;
  /** Ends a credential that has been replaced twice, as far as `apply` has not. */
  revoke(credential: Issued, context: ChangeContext & { readonly keep: readonly Issued[] }): Promise<void>;
  /** That the target makes credentials up itself: one that it has ended cannot be had back. @default false */
  readonly issues?: boolean;
  /** The slot of a credential that somebody gives by hand; undefined when it can have none. */
  slotOf(credential: Issued): Slot | undefined;
  /** What lives besides `known` and is in the way. @default the target cannot tell */
  strangers?(known: readonly (Planned | Issued)[]): Promise<readonly StrangeCredential[]>;
  /** Ends one of those. */
  endStranger?(stranger: StrangeCredential, context: ChangeContext): Promise<void>;
}
