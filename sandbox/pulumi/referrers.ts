import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { EnvironmentStore } from "./environment-store";
import { type EnvironmentId, formatEnvironmentId, parseImport } from "./names";

/** An environment that imports another, and the revision of the importer in which it does. */
export interface Referrer {
  readonly project: string;
  readonly name: string;
  readonly revision: number;
}

/**
 * The environments that import one, by the version that they import: `latest`, a tag or a number. Only imports are
 * looked at, not `${environments.…}` references; stacks are not known here.
 *
 * @param options.allRevisions looks into every revision of every environment, not only the latest
 */
export function referrersOf(
  store: EnvironmentStore,
  id: EnvironmentId,
  options: { readonly allRevisions?: boolean } = {},
): ReadonlyMap<string, readonly Referrer[]> {
  const wanted = formatEnvironmentId(id);
  const found = new Map<string, Referrer[]>();
  for (const other of store.list(id.organization)) {
    for (const { number, yaml } of store.revisions(other.id, options.allRevisions ? {} : { count: 1 })) {
      for (const name of importsOf(yaml)) {
        const imported = tryParse(id.organization, name);
        if (imported === undefined || formatEnvironmentId(imported) !== wanted) continue;
        const version = imported.version ?? "latest";
        const { project, name: importer } = other.id;
        found.set(version, [...(found.get(version) ?? []), { project, name: importer, revision: number }]);
      }
    }
  }
  return found;
}

/** Each import is a name, or a map whose one key is the name. */
function importsOf(yaml: string): string[] {
  const imports = parseDocument(yaml).get("imports");
  if (!isSeq(imports)) return [];
  return imports.items.flatMap((item) => {
    const name = isMap(item) ? item.items[0]?.key : item;
    return isScalar(name) && typeof name.value === "string" ? [name.value] : [];
  });
}

function tryParse(organization: string, name: string) {
  try {
    return parseImport(organization, name);
  } catch {
    return undefined;
  }
}
