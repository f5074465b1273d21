import { Document, type ParsedNode, parseDocument } from "yaml";
import { renderAccess, renderText, type Step } from "../../esc/definition/text";
import { isMap as isMapping } from "../../esc/is-map";
import { Concealed } from "./concealed";
import type { Container, Found } from "./item";

/** A secret that stands in a definition. */
export interface StaticSecret {
  /** Below `values`. */
  readonly path: readonly Step[];
  readonly value: Concealed;
}

/** Every `fn::secret` of a decrypted definition. One that holds more than text is told as its JSON. */
export function staticSecrets(yaml: string): readonly StaticSecret[] {
  const secrets: StaticSecret[] = [];
  const visit = (node: unknown, path: readonly Step[]) => {
    const text = secretText(node);
    if (text !== undefined) {
      secrets.push({ path, value: new Concealed(text) });
    } else if (Array.isArray(node)) {
      for (const [index, item] of node.entries()) visit(item, [...path, index]);
    } else if (isMapping(node)) {
      for (const [key, value] of Object.entries(node)) visit(value, [...path, key]);
    }
  };
  visit((parseDocument(yaml).toJS() as { values?: unknown } | null)?.values, []);
  return secrets;
}

/**
 * A secret as a definition holds it. ESC encrypts the text as it stands, without looking for `${` or `$$` in it, but reads
 * both where the text is checked before that: a value that has them goes in as JSON, which can say `$` in other words.
 */
function secretNode(value: string): object {
  if (!/\$[${]/.test(value)) return { "fn::secret": value };
  return { "fn::fromJSON": { "fn::secret": JSON.stringify(value).replaceAll("$", "\\u0024") } };
}

/** What `secretNode` wrote, or somebody else; undefined for what is no secret. */
function secretText(node: unknown): string | undefined {
  if (!isMapping(node)) return undefined;
  if ("fn::secret" in node) {
    const text = node["fn::secret"];
    return typeof text === "string" ? text : JSON.stringify(text);
  }
  const json = isMapping(node["fn::fromJSON"]) ? secretText(node["fn::fromJSON"]) : undefined;
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}

/** A decrypted definition, asked what stands at a path below `values`. */
export function definitionContainer(yaml: string): Container {
  const document = parseDocument(yaml);
  return {
    standing(slot, item) {
      const at = ["values", ...parsePath(slot)];
      if (!document.hasIn(at)) return "empty";
      const node = at.reduce(member, document.toJS() as unknown);
      const stands = item.secret ? secretText(node) : node;
      const wanted = item.secret ? item.value.reveal() : renderText([item.value.reveal()]);
      return stands === wanted ? "same" : "different";
    },
  };
}

/** Puts values into a definition; what else is in it, comments included, stays. */
export function writeValues(
  yaml: string,
  items: ReadonlyMap<string, Pick<Found, "value" | "secret">>,
): string {
  const parsed = parseDocument(yaml);
  const document: Document<ParsedNode> | Document = parsed.contents === null ? new Document({}) : parsed;
  for (const [slot, { value, secret }] of items) {
    const path = ["values", ...parsePath(slot)];
    // `values:` and other keys with nothing behind them are no maps yet.
    for (let depth = 1; depth < path.length; depth++) {
      const above = path.slice(0, depth);
      if (document.hasIn(above) && document.getIn(above) == null) document.deleteIn(above);
    }
    const text = value.reveal();
    document.setIn(path, document.createNode(secret ? secretNode(text) : renderText([text])));
  }
  return document.toString({ lineWidth: 0 });
}

function member(node: unknown, step: Step): unknown {
  return (node as Record<Step, unknown> | undefined)?.[step];
}

/** `a.b["c.d"][0]` as keys. @throws Error saying what to write */
export function parsePath(text: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.?([A-Za-z_][\w-]*)|\["((?:\\"|[^"])+)"\]|\[(\d+)\]/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null || (at === 0 && match[0].startsWith("."))) {
      throw new Error(
        `"${text}" must be a path below values, such as database.url or pulumiConfig["shop:key"]`,
      );
    }
    const [, bare, quoted, index] = match;
    steps.push(index === undefined ? (bare ?? (quoted ?? "").replaceAll('\\"', '"')) : Number(index));
  }
  return steps;
}

/** A path as `parsePath` reads it. */
export function formatPath(path: readonly Step[]): string {
  return renderAccess(path).slice(2, -1);
}
