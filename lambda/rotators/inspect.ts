import { type AdapterErrorCode, toAdapterError } from "../errors";
import type { IssuedCredential, Journal, JournalDocument } from "./journal";
import type { CredentialName, Receipt } from "./receipt";
import type { StrangeCredential, Target } from "./target";

/** What `status` may find. */
export type FindingCode =
  | "busy"
  | "never_rotated"
  | "unfinished"
  | "current_refused"
  | "previous_refused"
  | "not_ended"
  | "crowded"
  | "overdue"
  | "too_soon"
  | "unannounced"
  | "last_attempt_failed"
  | "journal_lost"
  | "cannot_tell";

/** One thing that somebody may have to do something about. It holds no value. */
export interface Finding {
  readonly code: FindingCode;
  /** What it is, and what usually makes it. */
  readonly says: string;
  /** What `unstick` does about it. Absent: it is nothing that can be mended from here, and `says` what can be done. */
  readonly mend?: Mend;
}

export type Mend = "finish" | "restore" | "forget" | "end strangers" | "announce";

/** How one target is. Nothing of it is secret. Times are ISO 8601. */
export interface TargetReport {
  /** `rotator/target` */
  readonly target: string;
  /** `organization/project/environment` of the environment that rotates it. */
  readonly environment: string;
  readonly current?: CredentialName;
  readonly previous?: CredentialName;
  /** A rotation that was begun. */
  readonly pending?: CredentialName;
  /** When it was last rotated. */
  readonly rotatedAt?: string;
  readonly overdue: boolean;
  /** Empty when nothing is wrong. */
  readonly findings: readonly Finding[];
  readonly strangers?: readonly StrangeCredential[];
  /** The last attempts, oldest first. */
  readonly receipts: readonly Receipt[];
}

/** When rotations are expected. */
export interface Expectation {
  /** After so many hours without one, the next is overdue. */
  readonly overdueHours: number;
  /** Two that are nearer to each other may have been too quick for who uses the credential. */
  readonly soonHours: number;
}

export const DEFAULT_EXPECTATION: Expectation = { overdueHours: 35 * 24, soonHours: 4 };

/** A target as whoever looks after it sees it. */
export interface InspectedTarget {
  readonly id: string;
  readonly environment: string;
  /** Throws when the rotator cannot be asked without a request. */
  readonly target: () => Target;
  readonly expectation: Expectation;
  /** Whether rotations are told by events. */
  readonly told: boolean;
}

const HOUR = 3_600_000;

/**
 * Looks at a target: reads the journal and logs in with what should work. It changes nothing and takes no lease, so what
 * it says of a target that is being rotated is only that.
 */
export async function inspect(
  { id, environment, target, expectation, told }: InspectedTarget,
  { journal, now }: { readonly journal: Journal; readonly now: () => number },
): Promise<TargetReport> {
  const empty = { target: id, environment, overdue: false, receipts: [] };
  const findings: Finding[] = [];
  try {
    const entry = await journal.read(id);
    const { receipts, leasedUntil } = entry;
    const timing = expected(receipts, expectation, now());
    findings.push(...timing.findings, ...lastAttempt(receipts), ...(told ? untold(receipts) : []));
    const said = { ...empty, receipts, ...timing.report };
    if (leasedUntil !== undefined) {
      const until = new Date(leasedUntil).toISOString();
      findings.push({
        code: "busy",
        says: `a call is at it, or was killed: until ${until} nobody else may be. Ask again then`,
      });
      return { ...said, findings };
    }
    const document = await entry.document();
    const strangers = await look(target(), document, findings);
    return { ...said, ...describe(document), findings, ...(strangers.length > 0 && { strangers }) };
  } catch (error) {
    return { ...empty, findings: [...findings, explain(error)] };
  }
}

/** What logging in tells. */
async function look(
  target: Target,
  { head, pending }: Partial<JournalDocument> = {},
  findings: Finding[],
): Promise<readonly StrangeCredential[]> {
  const works = ({ credential }: IssuedCredential) => target.verify(credential);
  if (head === undefined && pending === undefined) {
    findings.push({ code: "never_rotated", says: "nothing has been rotated yet: run it with --first" });
  }
  if (head !== undefined && !(await works(head.current))) {
    findings.push({
      code: "current_refused",
      says: "the target refuses the credential in use: somebody has changed or ended it by hand",
      mend: "restore",
    });
  }
  if (pending !== undefined) {
    const how = (await works(pending.current))
      ? "its credential works already, so all that is left is to say so"
      : "the target does not take its credential: it has not been applied, or takes a while, or something before the target (a proxy) does not know it";
    findings.push({
      code: "unfinished",
      says: `a rotation was begun and did not come to its end; ${how}. What is in use is not touched by it`,
      mend: "finish",
    });
  } else if (head?.previous !== undefined && !(await works(head.previous))) {
    findings.push({
      code: "previous_refused",
      says: "the target refuses the previous credential, which should be valid until the next rotation: who still has it must look again",
      mend: target.issues === true ? "announce" : "restore",
    });
  }
  const known = [head, pending].flatMap((step) => [step?.current, step?.previous]);
  const strangers =
    (await target.strangers?.(known.flatMap((issued) => (issued ? [issued.credential] : [])))) ?? [];
  if (strangers.length > 0) {
    const ids = strangers
      .map(({ id, lastUsed }) => `${id} (last used: ${lastUsed ?? "not told"})`)
      .join(", ");
    findings.push({
      code: "crowded",
      says: `the target has no room for another credential, for the journal does not know ${ids}: end what is not in use, or give what is in use to the state by hand`,
      mend: "end strangers",
    });
  }
  return strangers;
}

function describe({ head, pending }: Partial<JournalDocument> = {}) {
  const name = ({ slot, version, rotatedAt }: IssuedCredential): CredentialName => ({
    slot,
    ...(version !== undefined && { version }),
    ...(rotatedAt !== undefined && { rotatedAt }),
  });
  return {
    ...(head && { current: name(head.current) }),
    ...(head?.previous && { previous: name(head.previous) }),
    ...(pending && { pending: name(pending.current) }),
  };
}

function expected(
  receipts: readonly Receipt[],
  { overdueHours, soonHours }: Expectation,
  now: number,
): { readonly findings: readonly Finding[]; readonly report: Pick<TargetReport, "overdue" | "rotatedAt"> } {
  const rotated = receipts.filter(({ outcome }) => outcome === "rotated");
  const [before, last] = [rotated.at(-2), rotated.at(-1)];
  if (last === undefined) return { findings: [], report: { overdue: false } };
  const findings: Finding[] = [];
  const overdue = now - Date.parse(last.at) > overdueHours * HOUR;
  if (overdue) {
    findings.push({
      code: "overdue",
      says: `it was last rotated at ${last.at}, more than ${overdueHours} hours ago: look at the schedule of its environment and at ESC's last attempt`,
    });
  }
  const apart = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(last.at) - Date.parse(before.at);
  const isRecent = now - Date.parse(last.at) < soonHours * HOUR;
  if (apart < soonHours * HOUR && isRecent) {
    findings.push({
      code: "too_soon",
      says: `it was rotated twice within ${soonHours} hours: who has looked less often than that has a credential that is dead, and must look again`,
      mend: "announce",
    });
  }
  if (last.ended?.proof === "accepted") {
    findings.push({
      code: "not_ended",
      says: "the target still accepted the credential that the last rotation ended: end it there by hand, or rotate again",
    });
  }
  return { findings, report: { overdue, rotatedAt: last.at } };
}

function untold(receipts: readonly Receipt[]): readonly Finding[] {
  const since = receipts.find(({ outcome, announced }) => outcome === "rotated" && announced === undefined);
  if (since === undefined) return [];
  return [
    {
      code: "unannounced",
      says: `nobody was told of the rotation at ${since.at}: EventBridge could not be reached, or the call was cut off`,
      mend: "announce",
    },
  ];
}

function lastAttempt(receipts: readonly Receipt[]): readonly Finding[] {
  const last = receipts.at(-1);
  if (last?.outcome !== "failed") return [];
  const { at, code = "internal" } = last;
  const hint = HINTS[code as AdapterErrorCode];
  return [
    {
      code: "last_attempt_failed",
      says: `the last attempt, at ${at}, failed with ${code}${hint === undefined ? "" : `: ${hint}`}`,
    },
  ];
}

/** What usually is behind it. */
const HINTS: Partial<Record<AdapterErrorCode, string>> = {
  rotation_unproven:
    "the target did not accept the new credential in time; a replica, a proxy or the target itself may take a while",
  rotation_timeout: "there was no time left: is something between the function and the target or AWS slow?",
  rotation_busy: "another call was at it",
  target_unavailable: "the function does not reach the target: route, security group, name, certificate",
  target_denied: "what administers the target is refused: is its entry's value the right one?",
  target_full: "the target has no room for another credential",
  journal_unavailable:
    "the function does not get at its journal: VPC endpoints for Secrets Manager and DynamoDB, the role, the key's policy",
  state_unknown: "what should work does not",
};

function explain(error: unknown): Finding {
  const { code, message, cause } = toAdapterError(error);
  const isGone = (cause as { name?: unknown } | undefined)?.name === "ResourceNotFoundException";
  if (code === "journal_unavailable" && isGone) {
    return {
      code: "journal_lost",
      says: "what the journal points at is not there: somebody has deleted it. Given up, the next rotation goes on from what ESC has",
      mend: "forget",
    };
  }
  const hint = HINTS[code];
  return { code: "cannot_tell", says: `${code}: ${message}${hint === undefined ? "" : ` (${hint})`}` };
}
