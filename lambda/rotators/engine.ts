import { AdapterError, toAdapterError } from "../errors";
import { type Credential, sameJson } from "./credential";
import { StateUnknownError } from "./errors";
import type { IssuedCredential, Journal, JournalDocument, Lease, RotationStep, Slot } from "./journal";
import { type Announce, addReceipt, type CredentialName, type Receipt } from "./receipt";
import { credentialOf, isAnswerOf, renderState } from "./state";
import type { ChangeContext, ReplaceContext, Target } from "./target";

/** Time, as far as a rotation depends on it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface RotationLimits {
  /** How long a lease is asked for: longer than the process may run. */
  readonly leaseMilliseconds: number;
  /** How often a lease that somebody has is asked for again, and how long to wait in between. */
  readonly leaseAttempts: number;
  readonly leaseWaitMilliseconds: number;
  /** How often a new credential is tried until it works; the waits between double from the first one. */
  readonly proofAttempts: number;
  readonly proofWaitMilliseconds: number;
}

export const DEFAULT_ROTATION_LIMITS: RotationLimits = {
  leaseMilliseconds: 60_000,
  leaseAttempts: 8,
  leaseWaitMilliseconds: 1_000,
  proofAttempts: 6,
  proofWaitMilliseconds: 100,
};

/** All that a rotation works with. */
export interface RotationPorts {
  readonly journal: Journal;
  readonly target: Target;
  readonly clock: Clock;
  /** Random and never the same twice. */
  readonly newId: () => string;
  readonly limits: RotationLimits;
  /** Tells whoever uses the credential. @default nobody is told */
  readonly announce?: Announce | undefined;
  /** Hears what became of an attempt, at once and for sure. */
  readonly onReceipt?: ((receipt: Receipt) => void) | undefined;
}

export interface RotationCall {
  /** What is rotated, by the name that the journal has for it. */
  readonly target: string;
  /** `organization/project/environment` of who asks. */
  readonly owner: string;
  /** What ESC last had as an answer, or thinks it had; null when it has none. */
  readonly state: Credential | null;
  /** The login of who had ESC rotate. */
  readonly requestedBy?: string | undefined;
}

/**
 * Rotates, or says again what the last rotation came to: whatever becomes of this call or its answer, what the caller
 * has stays valid and the next call goes on from there.
 *
 * The journal keeps one head for each target, the last rotation that was finished. Called with the head's answer, the
 * next rotation begins, in the slot that `current` does not have. Called with the head's start, the answer was lost, and
 * is given again. Any other state is one that the caller has lost: it gets the head's answer once that is proven.
 *
 * @returns the new state
 * @throws {AdapterError} state_unknown with a plan; target_taken; rotation_busy, rotation_unproven, and what the
 *   journal and the target throw: then nothing is lost, and the same call can be made again
 */
export async function rotate(ports: RotationPorts, call: RotationCall): Promise<Credential> {
  return withLease(ports, call.target, async (held) => {
    const { document } = held.lease;
    if (document !== undefined && document.owner !== call.owner) {
      throw new AdapterError("target_taken", `${call.target} is rotated by another environment`);
    }
    const rotation = new Rotation(ports, call, held);
    try {
      const state = renderState(await rotation.run(document));
      await rotation.announce();
      return state;
    } catch (error) {
      await rotation.noteFailure(error);
      throw error;
    }
  });
}

/** Does something under the lease of a target. @throws {AdapterError} rotation_busy */
export async function withLease<T>(
  ports: RotationPorts,
  target: string,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const held = await acquire(ports, target);
  try {
    return await work(held);
  } finally {
    // One that is not given back ends by itself.
    await held.lease.release().catch(() => {});
  }
}

/** A lease, and for how long it is one. */
export interface Held {
  readonly lease: Lease;
  /** When the lease ends, milliseconds since 1970. */
  readonly until: number;
}

async function acquire({ journal, clock, newId, limits }: RotationPorts, target: string): Promise<Held> {
  const holder = newId();
  for (let attempt = 1; ; attempt += 1) {
    // From before it is asked for: however long the answer takes, the lease is not over sooner.
    const until = clock.now() + limits.leaseMilliseconds;
    const lease = await journal.acquire(target, { holder, milliseconds: limits.leaseMilliseconds });
    if (lease !== undefined) return { lease, until };
    if (attempt === limits.leaseAttempts) {
      throw new AdapterError("rotation_busy", `another call is rotating ${target}`);
    }
    await clock.sleep(limits.leaseWaitMilliseconds);
  }
}

/** How often one is tried that has worked already: nothing has to settle. */
const PROVEN_BEFORE = 2;

/** How often one is tried that should be dead: some targets end a credential only after a while. */
const DEAD_AFTER = 3;

/** One call, once it has the lease. */
export class Rotation {
  readonly #ports: RotationPorts;
  readonly #call: RotationCall;
  readonly #held: Held;
  #receipts: readonly Receipt[];

  constructor(ports: RotationPorts, call: RotationCall, held: Held) {
    this.#ports = ports;
    this.#call = call;
    this.#held = held;
    this.#receipts = held.lease.receipts;
  }

  /** What the caller is to be answered. */
  async run({ head, pending, restart }: Partial<JournalDocument> = {}): Promise<RotationStep> {
    const { state, target } = this.#call;
    const fromNothing = head === undefined && (state === null || restart === true);
    if (pending !== undefined) {
      const isOurs = sameJson(state, pending.start) || (head !== undefined && isAnswerOf(state, head));
      if (isOurs) return this.finish(pending, head);
      // Somebody else's rotation is gone on with when it has reached the target: what it replaced is dead by then.
      // Otherwise that still works, and may be what this caller has.
      if (await this.works(pending.current)) return this.#complete(pending, head);
      if (fromNothing) return this.finish(pending, head);
    }
    if (head !== undefined) {
      if (isAnswerOf(state, head)) return this.#begin(head.current, { head });
      if (!(await this.works(head.current, PROVEN_BEFORE))) {
        throw new StateUnknownError(target, "the last credential does not work any more");
      }
      return pending === undefined ? head : this.#withoutDead(head);
    }
    if (fromNothing) return this.#begin(undefined, { restart });
    return this.#begin(this.#adopt(state as Credential), {});
  }

  /**
   * The head, as it can be answered while another rotation is half done: a target without room for three has ended the
   * previous credential already.
   */
  async #withoutDead({ previous, ...head }: RotationStep): Promise<RotationStep> {
    const lives = previous !== undefined && (await this.works(previous, PROVEN_BEFORE));
    return { ...head, ...(lives && { previous }) };
  }

  /** A credential that came from somewhere else. */
  #adopt(state: Credential): IssuedCredential {
    const credential = credentialOf(state);
    const slot = this.#ports.target.slotOf(credential);
    if (slot === undefined) {
      throw new StateUnknownError(this.#call.target, "the state holds a credential that has no slot here");
    }
    return { slot, credential };
  }

  async #begin(
    current: IssuedCredential | undefined,
    known: Pick<JournalDocument, "head" | "restart">,
  ): Promise<RotationStep> {
    const { target, clock, newId } = this.#ports;
    if (current !== undefined && !(await this.works(current, PROVEN_BEFORE))) {
      throw new StateUnknownError(this.#call.target, "the credential in the state does not work");
    }
    const slot: Slot = current?.slot === "a" ? "b" : "a";
    const credential = await target.create({ slot, current: current?.credential });
    const rotatedAt = new Date(clock.now()).toISOString();
    const pending: RotationStep = {
      start: this.#call.state,
      current: { slot, version: newId(), rotatedAt, credential },
      ...(current && { previous: current }),
    };
    await this.#save({ ...known, pending });
    return this.finish(pending, known.head);
  }

  /** Makes the target accept what was written down. Whoever repeats this does the same again. */
  async finish(begun: RotationStep, head: RotationStep | undefined): Promise<RotationStep> {
    const pending = await this.#apply(begun, head);
    if (!(await this.works(pending.current))) {
      throw new AdapterError(
        "rotation_unproven",
        `${this.#call.target} does not accept the new credential yet`,
      );
    }
    return this.#complete(pending, head);
  }

  async #apply(pending: RotationStep, head: RotationStep | undefined): Promise<RotationStep> {
    const issued = await this.replace(pending.current.credential, {
      keep: credentialsOf(pending.previous),
      replaces: head?.previous?.credential,
    });
    if (issued === undefined) return pending;
    const applied = { ...pending, current: { ...pending.current, credential: issued } };
    const { restart } = this.#held.lease.document ?? {};
    await this.#save({ head, pending: applied, ...(head === undefined && { restart }) });
    return applied;
  }

  /** Has the target accept a credential. Answers the one that it made up itself, if it did. */
  async replace(
    credential: Credential,
    context: Omit<ReplaceContext, "remaining">,
  ): Promise<Credential | undefined> {
    return (await this.#ports.target.apply(credential, { ...context, ...this.#context })) ?? undefined;
  }

  async #complete(pending: RotationStep, head: RotationStep | undefined): Promise<RotationStep> {
    const proven = this.#time();
    const replaced = head?.previous;
    let ended: Receipt["ended"];
    if (replaced !== undefined) {
      const keep = credentialsOf(pending.current, pending.previous);
      await this.#ports.target.revoke(replaced.credential, { ...this.#context, keep });
      ended = { ...nameOf(replaced), proof: await this.#proofOfEnd(replaced), at: this.#time() };
    }
    const { current, previous } = pending;
    const receipt: Receipt = {
      outcome: "rotated",
      at: this.#time(),
      ...this.#requester,
      current: nameOf(current),
      proven,
      ...(previous && { previous: nameOf(previous) }),
      ...(ended && { ended }),
    };
    await this.#save({ head: pending }, receipt);
    this.#ports.onReceipt?.(receipt);
    return pending;
  }

  /** An application's login with what has been ended. It fails, if all is well. */
  async #proofOfEnd({ credential }: IssuedCredential): Promise<NonNullable<Receipt["ended"]>["proof"]> {
    const { target, clock, limits } = this.#ports;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!(await target.verify(credential))) return "refused";
      } catch {
        return "unknown";
      }
      if (attempt === DEAD_AFTER) return "accepted";
      await clock.sleep(limits.proofWaitMilliseconds * 2 ** (attempt - 1));
    }
  }

  /** Tells of every rotation that nobody has been told of yet: this one, and one that was cut off before it could. */
  async announce(): Promise<void> {
    const { announce } = this.#ports;
    const untold = this.#receipts.filter(
      ({ outcome, announced }) => outcome === "rotated" && announced === undefined,
    );
    if (announce === undefined || untold.length === 0) return;
    const { target, owner } = this.#call;
    const events = untold.map((receipt) => ({
      kind: "succeeded" as const,
      target,
      environment: owner,
      receipt,
    }));
    if (!(await announce(events))) return;
    const told = this.#receipts.map((receipt) =>
      untold.includes(receipt) ? { ...receipt, announced: true as const } : receipt,
    );
    // What is not written down is told again by the next call.
    await this.#held.lease.record(told).catch(() => {});
  }

  /** Nothing is lost by a failure that is not written down, so what goes wrong here is left alone. */
  async noteFailure(error: unknown): Promise<void> {
    const { target, owner } = this.#call;
    const receipt: Receipt = {
      outcome: "failed",
      at: this.#time(),
      ...this.#requester,
      code: toAdapterError(error).code,
    };
    this.#ports.onReceipt?.(receipt);
    await this.#held.lease.record(addReceipt(this.#receipts, receipt)).catch(() => {});
    await this.#ports.announce?.([{ kind: "failed", target, environment: owner, receipt }]);
  }

  get #requester(): Pick<Receipt, "requestedBy"> {
    const { requestedBy } = this.#call;
    return requestedBy === undefined ? {} : { requestedBy };
  }

  #time(): string {
    return new Date(this.#ports.clock.now()).toISOString();
  }

  get #context(): ChangeContext {
    return { remaining: () => this.#held.until - this.#ports.clock.now() };
  }

  async #save(content: Omit<JournalDocument, "owner">, receipt?: Receipt): Promise<void> {
    const receipts = receipt && addReceipt(this.#receipts, receipt);
    await this.#held.lease.save({ owner: this.#call.owner, ...content }, receipts);
    if (receipts !== undefined) this.#receipts = receipts;
  }

  /** Whether the target accepts it, told while nobody else can have changed that. */
  async works(
    { credential }: IssuedCredential,
    attempts = this.#ports.limits.proofAttempts,
  ): Promise<boolean> {
    const works = await this.#tryOut(credential, attempts);
    if (this.#context.remaining() > 0) return works;
    throw new AdapterError("rotation_busy", `the lease of ${this.#call.target} is over`);
  }

  /** Some targets accept a credential only after a while. The first error is the one that tells most. */
  async #tryOut(credential: Credential, attempts: number): Promise<boolean> {
    const { target, clock, limits } = this.#ports;
    let failure: { readonly error: unknown } | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) await clock.sleep(limits.proofWaitMilliseconds * 2 ** (attempt - 1));
      try {
        if (await target.verify(credential)) return true;
        failure = undefined;
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
    return false;
  }
}

function credentialsOf(...issued: readonly (IssuedCredential | undefined)[]): readonly Credential[] {
  return issued.flatMap((each) => (each === undefined ? [] : [each.credential]));
}

function nameOf({ slot, version, rotatedAt }: IssuedCredential): CredentialName {
  return { slot, ...(version !== undefined && { version }), ...(rotatedAt !== undefined && { rotatedAt }) };
}
