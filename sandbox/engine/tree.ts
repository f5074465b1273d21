import type { ResourceState } from "./resource-state";
import { isDefaultProvider } from "./stack-state";

export interface TreeOptions {
  readonly resources: readonly ResourceState[];
  /** Columns. Default: 80. */
  readonly width?: number;
}

/** Pulumi's signs, each of one character. What stays as it is has none. */
export const signs = {
  create: "+",
  same: " ",
  update: "~",
  replace: "±",
  delete: "-",
  retain: "=",
  read: ">",
} as const;

/**
 * Draws the resources of a deployment as Pulumi does: a sign for what happens to each, its type and its name, each
 * under its parent. Default providers are left out, as Pulumi leaves them out. Nothing but names is shown.
 */
export function renderTree({ resources, width = 80 }: TreeOptions): string[] {
  const shown = resources.filter((resource) => !isDefaultProvider(resource));
  const urns = new Set(shown.map(({ urn }) => urn));
  const childrenOf = (urn: string) => shown.filter(({ parent }) => parent === urn);
  const roots = shown.filter(({ parent }) => parent === undefined || !urns.has(parent));
  const rows: { sign: string; type: string; name: string }[] = [];
  const visit = (resource: ResourceState, lead: string, branch: string) => {
    const sign = resource.failed ? "!" : signs[resource.change];
    rows.push({ sign, type: `${lead}${branch}${shortType(resource.type)}`, name: resource.name });
    const below = childrenOf(resource.urn);
    const inner = branch === "" ? lead : `${lead}${branch === "├─ " ? "│  " : "   "}`;
    below.forEach((child, index) => {
      visit(child, inner, index === below.length - 1 ? "└─ " : "├─ ");
    });
  };
  for (const root of roots) visit(root, "", "");
  return layOut(rows, width);
}

/** `aws:iam/role:Role` is shown as `aws:iam:Role`, as Pulumi shows it. */
export function shortType(type: string): string {
  const [packageName, module = "", name = ""] = type.split(":");
  const [folder, file] = module.split("/");
  const repeats = file !== undefined && file.toLowerCase() === name.toLowerCase();
  return repeats ? `${packageName}:${folder}:${name}` : type;
}

function layOut(rows: readonly { sign: string; type: string; name: string }[], width: number): string[] {
  const lead = " + ".length;
  const gap = "  ".length;
  const room = width - lead - gap;
  const longestName = Math.max(0, ...rows.map(({ name }) => name.length));
  const longestType = Math.max(0, ...rows.map(({ type }) => type.length));
  const typeWidth = Math.min(longestType, Math.max(room - longestName, Math.ceil(room * 0.6)));
  return rows.map(({ sign, type, name }) => {
    const column = shorten(type, typeWidth).padEnd(typeWidth);
    return ` ${sign} ${column}  ${shorten(name, room - typeWidth)}`.trimEnd();
  });
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
