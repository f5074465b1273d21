import type { PropertyMap } from "./values";

/**
 * What may be done to a stack. `preview` changes nothing and knows only what its inputs tell; `destroy` deletes what
 * the stack has, without running the program.
 */
export type Operation = "preview" | "up" | "destroy";

/** The provider that a resource or an invoke goes through. */
export interface ProviderInfo {
  /** `aws` */
  readonly package: string;
  readonly urn: string;
  /** Its configuration: the explicit provider's arguments, or `<package>:*` of the stack's configuration. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What surrounds every call of the engine into the cloud. */
export interface CallContext {
  readonly operation: Operation;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** Where the program runs: relative paths in assets and archives start here. */
  readonly directory: string;
  readonly provider: ProviderInfo | undefined;
  /** Aborted when the deployment ends before the call does. */
  readonly signal: AbortSignal;
}

/**
 * A resource to be made. `inputs` are plain values with secrets opened; assets and archives are `Asset` and
 * `Archive`; in preview, what is not known yet is `UNKNOWN`.
 */
export interface ResourceRequest extends CallContext {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The resource as the stack has it, when this is an update or the preview of one. */
  readonly old?: ExistingResource;
}

/** A resource as the stack's state has it, plain, secrets opened. */
export interface ExistingResource {
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface UpdateRequest extends ResourceRequest {
  readonly old: ExistingResource;
}

export interface DeleteRequest extends CallContext, ExistingResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

export interface ReadRequest extends CallContext {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

/**
 * What a provider does for one resource type. Answers are added to the inputs; what was secret on the way in
 * stays secret, and `new Secret(…)` marks what is secret besides. A thrown Error fails the deployment with its
 * message.
 */
export interface ResourceType {
  create(request: ResourceRequest): Promise<CreatedResource> | CreatedResource;
  /** Outputs that the inputs already tell; the others are unknown to the program. Default: none. */
  preview?(request: ResourceRequest): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Changes the resource in place; answers as `create`, but for the id. Without it, every change replaces. */
  update?(request: UpdateRequest): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Takes the resource away; that it is gone already is no error. Without it, a deletion is refused by name. */
  delete?(request: DeleteRequest): Promise<void> | void;
  /** Inputs besides the program's, which count as if it had given them: the region of the provider. */
  defaults?(request: ResourceRequest): Record<string, unknown>;
  /** Outputs that every update makes anew: unknown in the preview of one. */
  readonly renews?: readonly string[];
  readonly replacement?: Replacement;
  /** `X.get(name, id)`: all properties of an existing resource; `undefined` when there is none. */
  read?(
    request: ReadRequest,
  ): Promise<Record<string, unknown> | undefined> | Record<string, unknown> | undefined;
}

/** When a resource is not changed but made anew. */
export interface Replacement {
  /** Inputs that cannot be changed in place. */
  readonly properties: readonly string[];
  /**
   * The old one goes first: always, or when the program itself gives the physical name that this input holds and does
   * not change it. Otherwise the new one comes first.
   */
  readonly deleteFirst?: "always" | { readonly named: string };
}

export interface CreatedResource {
  readonly id: string;
  readonly outputs?: Record<string, unknown>;
}

/** A component that is built by a provider in another process (`remote: true`), such as awsx's. */
export interface RemoteComponent {
  construct(request: ResourceRequest): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Outputs that the inputs already tell. Default: none. */
  preview?(request: ResourceRequest): Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** A provider's function. A thrown Error reaches the program, which may catch it. */
export type Invoke = (
  args: Readonly<Record<string, unknown>>,
  context: CallContext,
) => Promise<Record<string, unknown>> | Record<string, unknown>;

/** The stack that a StackReference names. */
export interface StackName {
  /** As the program wrote it. */
  readonly reference: string;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
}

/** Everything that the engine does not do itself. What is not in it is refused by name. */
export interface Cloud {
  readonly resources: Readonly<Record<string, ResourceType>>;
  readonly invokes?: Readonly<Record<string, Invoke>>;
  readonly remoteComponents?: Readonly<Record<string, RemoteComponent>>;
  /** The outputs of a stack (a `Deployment`'s `outputs` fit); `undefined` when there is no such stack. */
  stackOutputs?(name: StackName): Promise<PropertyMap | undefined> | PropertyMap | undefined;
}
