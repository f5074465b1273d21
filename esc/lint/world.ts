import { isMap, isScalar, isSeq, type Node } from "yaml";
import { type Access, readAccesses, type Step, soleAccess } from "./accesses";
import { callOf, memberOf, type ParsedEnvironment, scalarPairs, textOf, walk } from "./source";

/** What an access leads to. */
export interface Target {
  readonly environment: ParsedEnvironment;
  readonly node: Node;
  /** Below `values` of that environment. */
  readonly path: readonly Step[];
  /** Steps that lead into what is not written: the result of a call, a member of a scalar. */
  readonly rest: readonly Step[];
}

/** An access, where it is written. */
export interface Use {
  readonly access: Access;
  readonly node: Node;
  /** Of the node, below `values`. */
  readonly path: readonly string[];
}

const MAX_STEPS = 64;
const ANSWERS_SECRETS = /(?:-login|-secrets)$|^aws-parameter-store$|^oidc$/;

/** The definitions at hand, by name, and how they refer to each other. */
export class World {
  readonly #environments: ReadonlyMap<string, ParsedEnvironment>;
  // What many refer to is looked at once: a ladder of references would otherwise take a time that doubles with each rung.
  readonly #inherited = new Map<ParsedEnvironment, Map<string, Target | undefined>>();
  readonly #secret = new Map<Node, boolean>();

  constructor(environments: readonly ParsedEnvironment[]) {
    this.#environments = new Map(environments.map((each) => [each.name, each]));
  }

  all(): readonly ParsedEnvironment[] {
    return [...this.#environments.values()];
  }

  /** By its name as an import writes it: a version says nothing about which definition is at hand. */
  get(name: string): ParsedEnvironment | undefined {
    return this.#environments.get(name) ?? this.#environments.get(withoutVersion(name));
  }

  /** What a path leads to that is written in an environment; undefined where that is not known. */
  lookup(environment: ParsedEnvironment, path: readonly Step[], steps = 0): Target | undefined {
    const [root, second, third] = path;
    if (steps > MAX_STEPS || root === "context") return undefined;
    if (root === "imports" || root === "environments") {
      const name = root === "imports" ? `${second}` : `${second}/${third}`;
      const other = this.get(name);
      const inner = path.slice(root === "imports" ? 2 : 3);
      return other && inner.length > 0 ? this.#values(other, inner, steps + 1) : undefined;
    }
    return this.#values(environment, path, steps + 1);
  }

  /** What the imports of an environment give at a path: the last one that has it. */
  inherited(environment: ParsedEnvironment, path: readonly Step[], steps = 0): Target | undefined {
    const known = this.#inherited.get(environment) ?? new Map<string, Target | undefined>();
    this.#inherited.set(environment, known);
    const key = JSON.stringify(path);
    if (known.has(key)) return known.get(key);
    // Until it is found there is none: an environment can import itself.
    known.set(key, undefined);
    for (const { name, merge } of environment.imports.toReversed()) {
      const other = merge ? this.get(name) : undefined;
      const target = other && this.#values(other, path, steps + 1);
      if (target === undefined) continue;
      known.set(key, target);
      return target;
    }
    return undefined;
  }

  #values(environment: ParsedEnvironment, path: readonly Step[], steps: number): Target | undefined {
    let node: Node | undefined = environment.values;
    if (node === undefined) return this.inherited(environment, path, steps);
    for (let position = 0; position < path.length; position++) {
      const step = path[position] as Step;
      const rest = path.slice(position);
      const target = (at: Node) => ({ environment, node: at, path: path.slice(0, position), rest });
      const call = position === 0 ? undefined : callOf(node);
      if (call?.name === "fn::final" || call?.name === "fn::validate") {
        const inner: Node | undefined =
          call.name === "fn::final" ? call.argument : memberOf(call.argument, "value");
        if (inner === undefined) return target(node);
        node = inner;
      } else if (call !== undefined) {
        return target(node);
      }
      let next: Node | undefined;
      if (isMap(node)) {
        next = memberOf(node, String(step));
        if (next === undefined) return this.inherited(environment, path, steps);
      } else if (isSeq(node)) {
        next = node.items[Number(step)] as Node | undefined;
      } else {
        const access = soleAccess(textOf(node) ?? "");
        if (access !== undefined) return this.lookup(environment, [...access.path, ...rest], steps + 1);
        return target(node);
      }
      if (next === undefined || next === null) return undefined;
      node = next;
    }
    return { environment, node, path, rest: [] };
  }

  /** Whether a value is secret or holds a secret, as far as the definitions say. */
  isSecret(environment: ParsedEnvironment, node: Node | undefined): boolean {
    if (node === undefined) return false;
    const known = this.#secret.get(node);
    if (known !== undefined) return known;
    // What refers to itself is not secret for that.
    this.#secret.set(node, false);
    const secret = this.#findSecret(environment, node);
    this.#secret.set(node, secret);
    return secret;
  }

  #findSecret(environment: ParsedEnvironment, node: Node): boolean {
    const call = callOf(node);
    if (call !== undefined) {
      const [, verb, provider = ""] = /^fn::(open|rotate)::(.*)$/.exec(call.name) ?? [];
      if (call.name === "fn::secret" || verb === "rotate") return true;
      if (verb === undefined) return this.isSecret(environment, call.argument);
      if (provider === "external") return !isPlainAnswer(call.argument);
      return ANSWERS_SECRETS.test(provider);
    }
    if (isMap(node))
      return scalarPairs(node).some(({ value }) => this.isSecret(environment, value ?? undefined));
    if (isSeq(node)) return node.items.some((item) => this.isSecret(environment, item as Node));
    return readAccesses(textOf(node) ?? "").some(({ path }) => {
      const target = this.lookup(environment, path);
      return target !== undefined && this.isSecret(target.environment, target.node);
    });
  }
}

/** `project/name` of `project/name@version`. */
export function withoutVersion(name: string): string {
  return name.replace(/@[^@]*$/, "");
}

/** `secret: false` of `fn::open::external`. */
export function isPlainAnswer(inputs: Node | undefined): boolean {
  const secret = memberOf(inputs, "secret");
  return isScalar(secret) && secret.value === false;
}

/** Every access that an environment writes. */
export function usesOf(environment: ParsedEnvironment): Use[] {
  const uses: Use[] = [];
  walk(environment.values, (node, path) => {
    for (const access of readAccesses(textOf(node) ?? "")) uses.push({ access, node, path });
  });
  return uses;
}

/** Whether one path is where the other is, or above or below it. */
export function meets(one: readonly Step[], other: readonly Step[]): boolean {
  return one.slice(0, other.length).every((step, position) => String(step) === String(other[position]));
}
