import type { ResourceState } from "./resource-state";
import { isProviderType, stackReferenceType } from "./urn";
import type { PropertyMap } from "./values";

/** A resource that a stack has. */
export interface SavedResource extends Omit<ResourceState, "change" | "diff" | "failed" | "where"> {
  /** It has been replaced, and waits for its deletion. Its URN is its successor's too. */
  readonly superseded?: true;
}

/** What a stack has: what the next deployment compares with. Holds secrets, as `Secret`. */
export interface StackState {
  /** Dependencies before what depends on them. */
  readonly resources: readonly SavedResource[];
  readonly outputs: PropertyMap;
}

export function isDefaultProvider({ type, name }: Pick<SavedResource, "type" | "name">): boolean {
  // Source: `IsDefaultProvider` in pulumi/pulumi's `pkg/resource/deploy/providers`.
  return isProviderType(type) && name.startsWith("default");
}

/**
 * The state of one stack while a deployment changes it. Whatever happens to the deployment, `current()` is what the
 * cloud has: a resource enters when it is made, and leaves when it is gone.
 */
export class StackProgress {
  /** What this deployment has been told of and has in place, by URN. */
  readonly #placed = new Map<string, SavedResource>();
  /** What the stack had and this deployment has not been told of yet, by URN. */
  readonly #remaining: Map<string, SavedResource>;
  /** Replaced, and still in the cloud. */
  readonly #superseded: SavedResource[];
  /** Deleted ahead of their replacement, and not registered again yet. */
  readonly #cleared = new Map<string, SavedResource>();
  readonly #onChange: () => void;
  readonly previousOutputs: PropertyMap;

  constructor(previous: StackState | undefined, onChange: () => void) {
    const resources = previous?.resources ?? [];
    this.#remaining = new Map(
      resources.filter(({ superseded }) => !superseded).map((resource) => [resource.urn, resource]),
    );
    this.#superseded = resources.filter(({ superseded }) => superseded);
    this.previousOutputs = previous?.outputs ?? {};
    this.#onChange = onChange;
  }

  /** What the stack had under one of these URNs, the first that fits; taken once. */
  find(urns: readonly string[]): SavedResource | undefined {
    for (const urn of urns) {
      const found = this.#remaining.get(urn) ?? this.#cleared.get(urn);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether the resource has been deleted ahead of its replacement. */
  isCleared({ urn }: SavedResource): boolean {
    return this.#cleared.has(urn);
  }

  /** The resource is in the cloud as given, in the place of `old`. */
  place(resource: ResourceState, old?: SavedResource): void {
    // What is read belongs to somebody else; references to stacks are read too.
    if (resource.change === "read" || resource.type === stackReferenceType) return;
    if (old !== undefined) {
      this.#remaining.delete(old.urn);
      this.#cleared.delete(old.urn);
    }
    const { change, diff, failed, where, ...saved } = resource;
    this.#placed.set(resource.urn, saved);
    this.#onChange();
  }

  /** Its replacement is in place, and it is not deleted yet. */
  supersede(old: SavedResource): void {
    this.#superseded.push({ ...old, superseded: true });
  }

  /** It is out of the cloud, and will be registered again. */
  clear(old: SavedResource): void {
    this.#remaining.delete(old.urn);
    this.#cleared.set(old.urn, old);
    this.#onChange();
  }

  /** It is out of the stack. */
  forget(old: SavedResource): void {
    if (old.superseded) this.#superseded.splice(this.#superseded.indexOf(old), 1);
    else this.#remaining.delete(old.urn);
    this.#onChange();
  }

  /** What the program did not ask for again, and what was replaced: dependents before what they depend on. */
  leftovers(): SavedResource[] {
    return [...this.#superseded, ...this.#remaining.values()].reverse();
  }

  /** Deleted for a replacement that then did not come. */
  unreplaced(): SavedResource[] {
    return [...this.#cleared.values()];
  }

  /** What depends on the resource and has not been registered yet, each after what it depends on. */
  dependentsOf({ urn }: SavedResource): SavedResource[] {
    return [...this.#remaining.values()].filter(({ propertyDependencies }) =>
      Object.values(propertyDependencies).some((urns) => urns.includes(urn)),
    );
  }

  current(): readonly SavedResource[] {
    return [...this.#placed.values(), ...this.#superseded, ...this.#remaining.values()];
  }
}
