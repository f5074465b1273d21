import type { EnvironmentStore } from "./environment-store";
import { EscServiceError } from "./errors";
import { type EnvironmentReference, formatEnvironmentId } from "./names";

/**
 * Takes a revision out of use: it can be read and opened no more, and its tags move to the replacement, by default the
 * newest revision before it that is in use. The words of `env version retract` (cmd/esc/cli/env_version_retract.go).
 *
 * @throws {ERR_ESC_SERVICE_BAD_REQUEST} for the latest revision, and where no replacement is left;
 * {ERR_ESC_SERVICE_NOT_FOUND}
 */
export function retractRevision(
  store: EnvironmentStore,
  reference: EnvironmentReference,
  { replacement, reason = "" }: { replacement?: number | undefined; reason?: string | undefined },
): void {
  const { number } = store.read(reference);
  const { revisions, tags, retractions } = store.find(reference);
  const name = formatEnvironmentId(reference);
  if (number === revisions.length) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `revision ${number} is the latest of ${name}: write a new one first, then retract this`,
    );
  }
  const before = revisions.filter(
    (revision) => revision.number < number && !retractions.has(revision.number),
  );
  const chosen = replacement ?? before.at(-1)?.number;
  if (chosen === undefined || chosen === number) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `no revision of ${name} is left to take the place of revision ${number}: name another as its replacement`,
    );
  }
  store.read({ ...reference, version: String(chosen) });
  const at = store.timestamp();
  retractions.set(number, { replacement: chosen, at, reason });
  for (const tag of tags.values()) {
    if (tag.revision === number) tags.set(tag.name, { ...tag, revision: chosen, modified: at });
  }
}
