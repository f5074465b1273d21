import type { Cloud, ProviderInfo } from "./cloud";
import type { DeploymentRecord } from "./record";
import type { ResourceState } from "./resource-state";
import { Refusal } from "./rpc";
import { createUrn, packageOf, providerId } from "./urn";
import { type PropertyMap, plainMap } from "./values";

/** Whether anything in the cloud belongs to the package. */
export function knowsPackage(cloud: Cloud, name: string): boolean {
  const tokens = [cloud.resources, cloud.invokes, cloud.remoteComponents].flatMap((table) =>
    Object.keys(table ?? {}),
  );
  return tokens.some((token) => packageOf(token) === name);
}

/** The explicit provider of a request, or the default one of its package, made when it is first needed. */
export function findProvider(options: {
  readonly record: DeploymentRecord;
  /** `<urn>::<id>`, or empty. */
  readonly reference: string;
  /** Of the resource or the invoke. */
  readonly type: string;
  readonly version: string | undefined;
}): ResourceState {
  const { record, reference, type, version = "" } = options;
  if (reference !== "") {
    const urn = reference.slice(0, reference.lastIndexOf("::"));
    const provider = record.resource(urn);
    if (provider === undefined) {
      throw new Refusal("ERR_ENGINE_REFUSED", `${type}: the provider ${urn} is not part of this stack`);
    }
    return provider;
  }
  return defaultProvider(record, packageOf(type), version);
}

function defaultProvider(record: DeploymentRecord, packageName: string, version: string): ResourceState {
  const { stack, project, config, secretConfig } = record.options.settings;
  const type = `pulumi:providers:${packageName}`;
  const name = version === "" ? "default" : `default_${version.replaceAll(/[.+-]/g, "_")}`;
  const urn = createUrn({ stack, project, parent: undefined, type, name });
  const known = record.resource(urn);
  if (known !== undefined) return known;
  const prefix = `${packageName}:`;
  const configured = Object.entries({ ...config, ...secretConfig }).filter(([key]) => key.startsWith(prefix));
  const inputs: PropertyMap = Object.fromEntries(
    configured.map(([key, value]) => [key.slice(prefix.length), value]),
  );
  const old = record.stack.find([urn]);
  const provider: ResourceState = {
    urn,
    type,
    name,
    parent: undefined,
    custom: true,
    remote: false,
    change: old === undefined ? "create" : "same",
    ...(record.options.operation === "up" && { id: providerId(urn) }),
    inputs,
    outputs: inputs,
    dependencies: [],
    propertyDependencies: {},
    options: version === "" ? {} : { version },
  };
  record.stack.place(provider, old);
  record.put(provider, "done");
  return provider;
}

export function describeProvider(provider: Pick<ResourceState, "type" | "urn" | "inputs">): ProviderInfo {
  return { package: packageOf(provider.type), urn: provider.urn, inputs: plainMap(provider.inputs) };
}
