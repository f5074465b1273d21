import { isMap, isPair, isScalar, LineCounter, parseDocument, type Scalar, visit } from "yaml";
import { findTelltales } from "../forms";

/** What is read of an environment's definition. */
export interface DefinitionFacts {
  /** Where a secret stands in plain text, by a path such as `values.environmentVariables.KEY`, and what it looks like. */
  readonly plainText: readonly { readonly path: string; readonly line: number; readonly what: string }[];
  /** Where ESC keeps an encrypted secret. */
  readonly encrypted: readonly { readonly path: string; readonly line: number }[];
  /** The ids of entries that it reads, by path. Those that are put together when it is opened are left out. */
  readonly entries: readonly { readonly path: string; readonly id: string }[];
  /** Providers by the path at which they are called. */
  readonly providers: readonly { readonly path: string; readonly provider: string }[];
}

/**
 * Reads a definition, as it is stored, for what the opened environment does not show.
 *
 * @param secrets texts of its secrets: where one of them is written out, that is a secret in plain text whatever it looks like
 */
export function readDefinition(yaml: string, secrets: readonly string[] = []): DefinitionFacts {
  const lines = new LineCounter();
  const facts = { plainText: [], encrypted: [], entries: [], providers: [] } as Mutable<DefinitionFacts>;
  // Of shorter ones, many a harmless text has one in it.
  const written = secrets.filter((text) => text.length >= 8);
  visit(parseDocument(yaml, { lineCounter: lines }), {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key)) return;
      const path = pathOf([...ancestors, pair]);
      const line = lines.linePos(pair.key.range?.[0] ?? 0).line;
      const name = String(pair.key.value);
      if (name === "fn::secret" && isMap(pair.value) && pair.value.has("ciphertext")) {
        facts.encrypted.push({ path: parentOf(path), line });
      } else if (name === "fn::secret") {
        facts.plainText.push({ path: parentOf(path), line, what: "a secret that is not encrypted" });
      } else if (name.startsWith("fn::open::")) {
        facts.providers.push({ path: parentOf(path), provider: name.slice("fn::open::".length) });
      } else if (isScalar(pair.value) && (name === "secretId" || name === "secretName")) {
        const id = String(pair.value.value);
        if (!id.includes("${")) facts.entries.push({ path, id });
      } else if (name === "provider" && isScalar(pair.value) && /(^|\.)fn::open$/.test(parentOf(path))) {
        facts.providers.push({ path: parentOf(parentOf(path)), provider: String(pair.value.value) });
      }
    },
    Scalar(key, node: Scalar, ancestors) {
      if (key === "key" || typeof node.value !== "string") return;
      const path = pathOf(ancestors);
      // Encrypted, or already said.
      if (/(^|\.)fn::secret(\.|$)/.test(path)) return;
      const text = node.value;
      const [telltale] = findTelltales(text);
      const what =
        telltale !== undefined
          ? `text of the form ${telltale}`
          : written.some((secret) => text.includes(secret))
            ? "the value of a secret"
            : undefined;
      if (what !== undefined) {
        facts.plainText.push({ path, line: lines.linePos(node.range?.[0] ?? 0).line, what });
      }
    },
  });
  return facts;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Keys from the top to a node. Items of lists are not counted. */
function pathOf(ancestors: readonly unknown[]): string {
  return ancestors
    .flatMap((node) => (isPair(node) && isScalar(node.key) ? String(node.key.value) : []))
    .join(".");
}

function parentOf(path: string): string {
  const at = path.lastIndexOf(".");
  return at < 0 ? "" : path.slice(0, at);
}
