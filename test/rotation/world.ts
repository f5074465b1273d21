import { AdapterError } from "../../lambda/errors";
import type { Credential } from "../../lambda/rotators/credential";
import type { Clock, RotationLimits, RotationPorts } from "../../lambda/rotators/engine";
import type { Journal, JournalDocument, Lease, Slot } from "../../lambda/rotators/journal";
import type { ChangeContext, Target } from "../../lambda/rotators/target";

export const SLOTS: readonly Slot[] = ["a", "b"];

/** The engine's limits, so that a caller's waits are a few steps of a history. */
export const LIMITS: RotationLimits = {
  leaseMilliseconds: 1_000,
  leaseAttempts: 3,
  leaseWaitMilliseconds: 200,
  proofAttempts: 3,
  proofWaitMilliseconds: 20,
};

/** How long the target may take until it accepts a credential: less than the proof waits in all. */
const SETTLE_MILLISECONDS = 50;

/** Decides when an effect happens, and whether its reply arrives. */
export type Gate = <T>(name: string, effect: () => T) => Promise<T>;

interface Login {
  readonly password: string;
  /** From when on the target accepts it: some take a while. */
  readonly acceptedFrom: number;
}

/** What a history happens to: time, a target with a login for each slot, and a journal. All effects are at once. */
export class World {
  now = 1_000_000;
  readonly logins = new Map<Slot, Login>();
  document: JournalDocument | undefined;
  /** Whether the target takes a while to accept a new credential. */
  slow = false;
  #revision = 0;
  #lease: { holder: string; until: number } | undefined;
  #ids = 0;

  newId = () => `id-${++this.#ids}`;

  /** What an operator's or the engine's change does: what had the slot is dead, at once. */
  setLogin(slot: Slot, password: string, slow = this.slow): void {
    const known = this.logins.get(slot);
    if (known?.password === password) return;
    this.logins.set(slot, { password, acceptedFrom: this.now + (slow ? SETTLE_MILLISECONDS : 0) });
  }

  /** Whether the target holds this credential, whether or not it accepts it already. */
  holds({ username, password }: Credential): boolean {
    return this.logins.get(username as Slot)?.password === password;
  }

  accepts(credential: Credential): boolean {
    const login = this.logins.get(credential.username as Slot);
    return this.holds(credential) && login !== undefined && login.acceptedFrom <= this.now;
  }

  /** What the plan of state_unknown says first. */
  forget(): void {
    this.document = undefined;
    this.#lease = undefined;
    this.#revision += 1;
  }

  /** The ports of one caller. Each of its calls goes through the gate. */
  ports(gate: Gate): RotationPorts {
    const clock: Clock = {
      now: () => this.now,
      sleep: (milliseconds) =>
        gate("sleep", () => {
          this.now += milliseconds;
        }),
    };
    return {
      journal: this.#journal(gate),
      target: this.#target(gate),
      clock,
      newId: this.newId,
      limits: LIMITS,
    };
  }

  #target(gate: Gate): Target {
    const inTime = ({ remaining }: ChangeContext) => {
      if (remaining() <= 0) throw new AdapterError("rotation_timeout", "the lease is over");
    };
    return {
      create: ({ slot }) => gate("create", () => ({ username: slot, password: `password-${this.newId()}` })),
      apply: (credential, context) =>
        gate("apply", () => {
          inTime(context);
          this.setLogin(credential.username as Slot, credential.password as string);
        }),
      verify: (credential) => gate("verify", () => this.accepts(credential)),
      revoke: (credential, { remaining, keep }) =>
        gate("revoke", () => {
          inTime({ remaining });
          const slot = credential.username as Slot;
          if (!keep.some(({ username }) => username === slot)) this.logins.delete(slot);
        }),
      slotOf: ({ username }) => SLOTS.find((slot) => slot === username),
    };
  }

  #journal(gate: Gate): Journal {
    return {
      acquire: async (_target, { holder, milliseconds }) => {
        const until = this.now + milliseconds;
        const read = await gate("acquire", () => {
          const free =
            this.#lease === undefined || this.#lease.until < this.now || this.#lease.holder === holder;
          if (!free) return undefined;
          this.#lease = { holder, until };
          return { document: this.document, revision: this.#revision };
        });
        return read && this.#granted(gate, holder, read);
      },
    };
  }

  #granted(
    gate: Gate,
    holder: string,
    read: { document?: JournalDocument | undefined; revision: number },
  ): Lease {
    let { revision } = read;
    return {
      document: read.document,
      save: (document) =>
        gate("save", () => {
          // A request that arrives twice is the same request.
          if (this.document === document) return;
          if (this.#lease?.holder !== holder || this.#revision !== revision) {
            throw new AdapterError("rotation_busy", "the lease has passed to another");
          }
          this.document = document;
          this.#revision += 1;
          revision = this.#revision;
        }),
      release: () =>
        gate("release", () => {
          if (this.#lease?.holder === holder) this.#lease = undefined;
        }),
    };
  }
}
