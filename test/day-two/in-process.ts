import {
  type RegisterResourceRequest,
  RegisterResourceRequest as Request,
} from "@pulumi/pulumi/proto/resource_pb.js";
import { Callbacks } from "../../sandbox/engine/callbacks";
import {
  type Cloud,
  type Deployment,
  type Operation,
  type ResourceType,
  Secret,
  type StackState,
} from "../../sandbox/engine/index";
import { DeploymentRecord } from "../../sandbox/engine/record";
import { registerResource } from "../../sandbox/engine/register-resource";
import { removeLeftovers } from "../../sandbox/engine/remove-resource";
import { Ended, Refusal } from "../../sandbox/engine/rpc";
import { Transforms } from "../../sandbox/engine/transforms";
import { createUrn } from "../../sandbox/engine/urn";
import type { PropertyMap } from "../../sandbox/engine/values";
import { encodeStruct } from "../../sandbox/engine/wire";

/** What a program asks for, without a program: one registration after another, as the SDK sends them. */
export interface Wish {
  readonly name: string;
  readonly type?: string;
  readonly inputs?: PropertyMap;
  /** Names of resources that it depends on, by input property. */
  readonly uses?: Readonly<Record<string, readonly string[]>>;
  readonly parent?: string;
  readonly component?: true;
  readonly options?: (request: RegisterResourceRequest) => void;
}

export const thing = "test:index:Thing";

const urnOf = ({ type = thing, name }: Wish) =>
  createUrn({ stack: "dev", project: "app", parent: undefined, type, name });

/** One stack in a cloud that remembers what was done to it, over several deployments. */
export class TestStack {
  /** `create a`, `update a`, `delete a`, in order. */
  readonly log: string[] = [];
  /** What is there, by physical name. */
  readonly things = new Map<string, Readonly<Record<string, unknown>>>();
  onState: (state: StackState) => void = () => {};
  state: StackState | undefined;
  /** Fails whatever is done to things of these logical names. */
  readonly broken = new Set<string>();
  #made = 0;

  async deploy(operation: Operation, wishes: readonly Wish[] = []): Promise<Deployment> {
    const record = new DeploymentRecord({
      operation,
      organization: "acme",
      settings: {
        project: "app",
        stack: "dev",
        directory: __dirname,
        programDirectory: __dirname,
        main: ".",
        typescript: true,
        config: {},
        secretConfig: {},
        environments: [],
      },
      cloud: this.#cloud(),
      ...(this.state && { state: this.state }),
      onState: (state) => {
        this.state = state;
        this.onState(state);
      },
    });
    const callbacks = new Callbacks();
    try {
      const byName = new Map(wishes.map((wish) => [wish.name, wish]));
      for (const wish of wishes)
        await registerResource(record, new Transforms(callbacks), requestFor(wish, byName));
    } catch (error) {
      if (error instanceof Refusal) record.fail(error.code, error.message, error.urn);
      else if (!(error instanceof Ended)) throw error;
    } finally {
      callbacks.close();
    }
    if (record.failure === undefined) await removeLeftovers(record);
    record.finish();
    return record.toDeployment();
  }

  /** What was done to the cloud since the last time this was asked. */
  done(): string[] {
    return this.log.splice(0);
  }

  #cloud(): Cloud {
    const act = (what: string, name: string) => {
      if (this.broken.has(name)) throw new Error(`${name} is broken`);
      this.log.push(`${what} ${name}`);
    };
    const type: ResourceType = {
      create: ({ name, inputs }) => {
        act("create", name);
        const id = typeof inputs.name === "string" ? inputs.name : `${name}-${++this.#made}`;
        if (this.things.has(id)) throw new Error(`${id} exists`);
        this.things.set(id, inputs);
        return { id, outputs: { arn: `arn:${id}`, serial: 1, token: new Secret(`token of ${name}`) } };
      },
      update: ({ name, inputs, old }) => {
        act("update", name);
        this.things.set(old.id, inputs);
        return { serial: Number(old.outputs.serial) + 1 };
      },
      delete: ({ name, id }) => {
        act("delete", name);
        this.things.delete(id);
      },
      preview: () => ({}),
      renews: ["serial"],
      replacement: { properties: ["name", "shape", "on"], deleteFirst: { named: "name" } },
    };
    return { resources: { [thing]: type } };
  }
}

function requestFor(wish: Wish, all: ReadonlyMap<string, Wish>): RegisterResourceRequest {
  const { name, type = thing, inputs = {}, uses = {}, parent, component } = wish;
  const urnNamed = (other: string) => urnOf(all.get(other) ?? { name: other });
  const request = new Request();
  request.setType(type);
  request.setName(name);
  request.setCustom(component !== true);
  request.setObject(encodeStruct(inputs));
  if (parent !== undefined) request.setParent(urnNamed(parent));
  const used = [...new Set(Object.values(uses).flat())];
  request.setDependenciesList(used.map(urnNamed));
  for (const [property, names] of Object.entries(uses)) {
    const dependencies = new Request.PropertyDependencies();
    dependencies.setUrnsList(names.map(urnNamed));
    request.getPropertydependenciesMap().set(property, dependencies);
  }
  wish.options?.(request);
  return request;
}
