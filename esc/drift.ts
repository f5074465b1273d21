import { parseDocument } from "yaml";
import { isMap } from "./is-map";

/** One place where an environment's definition is not what the program says. Safe to print. */
export interface DefinitionDrift {
  /** `values.urls.api`, `imports[1]`; empty for the whole definition. */
  readonly path: string;
  /** What the program says there; undefined when it says nothing. */
  readonly program?: string;
  /** What ESC has there; undefined when it has nothing. Text that the program does not know is not shown. */
  readonly deployed?: string;
}

/**
 * Where a definition in ESC differs from the one that the program renders: an update that was swallowed on its way
 * (Pulumi's provider drops what goes wrong with one, and notes it as done), or an edit in the console. Comments,
 * layout and the order of keys do not count. Neither does the state that ESC writes beside a rotator, nor what is in
 * `fn::secret`, which ESC keeps encrypted.
 *
 * What somebody typed into the console may be a secret: of ESC's side, only what the program knows too is shown, and
 * references, ARNs and the host of an address.
 */
export function definitionDrift(definitions: {
  /** YAML as the program renders it. */
  readonly program: string;
  /** YAML as ESC has it. */
  readonly deployed: string;
}): readonly DefinitionDrift[] {
  const [program, deployed] = [read(definitions.program), read(definitions.deployed)];
  if (program === undefined) return [{ path: "", program: "no YAML" }];
  if (deployed === undefined) return [{ path: "", deployed: "no YAML" }];
  const known = new Set<string>();
  collectTexts(program.value, known);
  return compare("", program.value, deployed.value, (text) => known.has(text));
}

/** `values.stage: the program says "staging", ESC has a text of 7 characters` */
export function formatDrift({ path, program, deployed }: DefinitionDrift): string {
  const where = path === "" ? "the definition" : path;
  if (program === undefined) return `${where}: the program has nothing there, ESC has ${deployed}`;
  if (deployed === undefined) return `${where}: the program says ${program}, ESC has nothing there`;
  return `${where}: the program says ${program}, ESC has ${deployed}`;
}

/** Undefined for what is no YAML. */
function read(text: string): { readonly value: unknown } | undefined {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : { value: document.toJS() };
}

type Known = (text: string) => boolean;

function compare(path: string, program: unknown, deployed: unknown, known: Known): DefinitionDrift[] {
  if (isMap(program) && isMap(deployed)) {
    const rotator = Object.keys(program).some((key) => key.startsWith("fn::rotate"));
    const names = [...new Set([...Object.keys(program), ...Object.keys(deployed)])];
    return names
      .filter((name) => name !== "fn::secret" && !(rotator && name === "state"))
      .flatMap((name) => {
        const inner = name.startsWith("fn::rotate") ? withoutState : (value: unknown) => value;
        return compare(join(path, name), inner(program[name]), inner(deployed[name]), known);
      });
  }
  if (Array.isArray(program) && Array.isArray(deployed)) {
    const length = Math.max(program.length, deployed.length);
    return Array.from({ length }).flatMap((_, index) =>
      compare(`${path}[${index}]`, program[index], deployed[index], known),
    );
  }
  if (Object.is(program, deployed)) return [];
  return [
    {
      path,
      ...(program !== undefined && { program: show(program, () => true) }),
      ...(deployed !== undefined && {
        deployed: show(deployed, path.startsWith("imports") ? isName : known),
      }),
    },
  ];
}

/** ESC writes a rotator's state into the definition, beside its inputs. */
function withoutState(rotator: unknown): unknown {
  if (!isMap(rotator)) return rotator;
  const { state, ...rest } = rotator;
  return rest;
}

function show(value: unknown, known: Known): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isMap(value)) {
    const names = Object.keys(value);
    if (names.includes("fn::secret")) return "a secret";
    return names.length === 0 ? "an empty block" : `a block with ${names.join(", ")}`;
  }
  if (typeof value !== "string") return String(value);
  if (known(value) || SHOWN.test(value)) return JSON.stringify(value);
  const [origin] = /^https:\/\/[a-z0-9.-]+(?::\d+)?(?=\/|$)/.exec(value) ?? [];
  return origin === undefined ? `a text of ${value.length} characters` : `an address at ${origin}`;
}

/** A reference, or an ARN. */
const SHOWN = /^(?:\$\{[\w.[\]"-]+\}|arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[\w/+=,.@:*-]+)$/;

/** Of an environment: `project/name@version`. */
const isName: Known = (text) => /^[\w.-]+(?:\/[\w.-]+)?(?:@[\w.-]+)?$/.test(text);

function join(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === "string") into.add(value);
  else if (Array.isArray(value)) for (const item of value) collectTexts(item, into);
  else if (isMap(value)) for (const item of Object.values(value)) collectTexts(item, into);
}
