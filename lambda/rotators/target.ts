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

/** What knows one kind of target. The engine calls it under a lease; every call may be repeated after a crash. */
export interface Target<Issued extends Credential = Credential> {
  /** Makes up a credential for a slot and touches nothing: it is written down before `apply`. */
  create(next: { readonly slot: Slot; readonly current: Issued | undefined }): Promise<Issued>;
  /**
   * Makes the target accept exactly this credential. What had the slot before ends in the same moment, where
   * the target can do that; so this is the rotation's point of no return.
   */
  apply(credential: Issued, context: ChangeContext): Promise<void>;
  /** Proves it, the way an application uses it. False when the target refuses it; throws when that cannot be told. */
  verify(credential: Issued): Promise<boolean>;
  /** Ends a credential that has been replaced twice, as far as `apply` has not. */
  revoke(credential: Issued, context: ChangeContext & { readonly keep: readonly Issued[] }): Promise<void>;
  /** The slot of a credential that somebody gives by hand; undefined when it can have none. */
  slotOf(credential: Issued): Slot | undefined;
}
