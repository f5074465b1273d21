import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import {
  type RegisterResourceRequest,
  type ResourceInvokeRequest,
  TransformInvokeOptions,
  TransformInvokeRequest,
  TransformInvokeResponse,
  TransformRequest,
  TransformResourceOptions,
  TransformResponse,
} from "@pulumi/pulumi/proto/resource_pb.js";
import type { Callbacks } from "./callbacks";
import { Refusal } from "./rpc";

/**
 * The transforms that the program has registered, applied as Pulumi's monitor applies them: a resource's own,
 * then its parents', nearest first, then the stack's. Each sees what the one before it made.
 */
export class Transforms {
  readonly stack: Callback[] = [];
  readonly invokes: Callback[] = [];
  readonly #callbacks: Callbacks;
  readonly #byUrn = new Map<string, { parent: string; transforms: readonly Callback[] }>();

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  /** Remembers a resource's transforms for its children. */
  remember(urn: string, request: RegisterResourceRequest): void {
    this.#byUrn.set(urn, { parent: request.getParent(), transforms: request.getTransformsList() });
  }

  /** Changes the request in place. */
  async applyToResource(request: RegisterResourceRequest): Promise<void> {
    const callbacks = [
      ...request.getTransformsList(),
      ...this.#inherited(request.getParent()),
      ...this.stack,
    ];
    for (const callback of callbacks) {
      const message = new TransformRequest();
      message.setType(request.getType());
      message.setName(request.getName());
      message.setCustom(request.getCustom());
      message.setParent(request.getParent());
      message.setProperties(request.getObject());
      message.setOptions(readOptions(request));
      const subject = `${request.getType()} "${request.getName()}"`;
      const answer = await this.#call(callback, message.serializeBinary(), subject);
      const response = TransformResponse.deserializeBinary(answer);
      request.setObject(response.getProperties());
      const options = response.getOptions();
      if (options !== undefined) writeOptions(request, options);
    }
  }

  /** Changes the request in place. */
  async applyToInvoke(request: ResourceInvokeRequest): Promise<void> {
    for (const callback of this.invokes) {
      const options = new TransformInvokeOptions();
      options.setProvider(request.getProvider());
      options.setVersion(request.getVersion());
      options.setPluginDownloadUrl(request.getPlugindownloadurl());
      const message = new TransformInvokeRequest();
      message.setToken(request.getTok());
      message.setArgs(request.getArgs());
      message.setOptions(options);
      const answer = await this.#call(callback, message.serializeBinary(), request.getTok());
      const response = TransformInvokeResponse.deserializeBinary(answer);
      request.setArgs(response.getArgs());
      const changed = response.getOptions();
      if (changed === undefined) continue;
      request.setProvider(changed.getProvider());
      request.setVersion(changed.getVersion());
      request.setPlugindownloadurl(changed.getPluginDownloadUrl());
    }
  }

  #inherited(parent: string): readonly Callback[] {
    const entry = this.#byUrn.get(parent);
    return entry === undefined ? [] : [...entry.transforms, ...this.#inherited(entry.parent)];
  }

  async #call(callback: Callback, message: Uint8Array, subject: string): Promise<Uint8Array> {
    try {
      return await this.#callbacks.call(callback, message);
    } catch (error) {
      throw new Refusal("ERR_ENGINE_PROGRAM", `${subject}: ${(error as Error).message}`);
    }
  }
}

function readOptions(request: RegisterResourceRequest): TransformResourceOptions {
  const options = new TransformResourceOptions();
  options.setDependsOnList(request.getDependenciesList());
  if (request.hasProtect()) options.setProtect(request.getProtect() === true);
  options.setIgnoreChangesList(request.getIgnorechangesList());
  options.setReplaceOnChangesList(request.getReplaceonchangesList());
  options.setVersion(request.getVersion());
  options.setAliasesList(request.getAliasesList());
  options.setProvider(request.getProvider());
  options.setCustomTimeouts(request.getCustomtimeouts());
  options.setPluginDownloadUrl(request.getPlugindownloadurl());
  if (request.hasRetainondelete()) options.setRetainOnDelete(request.getRetainondelete() === true);
  options.setDeletedWith(request.getDeletedwith());
  if (request.getDeletebeforereplacedefined()) {
    options.setDeleteBeforeReplace(request.getDeletebeforereplace());
  }
  options.setAdditionalSecretOutputsList(request.getAdditionalsecretoutputsList());
  request.getProvidersMap().forEach((reference, name) => {
    options.getProvidersMap().set(name, reference);
  });
  options.setHooks(request.getHooks());
  options.setImport(request.getImportid());
  options.setHideDiffList(request.getHidediffsList());
  options.setReplaceWithList(request.getReplaceWithList());
  options.setReplacementTrigger(request.getReplacementTrigger());
  return options;
}

function writeOptions(request: RegisterResourceRequest, options: TransformResourceOptions): void {
  request.setDependenciesList(options.getDependsOnList());
  if (options.hasProtect()) request.setProtect(options.getProtect() === true);
  else request.clearProtect();
  request.setIgnorechangesList(options.getIgnoreChangesList());
  request.setReplaceonchangesList(options.getReplaceOnChangesList());
  request.setVersion(options.getVersion());
  request.setAliasesList(options.getAliasesList());
  request.setProvider(options.getProvider());
  request.setCustomtimeouts(options.getCustomTimeouts());
  request.setPlugindownloadurl(options.getPluginDownloadUrl());
  if (options.hasRetainOnDelete()) request.setRetainondelete(options.getRetainOnDelete() === true);
  else request.clearRetainondelete();
  request.setDeletedwith(options.getDeletedWith());
  request.setDeletebeforereplacedefined(options.hasDeleteBeforeReplace());
  request.setDeletebeforereplace(options.getDeleteBeforeReplace() === true);
  request.setAdditionalsecretoutputsList(options.getAdditionalSecretOutputsList());
  request.clearProvidersMap();
  options.getProvidersMap().forEach((reference, name) => {
    request.getProvidersMap().set(name, reference);
  });
  request.setHooks(options.getHooks());
  request.setImportid(options.getImport());
  request.setHidediffsList(options.getHideDiffList());
  request.setReplaceWithList(options.getReplaceWithList());
  request.setReplacementTrigger(options.getReplacementTrigger());
}
