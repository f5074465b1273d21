import type { Change, Deployment, PropertyChange, ResourceState } from "./engine/index";
import { isDefaultProvider } from "./engine/stack-state";
import { shortType, signs } from "./engine/tree";
import { wrap } from "./wrap";

const WIDTH = 80;

/** In the order in which they are told, as preview and as what was done. */
const words: Readonly<Record<Change, readonly [string, string]>> = {
  create: ["to create", "created"],
  update: ["to update", "updated"],
  replace: ["to replace", "replaced"],
  delete: ["to delete", "deleted"],
  retain: ["to leave in the cloud", "left in the cloud"],
  read: ["to read", "read"],
  same: ["unchanged", "unchanged"],
};

/** What one preview, up or destroy did, for people: at most 80 columns. Never shows a secret. */
export function renderDeployment(deployment: Deployment): string {
  const { operation, project, stack, resources, diagnostics, ok } = deployment;
  const shown = resources.filter(
    (resource) => !isDefaultProvider(resource) && (resource.change !== "same" || resource.failed),
  );
  const typeWidth = Math.min(44, Math.max(0, ...shown.map(({ type }) => shortType(type).length)));
  const lines = [
    `${ok ? "✓" : "✗"} ${operation} ${project}/${stack}`,
    "",
    ...shown.flatMap((resource) => renderResource(resource, typeWidth)),
    ...(shown.length > 0 ? [""] : []),
    ...diagnostics
      .filter(({ severity }) => severity !== "info")
      .flatMap(({ severity, message }) => indented(`${severity}: ${message}`)),
    summary(deployment),
  ];
  return `${lines.join("\n")}\n`;
}

/** The same as one JSON value. */
export function deploymentJson(deployment: Deployment): unknown {
  const { resources, ...rest } = deployment;
  return {
    ...rest,
    resources: resources.map(({ urn, type, name, change, failed, diff }) => ({
      change,
      type,
      name,
      urn,
      ...(failed && { failed }),
      ...(diff && { diff }),
    })),
  };
}

function renderResource(
  { type, name, change, failed, diff = [] }: ResourceState,
  typeWidth: number,
): string[] {
  const sign = failed ? "!" : signs[change];
  return [
    cut(` ${sign} ${cut(shortType(type), typeWidth).padEnd(typeWidth)}  ${name}`),
    ...diff.flatMap(renderChange),
  ];
}

function renderChange({ path, old, new: next, replaces }: PropertyChange): string[] {
  const place = `     ${path}${replaces ? " (makes it anew)" : ""}`;
  const oneLine = old !== undefined && next !== undefined && `${place}: ${old} → ${next}`;
  if (oneLine && oneLine.length <= WIDTH) return [oneLine];
  return [
    cut(place),
    ...(old === undefined ? [] : [cut(`       - ${old}`)]),
    ...(next === undefined ? [] : [cut(`       + ${next}`)]),
  ];
}

function summary({ ok, operation, changes, durationMs }: Deployment): string {
  const tense = operation === "preview" ? 0 : 1;
  const counts = (Object.keys(words) as Change[]).flatMap((change) =>
    changes[change] === undefined ? [] : [`${changes[change]} ${words[change][tense]}`],
  );
  const what = counts.length === 0 ? "nothing" : counts.join(", ");
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  if (ok) return `${what} (${seconds})`;
  return operation === "preview"
    ? `failed after ${seconds}`
    : `failed after ${seconds}; done until then: ${what}`;
}

function indented(text: string): string[] {
  return wrap(text, WIDTH - 2).map((line, index) => (index === 0 ? line : `  ${line}`));
}

function cut(line: string, width = WIDTH): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
