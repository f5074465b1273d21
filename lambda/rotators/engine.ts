import { AdapterError } from "../errors";
import { type Credential, sameJson } from "./credential";
import { StateUnknownError } from "./errors";
import type { IssuedCredential, Journal, JournalDocument, Lease, RotationStep, Slot } from "./journal";
import { credentialOf, renderState } from "./state";
import type { ChangeContext, Target } from "./target";

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
}

export interface RotationCall {
  /** What is rotated, by the name that the journal has for it. */
  readonly target: string;
  /** `organization/project/environment` of who asks. */
  readonly owner: string;
  /** What ESC last had as an answer, or thinks it had; null when it has none. */
  readonly state: Credential | null;
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
  const { lease, until } = await acquire(ports, call.target);
  try {
    const { document } = lease;
    if (document !== undefined && document.owner !== call.owner) {
      throw new AdapterError("target_taken", `${call.target} is rotated by another environment`);
    }
    return renderState(await new Rotation(ports, call, { lease, until }).run(document));
  } finally {
    // One that is not given back ends by itself.
    await lease.release().catch(() => {});
  }
}

interface Held {
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

/** One call, once it has the lease. */
class Rotation {
  readonly #ports: RotationPorts;
  readonly #call: RotationCall;
  readonly #held: Held;

  constructor(ports: RotationPorts, call: RotationCall, held: Held) {
    this.#ports = ports;
    this.#call = call;
    this.#held = held;
  }

  /** What the caller is to be answered. */
  async run({ head, pending }: Partial<JournalDocument> = {}): Promise<RotationStep> {
    const { state, target } = this.#call;
    if (pending !== undefined) {
      if (sameJson(state, pending.start)) return this.#finish(pending, head);
      // Somebody else's rotation is gone on with when it has reached the target: what it replaced is dead by then.
      // Otherwise that still works, and may be what this caller has.
      if (await this.#works(pending.current)) return this.#complete(pending, head);
      if (head === undefined && state === null) return this.#finish(pending, head);
    }
    if (head !== undefined) {
      if (sameJson(state, renderState(head))) return this.#begin(head.current, head);
      if (await this.#works(head.current, PROVEN_BEFORE)) return head;
      throw new StateUnknownError(target, "the last credential does not work any more");
    }
    if (state === null) return this.#begin(undefined, undefined);
    return this.#begin(this.#adopt(state), undefined);
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

  async #begin(current: IssuedCredential | undefined, head: RotationStep | undefined): Promise<RotationStep> {
    const { target, clock, newId } = this.#ports;
    if (current !== undefined && !(await this.#works(current, PROVEN_BEFORE))) {
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
    await this.#save({ head, pending });
    return this.#finish(pending, head);
  }

  /** Makes the target accept what was written down. Whoever repeats this does the same again. */
  async #finish(pending: RotationStep, head: RotationStep | undefined): Promise<RotationStep> {
    await this.#ports.target.apply(pending.current.credential, this.#context);
    if (!(await this.#works(pending.current))) {
      throw new AdapterError(
        "rotation_unproven",
        `${this.#call.target} does not accept the new credential yet`,
      );
    }
    return this.#complete(pending, head);
  }

  async #complete(pending: RotationStep, head: RotationStep | undefined): Promise<RotationStep> {
    const replaced = head?.previous?.credential;
    if (replaced !== undefined) {
      const keep = [pending.current, pending.previous].flatMap((kept) => (kept ? [kept.credential] : []));
      await this.#ports.target.revoke(replaced, { ...this.#context, keep });
    }
    await this.#save({ head: pending });
    return pending;
  }

  get #context(): ChangeContext {
    return { remaining: () => this.#held.until - this.#ports.clock.now() };
  }

  async #save(content: Omit<JournalDocument, "owner">): Promise<void> {
    await this.#held.lease.save({ owner: this.#call.owner, ...content });
  }

  /** Whether the target accepts it, told while nobody else can have changed that. */
  async #works(
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
