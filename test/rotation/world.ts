import { AdapterError } from "../../lambda/errors";
import type { Credential } from "../../lambda/rotators/credential";
import type { Clock, RotationLimits, RotationPorts } from "../../lambda/rotators/engine";
import type {
  IssuedCredential,
  Journal,
  JournalDocument,
  Lease,
  RotationStep,
  Slot,
} from "../../lambda/rotators/journal";
import type { Receipt, RotationEvent } from "../../lambda/rotators/receipt";
import type { ChangeContext, Target } from "../../lambda/rotators/target";
import { createTwoKeys, type IssuedKey } from "../../lambda/rotators/two-keys";

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

/** What a history happens to: time, a target, and a journal. All effects are at once. */
export abstract class BaseWorld {
  now = 1_000_000;
  document: JournalDocument | undefined;
  receipts: readonly Receipt[] = [];
  /** What has been told. */
  readonly events: RotationEvent[] = [];
  /** Whether nobody hears what is told. */
  deaf = false;
  /** Whether the target takes a while to accept a new credential. */
  slow = false;
  #revision = 0;
  #lease: { holder: string; until: number } | undefined;
  #ids = 0;

  newId = () => `id-${++this.#ids}`;

  /** How many credentials the target lets live at once. */
  abstract readonly most: number;
  /** What proves to be the one it is, and is different for each. */
  abstract secretOf(credential: Credential): unknown;
  /** The secrets of all that live, whether or not the target accepts them already. */
  abstract live(): readonly unknown[];
  abstract accepts(credential: Credential): boolean;
  abstract accepted(): readonly unknown[];
  /** What a person does to a credential behind everybody's back. Answers the secrets that this is about. */
  abstract changeByHand(slot: Slot): readonly unknown[];
  /** What a person does to have a credential that works, to be written into the state. */
  abstract makeByHand(slot: Slot): Credential;
  /** What a person does with one that is nobody's. */
  abstract endByHand(secret: unknown): void;
  /** What a person does who finds no credential that works, before beginning with none. */
  abstract clear(): void;
  /** Whether a credential that lives was known before it did. */
  abstract isKnown(secret: unknown): boolean;
  /** Whether a person has ended or replaced this one. */
  abstract isOverruled(credential: Credential, byHand: ReadonlySet<unknown>): boolean;
  /** Whether the next rotation may have ended this one. */
  abstract isReplaced(previous: IssuedCredential, pending: RotationStep): boolean;
  abstract target(gate: Gate): Target;

  /** What the journal says of credentials. Asked after every effect: no function is made for it. */
  protected *issued(): Iterable<IssuedCredential> {
    for (const step of [this.document?.head, this.document?.pending]) {
      if (step) yield step.current;
      if (step?.previous) yield step.previous;
    }
  }

  /** Whether the target holds this credential, whether or not it accepts it already. */
  holds(credential: Credential): boolean {
    return this.live().includes(this.secretOf(credential));
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
      target: this.target(gate),
      clock,
      newId: this.newId,
      limits: LIMITS,
      announce: (events) =>
        gate("announce", () => {
          if (this.deaf) return false;
          this.events.push(...events);
          return true;
        }).catch(() => false),
    };
  }

  #journal(gate: Gate): Journal {
    return {
      acquire: async (_target, { holder, milliseconds }) => {
        const until = this.now + milliseconds;
        const read = await gate("acquire", () => {
          if (this.#isHeld() && this.#lease?.holder !== holder) return undefined;
          this.#lease = { holder, until };
          return { document: this.document, receipts: this.receipts, revision: this.#revision };
        });
        return read && this.#granted(gate, holder, read);
      },
      read: async () => {
        const { document, receipts } = this;
        const leasedUntil = this.#isHeld() ? this.#lease?.until : undefined;
        return {
          receipts,
          document: async () => document,
          ...(leasedUntil !== undefined && { leasedUntil }),
        };
      },
      forget: async () => {
        if (this.#isHeld()) throw new AdapterError("rotation_busy", "somebody has the lease");
        this.forget();
      },
    };
  }

  #isHeld(): boolean {
    return this.#lease !== undefined && this.#lease.until >= this.now;
  }

  #granted(
    gate: Gate,
    holder: string,
    read: {
      readonly document?: JournalDocument | undefined;
      readonly receipts: readonly Receipt[];
      revision: number;
    },
  ): Lease {
    let { revision } = read;
    const mustHold = () => {
      if (this.#lease?.holder !== holder || this.#revision !== revision) {
        throw new AdapterError("rotation_busy", "the lease has passed to another");
      }
    };
    return {
      document: read.document,
      receipts: read.receipts,
      save: (document, receipts = this.receipts) =>
        gate("save", () => {
          // A request that arrives twice is the same request.
          if (this.document === document) return;
          mustHold();
          this.document = document;
          this.receipts = receipts;
          this.#revision += 1;
          revision = this.#revision;
          this.written(document);
        }),
      record: (receipts) =>
        gate("record", () => {
          mustHold();
          this.receipts = receipts;
        }),
      release: () =>
        gate("release", () => {
          if (this.#lease?.holder === holder) this.#lease = undefined;
        }),
    };
  }

  /** Hears of what was written down. */
  protected written(_document: JournalDocument): void {}
}

function inTime({ remaining }: ChangeContext): void {
  if (remaining() <= 0) throw new AdapterError("rotation_timeout", "the lease is over");
}

interface Login {
  readonly password: string;
  /** From when on the target accepts it: some take a while. */
  readonly acceptedFrom: number;
}

/** A target with a login for each slot, whose password the engine makes up. */
export class World extends BaseWorld {
  readonly most = 2;
  readonly logins = new Map<Slot, Login>();

  /** What an operator's or the engine's change does: what had the slot is dead, at once. */
  setLogin(slot: Slot, password: string, slow = this.slow): void {
    const known = this.logins.get(slot);
    if (known?.password === password) return;
    this.logins.set(slot, { password, acceptedFrom: this.now + (slow ? SETTLE_MILLISECONDS : 0) });
  }

  override secretOf({ password }: Credential): unknown {
    return password;
  }

  override holds({ username, password }: Credential): boolean {
    return this.logins.get(username as Slot)?.password === password;
  }

  override accepts(credential: Credential): boolean {
    const login = this.logins.get(credential.username as Slot);
    return this.holds(credential) && login !== undefined && login.acceptedFrom <= this.now;
  }

  override live(): readonly string[] {
    return [...this.logins.values()].map(({ password }) => password);
  }

  override accepted(): readonly string[] {
    return [...this.logins.values()]
      .filter(({ acceptedFrom }) => acceptedFrom <= this.now)
      .map(({ password }) => password);
  }

  override changeByHand(slot: Slot): readonly unknown[] {
    const old = this.logins.get(slot);
    const { password } = this.makeByHand(slot);
    return [...(old === undefined ? [] : [old.password]), password];
  }

  override makeByHand(slot: Slot): Credential {
    const password = `by-hand-${this.newId()}`;
    this.setLogin(slot, password, false);
    return { username: slot, password };
  }

  override endByHand(secret: unknown): void {
    for (const [slot, { password }] of this.logins) if (password === secret) this.logins.delete(slot);
  }

  override clear(): void {}

  override isKnown(password: unknown): boolean {
    for (const { credential } of this.issued()) if (credential.password === password) return true;
    return false;
  }

  override isOverruled({ username, password }: Credential, byHand: ReadonlySet<unknown>): boolean {
    return byHand.has(password) || byHand.has(this.logins.get(username as Slot)?.password);
  }

  /** In one moment the new one lives and this one is dead. */
  override isReplaced(previous: IssuedCredential, pending: RotationStep): boolean {
    return pending.current.slot === previous.slot && this.holds(pending.current.credential);
  }

  override target(gate: Gate): Target {
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
}

interface Key {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly acceptedFrom: number;
  /** When it was last used, if the API says so. */
  lastUsed?: string | null;
}

/** An API that makes keys up itself, with the rotator's own code in front of it. It knows no deadline: what is late, lands. */
export class KeysWorld extends BaseWorld {
  readonly most: number;
  readonly keys = new Map<string, Key>();
  /** Names that have ever been written down. */
  readonly #planned = new Set<unknown>();

  constructor(most = 2) {
    super();
    this.most = most;
  }

  /** What the API does. @throws when there is no room */
  make(name: string, slow = this.slow): Key {
    if (this.keys.size >= this.most)
      throw new AdapterError("target_refused", "the API has no room for a key");
    const id = this.newId();
    const made: Key = {
      id,
      name,
      key: `key-${id}`,
      acceptedFrom: this.now + (slow ? SETTLE_MILLISECONDS : 0),
    };
    this.keys.set(id, made);
    return made;
  }

  protected override written({ pending }: JournalDocument): void {
    this.#planned.add(pending?.current.credential.name);
  }

  override secretOf({ key }: Credential): unknown {
    return key;
  }

  override accepts({ id, key }: Credential): boolean {
    const known = this.keys.get(String(id));
    return known?.key === key && known !== undefined && known.acceptedFrom <= this.now;
  }

  override live(): readonly string[] {
    return [...this.keys.values()].map(({ key }) => key);
  }

  override accepted(): readonly string[] {
    return [...this.keys.values()]
      .filter(({ acceptedFrom }) => acceptedFrom <= this.now)
      .map(({ key }) => key);
  }

  /** Somebody deletes the key that is in use, or the one before it. */
  override changeByHand(slot: Slot): readonly unknown[] {
    const key = [...this.keys.values()].find(({ name }) => name.startsWith(`app-${slot}-`));
    if (key === undefined) return [];
    this.keys.delete(key.id);
    return [key.key];
  }

  override makeByHand(slot: Slot): Credential {
    this.keys.clear();
    const { id, key } = this.make(`by-hand-${slot}`, false);
    return { id, key };
  }

  override endByHand(secret: unknown): void {
    for (const [id, { key }] of this.keys) if (key === secret) this.keys.delete(id);
  }

  override clear(): void {
    this.keys.clear();
  }

  override isKnown(secret: unknown): boolean {
    for (const { id, name, key } of this.keys.values()) {
      if (key !== secret) continue;
      for (const { credential } of this.issued()) if (credential.id === id) return true;
      return this.#planned.has(name);
    }
    return false;
  }

  override isOverruled({ key }: Credential, byHand: ReadonlySet<unknown>): boolean {
    return byHand.has(key);
  }

  /** Where there is room for two, the previous key goes before the new one comes. */
  override isReplaced(previous: IssuedCredential, { current, previous: kept }: RotationStep): boolean {
    if (previous.credential.id === kept?.credential.id) return false;
    return this.most === 2 || this.holds(current.credential);
  }

  override target(gate: Gate): Target {
    const target = createTwoKeys({
      prefix: "app",
      most: this.most,
      api: {
        list: () =>
          gate("list", () =>
            [...this.keys.values()].map(({ id, name, lastUsed }) => ({ id, name, lastUsed })),
          ),
        create: ({ name }) =>
          gate("make", () => {
            const { id, key } = this.make(name);
            return { id, key };
          }),
        delete: (id) => gate("delete", () => void this.keys.delete(id)),
        verify: (key: IssuedKey) => gate("verify", () => this.accepts(key)),
      },
    });
    return target as unknown as Target;
  }
}
