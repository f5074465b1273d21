import { createHash, randomUUID } from "node:crypto";
import type { EnvironmentStore } from "./environment-store";
import { EscServiceError } from "./errors";
import { type EnvironmentId, formatEnvironmentId } from "./names";

/** A proposed definition: what ESC calls a draft, and keeps in a change request. `yaml` is sealed. */
export interface Draft {
  readonly id: string;
  readonly etag: string;
  readonly yaml: string;
  /** The revision that it was written against. */
  readonly baseRevision: number;
  readonly status: "draft" | "submitted";
  readonly description: string;
}

/** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
export function readDraft(store: EnvironmentStore, id: EnvironmentId, draftId: string): Draft {
  const draft = store.find(id).drafts.get(draftId);
  if (draft === undefined) throw noDraft(`environment ${formatEnvironmentId(id)}`);
  return draft;
}

/**
 * Keeps a draft: a new one, or what another says now.
 * @param options.ifMatch the draft's ETag, or for a new draft the environment's, as the caller read it
 * @throws {ERR_ESC_SERVICE_CONFLICT} {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_TOO_LARGE}
 */
export async function writeDraft(
  store: EnvironmentStore,
  id: EnvironmentId,
  yaml: string,
  options: { draftId?: string; ifMatch?: string | undefined },
): Promise<Draft> {
  const old = options.draftId === undefined ? undefined : readDraft(store, id, options.draftId);
  if (old === undefined) {
    store.checkMatch(id, options.ifMatch);
  } else if (options.ifMatch !== undefined && options.ifMatch !== old.etag) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_CONFLICT",
      "the draft has changed since it was read: read it again and repeat the change",
    );
  }
  const sealed = await store.seal(id, yaml);
  const draft: Draft = {
    id: old?.id ?? randomUUID(),
    etag: createHash("sha256").update(`draft\n${sealed}`).digest("hex").slice(0, 32),
    yaml: sealed,
    baseRevision: old?.baseRevision ?? store.read(id).number,
    status: "draft",
    description: old?.description ?? "",
  };
  store.find(id).drafts.set(draft.id, draft);
  return draft;
}

/**
 * Hands a change request in. Who approves it and applies it are people in Pulumi's console: here it stays submitted.
 * @throws {ERR_ESC_SERVICE_NOT_FOUND}
 */
export function submitChangeRequest(
  store: EnvironmentStore,
  organization: string,
  draftId: string,
  description = "",
  mayWrite: (id: EnvironmentId) => boolean = () => true,
): void {
  for (const { id } of store.list(organization)) {
    if (!mayWrite(id)) continue;
    const { drafts } = store.find(id);
    const draft = drafts.get(draftId);
    if (draft === undefined) continue;
    drafts.set(draftId, { ...draft, status: "submitted", description });
    return;
  }
  throw noDraft(`organization ${organization}`);
}

function noDraft(where: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_NOT_FOUND", `${where} has no change request of this id`);
}
