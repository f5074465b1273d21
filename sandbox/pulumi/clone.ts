import { decryptSecrets } from "../../esc/evaluator/index";
import type { EnvironmentStore, Revision } from "./environment-store";
import { EscServiceError } from "./errors";
import type { EnvironmentId } from "./names";

/** What a clone takes along besides the definition. @default nothing */
export interface CloneOptions {
  /** The revision to clone. @default the latest */
  readonly version?: number | undefined;
  /** The revisions before it too, with their numbers; otherwise the clone begins at revision 1. */
  readonly preserveHistory?: boolean | undefined;
  readonly preserveEnvironmentTags?: boolean | undefined;
  /** Those that name a revision that the clone has. */
  readonly preserveRevisionTags?: boolean | undefined;
}

/**
 * Makes an environment from another of the same organization. Secrets are encrypted anew: an environment opens its own
 * ciphertext only. Deletion protection and drafts stay behind.
 *
 * @throws {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_EXISTS} {ERR_ESC_SERVICE_BAD_NAME}
 */
export async function cloneEnvironment(
  store: EnvironmentStore,
  source: EnvironmentId,
  target: EnvironmentId,
  options: CloneOptions = {},
): Promise<void> {
  const { revisions, tags, environmentTags, retractions } = store.find(source);
  const wanted = store.read({ ...source, version: options.version?.toString() });
  const kept = options.preserveHistory
    ? revisions.filter(({ number }) => number <= wanted.number)
    : [{ ...wanted, number: 1 }];
  const copies = await Promise.all(kept.map((revision) => copy(store, revision, source, target)));
  const [first, ...rest] = copies;
  if (first === undefined) {
    throw new EscServiceError("ERR_ESC_SERVICE_NOT_FOUND", "the environment has no revision to clone");
  }
  const copied = new Set(copies.map(({ number }) => number));
  const numberOf = (revision: number) =>
    options.preserveHistory ? revision : revision === wanted.number ? 1 : undefined;
  const revisionTags = [...tags.values()].flatMap((tag) => {
    const revision = numberOf(tag.revision);
    return revision !== undefined && copied.has(revision) ? [[tag.name, { ...tag, revision }] as const] : [];
  });
  store.add({
    id: target,
    revisions: [first, ...rest],
    tags: new Map(options.preserveRevisionTags ? revisionTags : []),
    retractions: new Map(options.preserveHistory ? [...retractions].filter(([n]) => copied.has(n)) : []),
    environmentTags: new Map(options.preserveEnvironmentTags ? environmentTags : []),
  });
}

async function copy(
  store: EnvironmentStore,
  { number, yaml }: Revision,
  source: EnvironmentId,
  target: EnvironmentId,
): Promise<Revision> {
  const plain = await decryptSecrets(yaml, store.cipher(source));
  return store.makeRevision(number, await store.seal(target, plain));
}
