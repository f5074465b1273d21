import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { DefinitionError } from "./errors";
import { isExpression, NODE, type Value } from "./expression";
import { renderAccess, renderText } from "./text";

/** A definition as data, in the order in which it is written. */
export interface DefinitionSource {
  readonly comment?: string;
  readonly description?: string;
  readonly imports: readonly string[];
  readonly sections: readonly { readonly name: string; readonly value: Value; readonly comment?: string }[];
}

/**
 * Writes a definition as YAML in block style: two spaces, one blank line between sections, quotes where the
 * text needs them.
 */
export function renderDefinition(source: DefinitionSource): string {
  const document = new Document(new YAMLMap(), { version: "1.2", compat: "yaml-1.1" });
  const root = document.contents as unknown as YAMLMap;
  if (source.description !== undefined) {
    root.add(
      new Pair(new Scalar("description"), renderString(renderText([source.description]), "description")),
    );
  }
  if (source.imports.length > 0) {
    const list = new YAMLSeq();
    list.items = source.imports.map((name) => renderString(name, "imports"));
    root.add(section("imports", list, { spaceBefore: root.items.length > 0 }));
  }
  if (source.sections.length > 0) {
    const values = new YAMLMap();
    for (const { name, value, comment } of source.sections) {
      const node = renderValue(value, { path: name, mayLogIn: false });
      // Keys directly under `values` are taken as they are: no `$$`, no `${`.
      values.add(section(name, node, { spaceBefore: values.items.length > 0, comment }));
    }
    root.add(section("values", values, { spaceBefore: root.items.length > 0 }));
  }
  if (source.comment !== undefined) document.commentBefore = renderComment(source.comment, "the definition");
  return escapeUnprintable(document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity }));
}

function section(name: string, value: unknown, style: { spaceBefore: boolean; comment?: string }): Pair {
  const key = renderString(name, name);
  key.spaceBefore = style.spaceBefore;
  if (style.comment !== undefined) key.commentBefore = renderComment(style.comment, name);
  return new Pair(key, value);
}

/** Where in the definition we are. */
interface Place {
  readonly path: string;
  /** In the inputs of a provider or rotator, which use a `login` and do not show it. */
  readonly takesLogin?: boolean;
  /** Below `login:` there. */
  readonly mayLogIn: boolean;
}

/** Every provider and rotator but `external`, whose request would carry the session to the adapter. */
const TAKES_LOGIN = /^fn::(open|rotate)::(?!external$)/;

function renderValue(value: Value, place: Place): Scalar | YAMLMap | YAMLSeq {
  if (isExpression(value)) {
    const node = value[NODE];
    if (node.kind === "reference") return renderString(renderAccess(node.path), place.path);
    if (node.kind === "interpolation") return renderString(renderText(node.parts), place.path);
    if (node.name === "fn::open::aws-login" && !place.mayLogIn) throw exportedLogin(place);
    const call = new YAMLMap();
    const path = `${place.path}["${node.name}"]`;
    const argument = renderValue(node.argument, {
      path,
      takesLogin: TAKES_LOGIN.test(node.name),
      mayLogIn: false,
    });
    call.add(new Pair(new Scalar(node.name), argument));
    return call;
  }
  if (typeof value === "string") return renderString(renderText([value]), place.path);
  if (typeof value === "number") return renderNumber(value, place);
  if (value === null || typeof value === "boolean") return new Scalar(value);
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map((item: Value, index) =>
      renderValue(item, { ...place, path: `${place.path}[${index}]` }),
    );
    list.flow = value.length === 0;
    return list;
  }
  return renderObject(value as { readonly [key: string]: Value | undefined }, place);
}

function renderObject(value: { readonly [key: string]: Value | undefined }, place: Place): YAMLMap {
  const map = new YAMLMap();
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    checkKey(key, place);
    const inner = {
      path: `${place.path}.${key}`,
      takesLogin: place.takesLogin,
      mayLogIn: place.mayLogIn || (place.takesLogin === true && key === "login"),
    };
    map.add(new Pair(renderString(renderText([key]), inner.path), renderValue(member, inner)));
  }
  map.flow = map.items.length === 0;
  return map;
}

function checkKey(key: string, place: Place): void {
  if (!key.toLowerCase().startsWith("fn::")) return;
  throw new DefinitionError(
    "ERR_DEFINITION_KEY",
    `${place.path} has the key "${key}", which ESC would read as a function call: use fn.${key.slice(4)}(…) or another key`,
  );
}

function renderNumber(value: number, place: Place): Scalar {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new DefinitionError(
      "ERR_DEFINITION_VALUE",
      `${place.path} is a number that JSON cannot carry exactly: give it as text`,
    );
  }
  return new Scalar(value);
}

/** Characters that YAML or Go's reader of it does not take as they stand, though JavaScript's writer leaves them. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Half of a pair: with the flag `u`, whole pairs do not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What Go's reader takes for a number once it has dropped every underscore: more than YAML's schemas do, and
 * more than the writer here quotes by itself (`0__x7`, `-0o17`).
 */
const GO_NUMBER = /^[-+]?(0[box][0-9a-f]+|\.[0-9]+|[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?)$/i;

/** Lines whose white space a reader would miss, or Go's would count as indentation. */
const UNFIT_FOR_BLOCK = /^\s|\n\t|[ \t]$|[ \t]\n|[^\P{Cc}\n\t]/u;

function renderString(text: string, path: string): Scalar {
  if (LONE_SURROGATE.test(text)) {
    throw new DefinitionError(
      "ERR_DEFINITION_VALUE",
      `${path} holds half of a surrogate pair, which is not text`,
    );
  }
  const scalar = new Scalar(text);
  const asBlock = !text.includes("\n") || !UNFIT_FOR_BLOCK.test(text);
  if (text.search(UNPRINTABLE) >= 0 || GO_NUMBER.test(text.replaceAll("_", "")) || !asBlock)
    scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** Such characters stand in double-quoted strings only (see above), where an escape means the same. */
function escapeUnprintable(yaml: string): string {
  return yaml.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function renderComment(comment: string, path: string): string {
  if (
    comment.search(/[^\P{Cc}\n]/u) >= 0 ||
    comment.search(UNPRINTABLE) >= 0 ||
    LONE_SURROGATE.test(comment)
  ) {
    throw new DefinitionError("ERR_DEFINITION_VALUE", `the comment of ${path} holds control characters`);
  }
  return comment.replace(/^/gm, " ").replace(/^ $/gm, "");
}

function exportedLogin(place: Place): DefinitionError {
  return new DefinitionError(
    "ERR_DEFINITION_LOGIN",
    `${place.path} would hand an AWS session to everyone who opens this environment: write aws-login inside login: of the provider that needs it`,
  );
}
