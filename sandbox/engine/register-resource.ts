import path from "node:path";
import { fileURLToPath } from "node:url";
import { type RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb.js";
import type { RemoteComponent, ResourceRequest, ResourceType } from "./cloud";
import { describeProvider, findProvider, knowsPackage } from "./providers";
import type { DeploymentRecord } from "./record";
import { readResourceOptions } from "./resource-options";
import { describe, type ResourceState } from "./resource-state";
import { Ended, Refusal } from "./rpc";
import type { Transforms } from "./transforms";
import { createUrn, isProviderType, packageOf, providerId } from "./urn";
import { carrySecrets, type PropertyMap, plainMap, Secret, toPropertyMap } from "./values";
import { decodeStruct, encodeStruct } from "./wire";

/** What a resource turned out to be. */
interface Made {
  readonly id?: string;
  readonly outputs: PropertyMap;
}

/**
 * Answers RegisterResource: transforms, a place in the stack, and what the provider makes of it. What is missing
 * from a preview's answer is unknown to the program.
 */
export async function registerResource(
  record: DeploymentRecord,
  transforms: Transforms,
  request: RegisterResourceRequest,
): Promise<RegisterResourceResponse> {
  stopAfterFailure(record);
  await transforms.applyToResource(request);
  const planned = place(record, request);
  const maker = findMaker(record, planned);
  const { type, options } = planned;
  const reference = request.getProvider();
  const provider = maker && findProvider({ record, reference, type, version: options.version });
  const resource = provider ? { ...planned, provider: provider.urn } : planned;
  transforms.remember(resource.urn, request);
  record.put(resource, "started");
  // A local component is done when its outputs are registered.
  if (!resource.custom && !resource.remote) return toResponse(resource.urn, undefined, {});
  try {
    const made = await make({ record, resource, maker, provider });
    const outputs = markSecretOutputs(made.outputs, resource);
    record.put({ ...resource, ...made, outputs }, "done");
    return toResponse(resource.urn, made.id, outputs);
  } catch (error) {
    record.put({ ...resource, failed: true }, "done");
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal("ERR_ENGINE_RESOURCE", `${describe(resource)}: ${reason}`, resource.urn);
  }
}

/** Pulumi starts nothing new once an up has failed. A preview goes on, to tell everything that is wrong. */
export function stopAfterFailure({ options, failure }: DeploymentRecord): void {
  if (options.operation === "up" && failure !== undefined) throw new Ended();
}

function place(record: DeploymentRecord, request: RegisterResourceRequest): ResourceState {
  const { stack, project } = record.options.settings;
  const type = request.getType();
  const name = request.getName();
  const parent = request.getParent() || undefined;
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((dependencies, property) => {
    propertyDependencies[property] = dependencies.getUrnsList();
  });
  const resource: ResourceState = {
    urn: createUrn({ stack, project, parent, type, name }),
    type,
    name,
    parent,
    custom: request.getCustom(),
    remote: request.getRemote(),
    change: "create",
    inputs: decodeStruct(request.getObject()),
    outputs: {},
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    options: readResourceOptions(request),
    where: sourcePosition(record, request),
  };
  if (record.resource(resource.urn) !== undefined) {
    const text = `${describe(resource)}: Duplicate resource URN '${resource.urn}'; try giving it a unique name`;
    throw new Refusal("ERR_ENGINE_PROGRAM", text, resource.urn);
  }
  if (request.getImportid() !== "") {
    throw new Refusal(
      "ERR_ENGINE_REFUSED",
      `${describe(resource)}: the engine does not know the option import`,
      resource.urn,
    );
  }
  return resource;
}

/** Where the program asked for the resource, when that is in the program's own folder. */
function sourcePosition(record: DeploymentRecord, request: RegisterResourceRequest): string | undefined {
  const position = request.getSourceposition();
  if (!position?.getUri().startsWith("file://")) return undefined;
  const file = path.relative(record.options.settings.directory, fileURLToPath(position.getUri()));
  return file.startsWith("..") || path.isAbsolute(file) ? undefined : `${file}:${position.getLine()}`;
}

/** Who makes the resource: nobody makes components and providers. What nobody knows is refused by name. */
function findMaker(
  { options: { cloud } }: DeploymentRecord,
  resource: ResourceState,
): ResourceType | RemoteComponent | undefined {
  const { type, custom, remote, urn } = resource;
  if (!custom && !remote) return undefined;
  if (isProviderType(type) && knowsPackage(cloud, packageOf(type))) return undefined;
  const table = remote ? cloud.remoteComponents : cloud.resources;
  const maker = table !== undefined && Object.hasOwn(table, type) ? table[type] : undefined;
  if (maker !== undefined) return maker;
  const kind = remote ? "remote component" : "resource type";
  throw new Refusal("ERR_ENGINE_REFUSED", `${describe(resource)}: ${kind} not known to this cloud`, urn);
}

async function make(options: {
  readonly record: DeploymentRecord;
  readonly resource: ResourceState;
  readonly maker: ResourceType | RemoteComponent | undefined;
  readonly provider: ResourceState | undefined;
}): Promise<Made> {
  const { record, resource, maker, provider } = options;
  const { urn, type, name, inputs } = resource;
  if (maker === undefined) {
    return { outputs: inputs, ...(record.options.operation === "up" && { id: providerId(urn) }) };
  }
  const call: ResourceRequest = {
    ...record.context(),
    provider: provider && describeProvider(provider),
    urn,
    type,
    name,
    inputs: plainMap(inputs),
  };
  return "construct" in maker ? construct(maker, call) : create(maker, call, inputs);
}

async function create(maker: ResourceType, call: ResourceRequest, inputs: PropertyMap): Promise<Made> {
  if (call.operation === "preview") {
    const known = toPropertyMap((await maker.preview?.(call)) ?? {});
    return { outputs: { ...inputs, ...carrySecrets(known, inputs) } };
  }
  const { id, outputs } = await maker.create(call);
  return { id, outputs: { ...inputs, ...carrySecrets(toPropertyMap(outputs ?? {}), inputs) } };
}

async function construct(maker: RemoteComponent, call: ResourceRequest): Promise<Made> {
  const outputs = call.operation === "preview" ? await maker.preview?.(call) : await maker.construct(call);
  return { outputs: toPropertyMap(outputs ?? {}) };
}

function markSecretOutputs(outputs: PropertyMap, { options }: ResourceState): PropertyMap {
  const names = new Set(options.additionalSecretOutputs);
  const marked = Object.entries(outputs).map(([name, value]): [string, PropertyMap[string]] => [
    name,
    names.has(name) && !(value instanceof Secret) ? new Secret(value) : value,
  ]);
  return Object.fromEntries(marked);
}

function toResponse(urn: string, id: string | undefined, outputs: PropertyMap): RegisterResourceResponse {
  const response = new RegisterResourceResponse();
  response.setUrn(urn);
  response.setId(id ?? "");
  response.setObject(encodeStruct(outputs));
  return response;
}
