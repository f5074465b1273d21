import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import "./spare-stacks";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";

/** What a program under mocks registered: one record for each resource, in order. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** Inputs as they crossed the wire: secrets still in their wrapper. */
  readonly inputs: Record<string, unknown>;
}

/** A recorder: created resources, with outputs computed by `outputs` (by default, the inputs). */
export interface Recorder {
  readonly resources: RegisteredResource[];
  /** The one resource of that type and name; fails when there is not exactly one. */
  find(type: string, name: string): RegisteredResource;
  ofType(type: string): RegisteredResource[];
  /** Names of the outputs that a component has registered, sorted. Ask after `settled()`. */
  registeredOutputs(name: string): string[];
  /** Name to the types from the outermost parent down, as the URN spells them: `component$child`. */
  parentage(): Record<string, string>;
}

const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** True for a value that crossed the wire as a secret. */
export function isWireSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).includes(SECRET_SIGNATURE);
}

export interface MockOptions {
  readonly preview?: boolean;
  readonly project?: string;
  readonly stack?: string;
  readonly organization?: string;
  /** Outputs of a created resource beside its inputs. Absent in preview: then they are unknown. */
  readonly outputs?: (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown>;
  /** What each provider function answers, by its token. A call to any other fails. */
  readonly calls?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
}

/** Puts Pulumi under mocks for one test. Process-wide, so each test calls it again. */
export async function mockPulumi(options: MockOptions = {}): Promise<Recorder> {
  const resources: RegisteredResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        resources.push({
          type: args.type,
          name: args.name,
          custom: args.custom ?? false,
          inputs: args.inputs,
        });
        const computed = options.outputs?.(args.type, args.name, args.inputs) ?? {};
        return {
          id: options.preview ? undefined : `${args.name}-id`,
          state: { ...args.inputs, ...computed },
        };
      },
      call({ token, inputs }) {
        const answer = options.calls?.[token];
        if (answer === undefined) throw new Error(`no mock answers the call ${token}`);
        return answer(inputs);
      },
    },
    options.project ?? "escapement",
    options.stack ?? "staging",
    options.preview ?? false,
    options.organization ?? "acme",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    resources,
    ofType,
    registeredOutputs(name) {
      const [, component] =
        [...monitor.getRegisteredResources()].find(([urn]) => urn.endsWith(`::${name}`)) ?? [];
      // The mock monitor keeps the message itself, which Pulumi's types do not say.
      const outputs = component?.state as unknown as { toJavaScript(): Record<string, unknown> };
      return Object.keys(outputs.toJavaScript()).sort();
    },
    parentage() {
      const chains: Record<string, string> = {};
      for (const urn of monitor.getRegisteredResources().keys()) {
        const [, , types, name] = urn.split("::");
        if (types !== "pulumi:pulumi:Stack") chains[name as string] = types as string;
      }
      return chains;
    },
    find(type, name) {
      const found = ofType(type).filter((resource) => resource.name === name);
      assert.equal(found.length, 1, `${found.length} resources ${type} named ${name}`);
      return found[0] as RegisteredResource;
    },
  };
}

/** The value of an output. Rejects when the output fails, where `apply` alone would hang for ever. */
export function outputValue<T>(output: pulumi.Output<T>): Promise<T> {
  // `promise()` is Pulumi's own, but not in its public types.
  return (output as unknown as { promise(): Promise<T> }).promise();
}

/** Waits until everything the program started has been registered. The next test mocks Pulumi again. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

/** True for an output whose value this preview cannot know. */
export async function isUnknown(output: pulumi.Output<unknown>): Promise<boolean> {
  return !(await (output as unknown as { isKnown: Promise<boolean> }).isKnown);
}
