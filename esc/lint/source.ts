import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Access } from "./accesses";
import type { Region } from "./finding";

/** A definition, and where it comes from. */
export interface EnvironmentSource {
  /** `project/name` */
  readonly name: string;
  readonly yaml: string;
  /** The file's path, to be shown. Absent for what a program would write. */
  readonly file?: string;
}

/** One line of `imports`. */
export interface ImportLine {
  /** As written, version included. */
  readonly name: string;
  /** False for `name: {merge: false}`. */
  readonly merge: boolean;
  readonly node: Scalar;
}

/** A definition as nodes with positions. What is not a definition has no values and no imports. */
export class ParsedEnvironment {
  readonly source: EnvironmentSource;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly imports: readonly ImportLine[];
  readonly values: YAMLMap | undefined;

  constructor(source: EnvironmentSource) {
    this.source = source;
    // As Go's reader: no merge keys, and a key that is there twice is the evaluator's to report.
    this.#document = parseDocument(source.yaml, {
      lineCounter: this.#lines,
      logLevel: "silent",
      uniqueKeys: false,
      merge: false,
    });
    const values = this.topLevel("values")?.value;
    this.values = isMap(values) ? values : undefined;
    this.imports = readImports(this.topLevel("imports")?.value);
  }

  get name(): string {
    return this.source.name;
  }

  /** The pair of a key beside `values`; ESC ignores the case of these keys. The last one counts. */
  topLevel(key: string): Pair<Scalar, Node> | undefined {
    return this.topLevelPairs()
      .filter((pair) => String(pair.key.value).toLowerCase() === key)
      .at(-1);
  }

  topLevelPairs(): Pair<Scalar, Node>[] {
    return isMap(this.#document.contents) ? scalarPairs(this.#document.contents) : [];
  }

  /** Where a node is; with an access, where in it that is, as far as the writing tells. */
  region(node: Node, access?: Access): Region {
    const [start = 0, end = 0] = node.range ?? [];
    const plain = isScalar(node) && node.type === "PLAIN" && end - start === String(node.value).length;
    return access !== undefined && plain
      ? this.regionAt(start + access.start, start + access.end)
      : this.regionAt(start, isScalar(node) ? end : start);
  }

  /** By offsets in characters. */
  regionAt(start: number, end: number): Region {
    const [from, to] = [this.#lines.linePos(start), this.#lines.linePos(end)];
    return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col };
  }
}

/** The pairs of a map whose keys are text, as all of ESC's are. */
export function scalarPairs(map: YAMLMap): Pair<Scalar, Node>[] {
  return (map.items as Pair[]).filter((pair): pair is Pair<Scalar, Node> => isScalar(pair.key));
}

/** The value under a key. ESC takes the first of several. */
export function memberOf(node: unknown, key: string): Node | undefined {
  return isMap(node)
    ? (scalarPairs(node).find((pair) => String(pair.key.value) === key)?.value ?? undefined)
    : undefined;
}

export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
}

/** A call of one of ESC's functions. */
export interface Call {
  /** `fn::toJSON`, `fn::open::aws-login`; the long form of `fn::open` reads as the short one. */
  readonly name: string;
  readonly key: Scalar;
  /** What the function is given: of `fn::open` and `fn::rotate` the inputs. */
  readonly argument: Node | undefined;
}

/** The call that a node is. A map with one key that begins with `fn::` is one. */
export function callOf(node: unknown): Call | undefined {
  if (!isMap(node) || node.items.length !== 1) return undefined;
  const [pair] = scalarPairs(node);
  const name = String(pair?.key.value ?? "");
  if (pair === undefined || !name.startsWith("fn::")) return undefined;
  const key = pair.key;
  const argument = pair.value ?? undefined;
  const [, verb, provider] = /^fn::(open|rotate)(?:::(.*))?$/.exec(name) ?? [];
  if (verb === undefined) return { name, key, argument };
  const long = provider === undefined;
  return {
    name: long ? `${name}::${textOf(memberOf(argument, "provider")) ?? ""}` : name,
    key,
    argument: long || verb === "rotate" ? memberOf(argument, "inputs") : argument,
  };
}

/** Visits a node and everything below it. */
export function walk(node: unknown, visit: (node: Node, path: readonly string[]) => void): void {
  const step = (at: unknown, path: readonly string[]) => {
    if (isMap(at)) {
      visit(at, path);
      for (const { key, value } of scalarPairs(at)) step(value, [...path, String(key.value)]);
    } else if (isSeq(at)) {
      visit(at, path);
      at.items.forEach((item, index) => {
        step(item, [...path, String(index)]);
      });
    } else if (isScalar(at)) {
      visit(at, path);
    }
  };
  step(node, []);
}

function readImports(node: unknown): ImportLine[] {
  if (!isSeq(node)) return [];
  return node.items.flatMap((item): ImportLine[] => {
    if (isScalar(item) && typeof item.value === "string")
      return [{ name: item.value, merge: true, node: item }];
    const [pair] = isMap(item) ? scalarPairs(item) : [];
    if (pair === undefined) return [];
    const merge = memberOf(pair.value, "merge");
    return [
      { name: String(pair.key.value), merge: !(isScalar(merge) && merge.value === false), node: pair.key },
    ];
  });
}
