import { createHash } from "node:crypto";
import { encryptSecrets } from "../../esc/evaluator/index";
import { MAX_DEFINITION_BYTES } from "../../esc/evaluator/limits";
import type { Cipher } from "../../esc/evaluator/types";
import type { Draft } from "./drafts";
import { createEnvironmentCipher, generateStoreKey } from "./environment-cipher";
import type { EnvironmentTag } from "./environment-tags";
import { EscServiceError } from "./errors";
import {
  checkEnvironmentId,
  checkTagName,
  type EnvironmentId,
  type EnvironmentReference,
  formatEnvironmentId,
} from "./names";
import type { Webhooks } from "./webhooks";

/** One immutable revision. Times are ISO 8601; `yaml` carries secrets only as ciphertext. */
export interface Revision {
  readonly number: number;
  readonly created: string;
  readonly etag: string;
  readonly yaml: string;
}

/** A name that points at a revision. */
export interface RevisionTag {
  readonly name: string;
  readonly revision: number;
  readonly created: string;
  readonly modified: string;
}

/** Why a revision can no longer be read. */
export interface Retraction {
  /** The revision that its tags were moved to. */
  readonly replacement: number;
  readonly at: string;
  readonly reason: string;
}

/** One environment, whole. */
export interface StoredEnvironment {
  readonly id: EnvironmentId;
  readonly revisions: [Revision, ...Revision[]];
  readonly tags: Map<string, RevisionTag>;
  /** By the revision's number. */
  readonly retractions: Map<number, Retraction>;
  /** Names with values that say something of the environment, not of a revision. */
  readonly environmentTags: Map<string, EnvironmentTag>;
  /** Proposed definitions, by the id of their change request. */
  readonly drafts: Map<string, Draft>;
  readonly webhooks: Webhooks;
  deletionProtected: boolean;
}

/** As another version may have kept it: what came later may be missing. */
type KeptEnvironment = Pick<StoredEnvironment, "id" | "revisions" | "tags"> & Partial<StoredEnvironment>;

/** Everything that a store holds: with its key, so it opens every secret. */
export interface StoreContent {
  readonly key: Uint8Array;
  readonly environments: readonly KeptEnvironment[];
}

export interface EnvironmentStoreOptions {
  /** What another store held. @default nothing, and a new key */
  readonly content?: StoreContent;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The environments of the laptop's ESC: every revision of every definition, and the tags that name revisions.
 * Secrets are encrypted before anything is kept, with a key that is made with the store and handed on with its content.
 * State only: it evaluates nothing and knows no HTTP.
 */
export class EnvironmentStore {
  private readonly now: () => number;
  private readonly key: Buffer;
  private readonly environments: Map<string, StoredEnvironment>;

  constructor({ now = Date.now, content }: EnvironmentStoreOptions = {}) {
    this.now = now;
    this.key = content === undefined ? generateStoreKey() : Buffer.from(content.key);
    this.environments = new Map(
      content?.environments.map((kept) => [formatEnvironmentId(kept.id), { ...nothingElse(), ...kept }]),
    );
  }

  /** For another store. */
  content(): StoreContent {
    return { key: this.key, environments: [...this.environments.values()] };
  }

  /**
   * Makes an empty environment: revision 1, without a definition.
   * @throws {ERR_ESC_SERVICE_BAD_NAME} {ERR_ESC_SERVICE_EXISTS}
   */
  create(id: EnvironmentId): void {
    this.add({ id, revisions: [this.makeRevision(1, "")], tags: new Map() });
  }

  /** Takes in an environment that has been made elsewhere. @throws as `create` */
  add(environment: KeptEnvironment): void {
    const { id } = environment;
    checkEnvironmentId(id);
    const name = formatEnvironmentId(id);
    if (this.environments.has(name)) {
      throw new EscServiceError("ERR_ESC_SERVICE_EXISTS", `environment ${name} already exists`);
    }
    this.environments.set(name, { ...nothingElse(), ...environment });
  }

  /** All environments of an organization with the times of their first and last revision, sorted by name. */
  list(organization: string): { id: EnvironmentId; created: string; modified: string }[] {
    return [...this.environments]
      .filter(([, { id }]) => id.organization === organization)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { id, revisions }]) => ({
        id,
        created: revisions[0].created,
        modified: latestOf(revisions).created,
      }));
  }

  /** The revision that a reference names, secrets encrypted. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  read(reference: EnvironmentReference): Revision {
    const { revisions, tags, retractions } = this.find(reference);
    const { version } = reference;
    if (version === undefined || version === "latest") {
      return latestOf(revisions);
    }
    const number = /^[0-9]/.test(version) ? parseRevision(version) : tags.get(version)?.revision;
    const revision = number === undefined ? undefined : revisions[number - 1];
    if (revision === undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `environment ${formatEnvironmentId(reference)} has no revision or tag ${JSON.stringify(version)}`,
      );
    }
    const retraction = retractions.get(revision.number);
    if (retraction !== undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `revision ${revision.number} of environment ${formatEnvironmentId(reference)} has been retracted: use revision ${retraction.replacement}`,
      );
    }
    return revision;
  }

  /**
   * Adds a revision. With `ifMatch`, only if the latest revision still has that ETag: compared before and, since
   * encrypting takes a moment, once more when the revision is added, so that of two writers one is refused.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_CONFLICT} {ERR_ESC_SERVICE_TOO_LARGE}
   */
  async update(id: EnvironmentId, yaml: string, options: { ifMatch?: string } = {}): Promise<Revision> {
    this.checkMatch(id, options.ifMatch);
    const sealed = await this.seal(id, yaml);
    this.checkMatch(id, options.ifMatch);
    const { revisions } = this.find(id);
    const revision = this.makeRevision(revisions.length + 1, sealed);
    revisions.push(revision);
    return revision;
  }

  /** A definition with its secrets encrypted for an environment. @throws {ERR_ESC_SERVICE_TOO_LARGE} */
  async seal(id: EnvironmentId, yaml: string): Promise<string> {
    const sealed = await encryptSecrets(yaml, this.cipher(id));
    if (Buffer.byteLength(sealed) > MAX_DEFINITION_BYTES) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_TOO_LARGE",
        `with its secrets encrypted, the definition of ${formatEnvironmentId(id)} is larger than ${MAX_DEFINITION_BYTES} bytes and could never be opened`,
      );
    }
    return sealed;
  }

  /** Refuses an ETag that is not the latest revision's; no ETag always matches. @throws {ERR_ESC_SERVICE_CONFLICT} */
  checkMatch(id: EnvironmentId, ifMatch: string | undefined): void {
    const latest = latestOf(this.find(id).revisions);
    if (ifMatch !== undefined && ifMatch !== latest.etag) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_CONFLICT",
        `environment ${formatEnvironmentId(id)} has changed since it was read (it is at revision ${latest.number}): read it again and repeat the change`,
      );
    }
  }

  /** Forgets the environment with all its revisions and tags. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  delete(id: EnvironmentId): void {
    this.find(id);
    this.environments.delete(formatEnvironmentId(id));
  }

  /** The newest revisions first, at most `count`, those below `before` (0 and undefined: all). */
  revisions(id: EnvironmentId, options: { before?: number; count?: number } = {}): Revision[] {
    const before = options.before || Number.POSITIVE_INFINITY;
    return this.find(id)
      .revisions.filter(({ number }) => number < before)
      .reverse()
      .slice(0, options.count ?? Number.POSITIVE_INFINITY);
  }

  /** `latest` first, which the service keeps itself, then the others by name. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  tags(id: EnvironmentId): RevisionTag[] {
    const { revisions, tags } = this.find(id);
    const { number, created } = latestOf(revisions);
    const latest = { name: "latest", revision: number, created: revisions[0].created, modified: created };
    return [latest, ...[...tags.values()].sort((a, b) => (a.name < b.name ? -1 : 1))];
  }

  /** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  tag(id: EnvironmentId, name: string): RevisionTag {
    const tag = this.tags(id).find((candidate) => candidate.name === name);
    if (tag === undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `environment ${formatEnvironmentId(id)} has no revision tag ${JSON.stringify(name)}`,
      );
    }
    return tag;
  }

  /**
   * Names a revision, by default the latest.
   * @throws {ERR_ESC_SERVICE_BAD_NAME} {ERR_ESC_SERVICE_EXISTS} {ERR_ESC_SERVICE_NOT_FOUND}
   */
  createTag(id: EnvironmentId, name: string, revision?: number): void {
    checkTagName(name);
    const { tags } = this.find(id);
    if (tags.has(name)) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_EXISTS",
        `environment ${formatEnvironmentId(id)} already has a revision tag ${JSON.stringify(name)}: update it instead`,
      );
    }
    const created = this.timestamp();
    tags.set(name, { name, revision: this.resolve(id, revision), created, modified: created });
  }

  /** Points a tag at another revision, by default the latest. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  moveTag(id: EnvironmentId, name: string, revision?: number): void {
    checkTagName(name);
    const tag = this.tag(id, name);
    this.find(id).tags.set(name, {
      ...tag,
      revision: this.resolve(id, revision),
      modified: this.timestamp(),
    });
  }

  /** @throws {ERR_ESC_SERVICE_BAD_NAME} {ERR_ESC_SERVICE_NOT_FOUND} */
  deleteTag(id: EnvironmentId, name: string): void {
    checkTagName(name);
    this.tag(id, name);
    this.find(id).tags.delete(name);
  }

  /** What encrypts and decrypts this environment's secrets, and no other's. */
  cipher(id: EnvironmentId): Cipher {
    return createEnvironmentCipher(this.key, id);
  }

  /** The environment itself, to be changed in place. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  find(id: EnvironmentId): StoredEnvironment {
    checkEnvironmentId(id);
    const environment = this.environments.get(formatEnvironmentId(id));
    if (environment === undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `environment ${formatEnvironmentId(id)} does not exist`,
      );
    }
    return environment;
  }

  private resolve(id: EnvironmentId, revision: number | undefined): number {
    return this.read({ ...id, version: revision?.toString() }).number;
  }

  /** The next revision of sealed text; nothing is kept of it yet. */
  makeRevision(number: number, yaml: string): Revision {
    // Over the encrypted text: a hash of plain text would let a reader of ETags try out guesses of a secret.
    const etag = createHash("sha256").update(`${number}\n${yaml}`).digest("hex").slice(0, 32);
    return { number, created: this.timestamp(), etag, yaml };
  }

  /** ISO 8601 */
  timestamp(): string {
    return new Date(this.now()).toISOString();
  }
}

/** What an environment has besides revisions, when it has none of it. */
function nothingElse(): Omit<StoredEnvironment, "id" | "revisions" | "tags"> {
  return {
    retractions: new Map(),
    environmentTags: new Map(),
    drafts: new Map(),
    webhooks: new Map(),
    deletionProtected: false,
  };
}

function latestOf(revisions: readonly [Revision, ...Revision[]]): Revision {
  return revisions[revisions.length - 1] ?? revisions[0];
}

function parseRevision(version: string): number | undefined {
  return /^[1-9][0-9]*$/.test(version) ? Number(version) : undefined;
}
