import type {
  CallContext,
  DeleteRequest,
  ResourceRequest,
  ResourceType,
  UpdateRequest,
} from "../../engine/cloud";
import { Archive, UNKNOWN } from "../../engine/values";
import type { Account, Tags } from "../account";
import { AwsError } from "../errors";

/** What one resource of Pulumi's does in the account. */
export interface AwsResource {
  /** The inputs that it understands. Any other is refused by name, so that nothing is silently left out. */
  readonly accepts: readonly string[];
  /** What AWS refuses, as far as the inputs are known, and what they already tell. Runs before `create` too. */
  check(inputs: Inputs, request: ResourceRequest): Record<string, unknown>;
  /** Makes it. `known` is what `check` returned. */
  create(
    inputs: Inputs,
    known: Record<string, unknown>,
    request: ResourceRequest,
  ): { id: string; outputs?: Record<string, unknown> };
  /** Changes it in place to what the inputs say. Without it, every change makes a new one. */
  update?(
    inputs: Inputs,
    known: Record<string, unknown>,
    request: UpdateRequest,
  ): Record<string, unknown> | undefined;
  /** Takes it out of the account. `AwsError`s that say it is not there are no errors. */
  remove(old: DeleteRequest): void;
  /** Outputs that every update makes anew. */
  readonly renews?: readonly string[];
  /** The properties of an existing one. */
  read?(id: string): Record<string, unknown> | undefined;
}

/** What the provider makes up when the program does not say it; it is made up once. */
const madeUp = ["name", "statementId"];

/** Makes the engine's handler of one of ours. */
export function defineResource(resource: AwsResource): ResourceType {
  const check = (request: ResourceRequest) => {
    const inputs = new Inputs(request.inputs, request.type);
    inputs.refuseOthersThan(resource.accepts);
    const known = { ...resource.check(inputs, request) };
    for (const name of madeUp) {
      if (request.old !== undefined && name in known && !inputs.has(name))
        known[name] = request.old.outputs[name];
    }
    return { inputs, known };
  };
  const update = resource.update?.bind(resource);
  return {
    preview: (request) => check(request).known,
    create(request) {
      const { inputs, known } = check(request);
      const { id, outputs } = resource.create(inputs, known, request);
      return { id, outputs: { ...known, ...outputs } };
    },
    ...(update && {
      update(request: UpdateRequest) {
        const { inputs, known } = check(request);
        return { ...known, ...update(inputs, known, request) };
      },
    }),
    delete(request) {
      try {
        resource.remove(request);
      } catch (error) {
        if (!(error instanceof AwsError && gone.includes(error.code))) throw error;
      }
    },
    defaults(request) {
      const { region } = resource.accepts.includes("region") ? check(request).known : {};
      return region === undefined ? {} : { region };
    },
    renews: resource.renews,
    read: ({ id }) => resource.read?.(id),
  };
}

const gone: readonly string[] = ["NoSuchEntity", "NotFoundException", "ResourceNotFoundException"];

/** What a resource came to be: from its outputs, for what an update or a deletion needs of it. */
export function textOf({ outputs, inputs }: Pick<DeleteRequest, "outputs" | "inputs">, name: string): string {
  return String(outputs[name] ?? inputs[name]);
}

/** Refuses another value by name than the one that is implemented. */
export function requireValue(
  inputs: Inputs,
  { type }: Pick<ResourceRequest, "type">,
  name: string,
  only: string,
): void {
  const value = inputs.text(name);
  if (value === undefined || value === only) return;
  throw new TypeError(`sandbox: ${type} implements only "${only}" as "${name}", not "${value}"`);
}

/** The region that a call is for: its own argument, the provider's, the account's. */
export function regionOf(account: Account, context: CallContext, inputs?: Inputs): string {
  const region = context.provider?.inputs.region;
  return inputs?.text("region") ?? (typeof region === "string" ? region : account.region);
}

/**
 * The physical name: as given; behind `namePrefix`; or the logical name with seven hex digits behind it, as
 * Pulumi names what has no name. Undefined when the given one is not known yet.
 */
export function nameOf(account: Account, inputs: Inputs, logicalName: string): string | undefined {
  if (inputs.isUnknown("name") || inputs.isUnknown("namePrefix")) return undefined;
  const given = inputs.text("name");
  if (given !== undefined) return given;
  const hex = Buffer.from(account.random(13)).toString("hex");
  const prefix = inputs.text("namePrefix");
  return prefix === undefined ? `${logicalName}-${hex.slice(0, 7)}` : prefix + hex;
}

/**
 * The inputs of a resource, read by type. What is unknown (in preview) and what is absent both read as
 * undefined; `isUnknown` tells them apart. A value of another type is the program's mistake.
 */
export class Inputs {
  private readonly values: Readonly<Record<string, unknown>>;
  private readonly type: string;
  /** In front of names in messages: where a structure is. */
  private readonly path: string;

  constructor(values: Readonly<Record<string, unknown>>, type: string, path = "") {
    this.values = values;
    this.type = type;
    this.path = path;
  }

  isUnknown(name: string): boolean {
    return this.values[name] === UNKNOWN;
  }

  /** Given, even if its value is not known yet. */
  has(name: string): boolean {
    return this.values[name] !== undefined && this.values[name] !== null;
  }

  text(name: string): string | undefined {
    return this.read(name, "a string", (value) => typeof value === "string");
  }

  number(name: string): number | undefined {
    return this.read(name, "a number", (value) => typeof value === "number");
  }

  flag(name: string): boolean | undefined {
    return this.read(name, "a boolean", (value) => typeof value === "boolean");
  }

  /** A list of strings; those not known yet are left out. */
  texts(name: string): string[] | undefined {
    const list = this.read<unknown[]>(name, "a list", Array.isArray);
    return list?.filter((item): item is string => typeof item === "string");
  }

  tags(): Tags {
    return this.textMap("tags") ?? {};
  }

  /** An object of strings; those not known yet are left out. */
  textMap(name: string): Readonly<Record<string, string>> | undefined {
    const map = this.read<Record<string, unknown>>(name, "an object", (value) => typeof value === "object");
    return (
      map &&
      Object.fromEntries(
        Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      )
    );
  }

  archive(name: string): Archive | undefined {
    return this.read(name, "an archive", (value) => value instanceof Archive);
  }

  /** A structure. Of its properties too, any that is not understood is refused. */
  structure(name: string, accepted: readonly string[]): Inputs | undefined {
    const value = this.read<Record<string, unknown>>(name, "an object", (value) => typeof value === "object");
    return value && this.inner(name, value, accepted);
  }

  /** A list of structures; undefined too when one of them is not known yet. */
  structures(name: string, accepted: readonly string[]): Inputs[] | undefined {
    const list = this.read<unknown[]>(name, "a list", Array.isArray);
    if (list?.includes(UNKNOWN)) return undefined;
    return list?.map((value, index) =>
      this.inner(`${name}[${index}]`, value as Record<string, unknown>, accepted),
    );
  }

  /** Fails for an argument that the resource cannot do without, unless it is only not known yet. */
  require(...names: string[]): void {
    for (const name of names) {
      if (!this.has(name)) {
        throw new TypeError(`${this.type}: missing required property "${this.path}${name}"`);
      }
    }
  }

  refuseOthersThan(accepted: readonly string[]): void {
    const other = Object.keys(this.values).find(
      (name) => this.values[name] !== undefined && !name.startsWith("__") && !accepted.includes(name),
    );
    if (other !== undefined) {
      throw new TypeError(`sandbox: ${this.type} does not implement the property "${this.path}${other}"`);
    }
  }

  private read<T>(name: string, kind: string, is: (value: unknown) => boolean): T | undefined {
    const value = this.values[name];
    if (value === undefined || value === null || value === UNKNOWN) return undefined;
    if (!is(value)) throw new TypeError(`${this.type}: property "${this.path}${name}" must be ${kind}`);
    return value as T;
  }

  private inner(name: string, value: Record<string, unknown>, accepted: readonly string[]): Inputs {
    const inner = new Inputs(value, this.type, `${this.path}${name}.`);
    inner.refuseOthersThan(accepted);
    return inner;
  }
}
