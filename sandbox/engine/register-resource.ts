import path from "node:path";
import { fileURLToPath } from "node:url";
import { type RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb.js";
import { knownUrns } from "./aliases";
import type { RemoteComponent, ResourceRequest, ResourceType } from "./cloud";
import { digestAssets } from "./digest";
import { plan } from "./plan";
import { keepOld, parsePropertyPath } from "./property-path";
import { describeProvider, findProvider, knowsPackage } from "./providers";
import type { DeploymentRecord } from "./record";
import { clearForReplacement, existingOf } from "./remove-resource";
import { readResourceOptions } from "./resource-options";
import { describe, type ResourceState } from "./resource-state";
import { Ended, Refusal } from "./rpc";
import type { SavedResource } from "./stack-state";
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
  const placed = place(record, request);
  const maker = findMaker(record, placed);
  const { type, options } = placed;
  const reference = request.getProvider();
  const provider = maker && findProvider({ record, reference, type, version: options.version });
  const step = blaming(placed, () =>
    planStep({ record, placed: provider ? { ...placed, provider: provider.urn } : placed, maker, provider }),
  );
  const { resource, old } = step;
  transforms.remember(resource.urn, request);
  record.put(resource, "started");
  // A local component is done when its outputs are registered.
  if (!resource.custom && !resource.remote) {
    record.stack.place({ ...resource, outputs: old?.outputs ?? {} }, old);
    return toResponse(resource.urn, undefined, {});
  }
  try {
    const made = await record.during(async () => {
      if (step.deleteFirst && old !== undefined) await clearForReplacement(record, old);
      const made = await make(record, step);
      const outputs = markSecretOutputs(made.outputs, resource);
      if (
        resource.change === "replace" &&
        old !== undefined &&
        !step.deleteFirst &&
        !record.stack.isCleared(old)
      ) {
        record.stack.supersede(old);
      }
      record.stack.place({ ...resource, ...made, outputs }, old);
      return { ...made, outputs };
    });
    record.put({ ...resource, ...made }, "done");
    return toResponse(resource.urn, made.id, made.outputs);
  } catch (error) {
    record.put({ ...resource, failed: true }, "done");
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal("ERR_ENGINE_RESOURCE", `${describe(resource)}: ${reason}`, resource.urn);
  }
}

/** A registration, and what it means for what the stack has. */
interface Step {
  readonly resource: ResourceState;
  readonly old: SavedResource | undefined;
  readonly deleteFirst: boolean;
  readonly maker: ResourceType | RemoteComponent | undefined;
  readonly provider: ResourceState | undefined;
}

function planStep(options: {
  readonly record: DeploymentRecord;
  readonly placed: ResourceState;
  readonly maker: ResourceType | RemoteComponent | undefined;
  readonly provider: ResourceState | undefined;
}): Step {
  const { record, placed, maker, provider } = options;
  const { stack, project, programDirectory } = record.options.settings;
  const type = maker !== undefined && "create" in maker ? maker : undefined;
  const old = record.stack.find(knownUrns(placed, { stack, project, renamed: record.renamed }));
  if (old !== undefined && old.urn !== placed.urn) record.renamed.set(placed.urn, old.urn);
  const defaults = type?.defaults?.(requestFor(record, { resource: placed, provider })) ?? {};
  const given = digestAssets({ ...toPropertyMap(defaults), ...placed.inputs }, programDirectory);
  const ignored = (placed.options.ignoreChanges ?? []).map(parsePropertyPath);
  const inputs = old === undefined ? given : keepOld(given, old.inputs, ignored);
  const goal = { ...placed, inputs };
  const isCleared = old !== undefined && record.stack.isCleared(old);
  const { change, diff, deleteFirst } = plan({ goal, old, type, isCleared, replacedUrns: record.replaced });
  // A secret that the program took out of its wrapper is still one.
  record.redactor.learn(inputs);
  const shown = diff.map((one) => ({
    ...one,
    ...(one.old !== undefined && { old: record.redactor.redact(one.old) }),
    ...(one.new !== undefined && { new: record.redactor.redact(one.new) }),
  }));
  const resource: ResourceState = { ...goal, change, ...(diff.length > 0 && { diff: shown }) };
  if (change === "replace") {
    refuseProtected(resource);
    record.replaced.add(resource.urn);
  }
  return { resource, old, deleteFirst: deleteFirst && !isCleared, maker, provider };
}

/** What a provider refuses of the inputs is the resource's failure. */
function blaming<T>(resource: ResourceState, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal("ERR_ENGINE_RESOURCE", `${describe(resource)}: ${reason}`, resource.urn);
  }
}

/** As in Pulumi, what counts is the protection that the program asks for now. */
function refuseProtected(resource: ResourceState): void {
  if (!resource.options.protect) return;
  const properties = (resource.diff ?? []).filter(({ replaces }) => replaces).map(({ path }) => path);
  const because = properties.length > 0 ? `, as the change of ${properties.join(", ")} demands` : "";
  throw new Refusal(
    "ERR_ENGINE_PROTECTED",
    `${describe(resource)}: it is protected and cannot be replaced${because}: remove protect from it in the program first`,
    resource.urn,
  );
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

async function make(record: DeploymentRecord, { resource, old, maker, provider }: Step): Promise<Made> {
  const { urn, inputs, change } = resource;
  if (maker === undefined) {
    return { outputs: inputs, ...(record.options.operation === "up" && { id: old?.id ?? providerId(urn) }) };
  }
  const existing = change === "update" ? old : undefined;
  const call = requestFor(record, { resource, provider, old: existing });
  if (old !== undefined && change === "same") return { id: old.id, outputs: old.outputs };
  if ("construct" in maker) return construct(maker, call);
  if (call.operation === "preview") return preview(maker, call, resource, existing);
  if (existing?.id !== undefined && call.old !== undefined && maker.update !== undefined) {
    const outputs = await maker.update({ ...call, old: call.old });
    return { id: existing.id, outputs: merge(outputs, inputs, existing) };
  }
  const { id, outputs } = await maker.create(call);
  return { id, outputs: merge(outputs ?? {}, inputs) };
}

async function preview(
  maker: ResourceType,
  call: ResourceRequest,
  { inputs }: ResourceState,
  old: SavedResource | undefined,
): Promise<Made> {
  const known = (await maker.preview?.(call)) ?? {};
  const renewed = Object.entries(old?.outputs ?? {}).filter(([name]) => !maker.renews?.includes(name));
  const made = { outputs: merge(known, inputs, old && { ...old, outputs: Object.fromEntries(renewed) }) };
  return old?.id === undefined ? made : { ...made, id: old.id };
}

/** The provider's answer over the inputs, over what an earlier answer said and no input has contradicted since. */
function merge(answer: Record<string, unknown>, inputs: PropertyMap, old?: SavedResource): PropertyMap {
  const kept = Object.entries(old?.outputs ?? {}).filter(([name]) => old?.inputs[name] === undefined);
  return { ...Object.fromEntries(kept), ...inputs, ...carrySecrets(toPropertyMap(answer), inputs) };
}

async function construct(maker: RemoteComponent, call: ResourceRequest): Promise<Made> {
  const outputs = call.operation === "preview" ? await maker.preview?.(call) : await maker.construct(call);
  return { outputs: toPropertyMap(outputs ?? {}) };
}

function requestFor(
  record: DeploymentRecord,
  options: {
    readonly resource: ResourceState;
    readonly provider: ResourceState | undefined;
    readonly old?: SavedResource | undefined;
  },
): ResourceRequest {
  const { resource, provider, old } = options;
  const { urn, type, name, inputs } = resource;
  return {
    ...record.context(),
    provider: provider && describeProvider(provider),
    urn,
    type,
    name,
    inputs: plainMap(inputs),
    ...(old?.id !== undefined && { old: existingOf(old, old.id) }),
  };
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
