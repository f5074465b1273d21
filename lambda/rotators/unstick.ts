import { AdapterError } from "../errors";
import { Rotation, type RotationPorts, withLease } from "./engine";
import { type InspectedTarget, inspect, type Mend, type TargetReport } from "./inspect";
import type { IssuedCredential, JournalDocument, Lease } from "./journal";
import { addReceipt } from "./receipt";
import type { StrangeCredential } from "./target";

/** What somebody wants done. */
export interface UnstickWish {
  /** Whether to do it. @default false: only say what would be done */
  readonly yes?: boolean | undefined;
  /** The credential in use works, and is bad all the same: the previous one is to be in use again. */
  readonly back?: boolean | undefined;
  /** Nothing works any more: the next rotation begins with nothing. */
  readonly restart?: boolean | undefined;
  /** Ids of what lives at the target and nobody knows, to be ended although it is, or may be, in use. */
  readonly end?: readonly string[] | undefined;
  /** Who wants it. */
  readonly by?: string | undefined;
}

export interface UnstickReport {
  /** How the target was, or, when something was done, is now. */
  readonly report: TargetReport;
  /** What has been done, or, without `yes`, would be. Empty: there is nothing that can be done from here. */
  readonly steps: readonly string[];
  readonly done: boolean;
}

type Step = Mend | "back" | "restart";

const SAYS: Readonly<Record<Step, string>> = {
  finish:
    "go on with the rotation that was begun: the same credential once more, proven; ESC is given it by its next rotation",
  restore:
    "have the target accept again what it should, with the same secret; or where it makes credentials up itself a new one in its place; ESC is given that by its next rotation",
  forget: "give the journal's pointer up: the next rotation proves what ESC has and goes on from there",
  "end strangers": "end what lives at the target, is unknown here and was not used for a week",
  announce: "tell everybody of the last rotation once more, so that who uses the credential looks again",
  back: "put the previous credential in use again; ESC is given it by its next rotation, and the one after that replaces the bad one",
  restart: "forget every credential: the next rotation begins with nothing, whatever state ESC has",
};

const DAY = 86_400_000;
const IDLE_DAYS = 7;

/**
 * Mends what `status` finds, as far as that can be done from here. It works under the lease, as rotations do, and by the same
 * steps: what is in use is never ended by it.
 *
 * @throws {AdapterError} rotation_busy, state_unknown, and what target and journal throw
 */
export async function unstick(
  inspected: InspectedTarget,
  ports: Omit<RotationPorts, "target">,
  wish: UnstickWish,
): Promise<UnstickReport> {
  const look = () => inspect(inspected, { journal: ports.journal, now: ports.clock.now });
  const report = await look();
  const endable = endableOf(report, wish, ports.clock.now());
  const steps = stepsFor(report, wish, endable);
  const says = steps.map((step) =>
    step === "end strangers" ? `${SAYS[step]}: ${endable.map(({ id }) => id).join(", ")}` : SAYS[step],
  );
  if (wish.yes !== true || steps.length === 0) return { report, steps: says, done: false };
  if (steps.includes("forget")) await ports.journal.forget(inspected.id);
  const others = steps.filter((step) => step !== "forget");
  const all = { ...ports, target: inspected.target() };
  if (others.length > 0) await new Mending(inspected, all, wish).do(others, endable);
  return { report: await look(), steps: says, done: true };
}

function endableOf(
  { strangers = [] }: TargetReport,
  { end = [] }: UnstickWish,
  now: number,
): readonly StrangeCredential[] {
  return strangers.filter(({ id, lastUsed }) => {
    if (end.includes(id) || lastUsed === null) return true;
    return lastUsed !== undefined && now - Date.parse(lastUsed) > IDLE_DAYS * DAY;
  });
}

/** In this order: what is in use first, then what was begun, then telling of it. */
function stepsFor(
  { findings }: TargetReport,
  { back, restart }: UnstickWish,
  endable: readonly StrangeCredential[],
): readonly Step[] {
  const isLost = findings.some(({ code }) => code === "journal_lost");
  if (restart === true) return [...(isLost ? (["forget"] as const) : []), "restart"];
  if (back === true) return ["back"];
  const order: readonly Mend[] = ["forget", "restore", "end strangers", "finish", "announce"];
  return order.filter(
    (mend) =>
      findings.some((finding) => finding.mend === mend) && (mend !== "end strangers" || endable.length > 0),
  );
}

class Mending {
  readonly #inspected: InspectedTarget;
  readonly #ports: RotationPorts;
  readonly #wish: UnstickWish;

  constructor(inspected: InspectedTarget, ports: RotationPorts, wish: UnstickWish) {
    this.#inspected = inspected;
    this.#ports = ports;
    this.#wish = wish;
  }

  async do(steps: readonly Step[], endable: readonly StrangeCredential[]): Promise<void> {
    const { id, environment: owner } = this.#inspected;
    // A document that is changed here is read anew for the next step: each has a lease of its own.
    for (const step of steps) {
      await withLease(this.#ports, id, async (held) => {
        const call = { target: id, owner, state: null, requestedBy: this.#wish.by };
        const rotation = new Rotation(this.#ports, call, held);
        await this.#step(step, {
          rotation,
          lease: held.lease,
          endable,
          remaining: () => held.until - this.#now(),
        });
      });
    }
  }

  async #step(
    step: Step,
    {
      rotation,
      lease,
      endable,
      remaining,
    }: {
      readonly rotation: Rotation;
      readonly lease: Lease;
      readonly endable: readonly StrangeCredential[];
      readonly remaining: () => number;
    },
  ): Promise<void> {
    const { document } = lease;
    const { environment: owner } = this.#inspected;
    const note = addReceipt(lease.receipts, {
      outcome: "mended",
      at: new Date(this.#now()).toISOString(),
      did: step,
      ...(this.#wish.by !== undefined && { requestedBy: this.#wish.by }),
    });
    switch (step) {
      case "finish":
        // It writes a receipt of its own, as every rotation does. Somebody may have been quicker.
        if (document?.pending !== undefined) await rotation.finish(document.pending, document.head);
        await rotation.announce();
        return;
      case "restore":
        await this.#restore(rotation, lease);
        break;
      case "back":
        await lease.save(await this.#wayBack(rotation, document), note);
        return;
      case "restart":
        await lease.save({ owner, restart: true }, note);
        return;
      case "end strangers":
        for (const stranger of endable) await this.#ports.target.endStranger?.(stranger, { remaining });
        break;
      case "announce":
        if (
          lease.receipts.some(({ outcome, announced }) => outcome === "rotated" && announced === undefined)
        ) {
          // It writes down what has been told.
          await rotation.announce();
          return;
        }
        await this.#announceAgain(lease);
    }
    await lease.record(note);
  }

  async #restore(rotation: Rotation, lease: Lease): Promise<void> {
    const { document } = lease;
    if (document?.head === undefined) return;
    const { head, pending } = document;
    const { target } = this.#ports;
    const { previous } = head;
    let { current } = head;
    if (!(await rotation.works(current, 1))) {
      const keep = previous === undefined ? [] : [previous.credential];
      const issued = await rotation.replace(current.credential, { keep });
      if (issued !== undefined) {
        current = {
          slot: current.slot,
          version: this.#ports.newId(),
          rotatedAt: new Date(this.#now()).toISOString(),
          credential: issued,
        };
        await lease.save({
          ...document,
          head: { ...head, current },
          ...(pending && { pending: { ...pending, previous: current } }),
        });
      }
      await this.#prove(rotation, current);
    }
    // What was begun may have taken its place.
    if (previous === undefined || pending !== undefined || target.issues === true) return;
    if (await rotation.works(previous, 1)) return;
    await rotation.replace(previous.credential, { keep: [current.credential] });
    await this.#prove(rotation, previous);
  }

  async #prove(rotation: Rotation, credential: IssuedCredential): Promise<void> {
    if (await rotation.works(credential)) return;
    throw new AdapterError("rotation_unproven", `${this.#inspected.id} does not accept the credential yet`);
  }

  /** What was begun is dropped: it would replace what is put in use again. */
  async #wayBack(rotation: Rotation, document: JournalDocument | undefined): Promise<JournalDocument> {
    const { head } = document ?? {};
    if (head?.previous === undefined || !(await rotation.works(head.previous, 1))) {
      throw new AdapterError("state_unknown", `${this.#inspected.id} has no previous credential that works`);
    }
    const bad = (await rotation.works(head.current, 1)) ? { previous: head.current } : {};
    return {
      owner: this.#inspected.environment,
      head: { start: null, current: head.previous, ...bad },
    };
  }

  async #announceAgain({ receipts }: Lease): Promise<void> {
    const receipt = receipts.findLast(({ outcome }) => outcome === "rotated");
    const { id: target, environment } = this.#inspected;
    if (receipt !== undefined) {
      await this.#ports.announce?.([{ kind: "succeeded", target, environment, receipt }]);
    }
  }

  #now(): number {
    return this.#ports.clock.now();
  }
}
