import type { PropertyChange } from "./diff";
import type { PropertyMap, PropertyValue } from "./values";

/**
 * What a deployment does to a resource. `read` belongs to somebody else; `retain` leaves the stack and stays in the
 * cloud.
 */
export type Change = "create" | "same" | "update" | "replace" | "delete" | "retain" | "read";

/** An earlier identity of a resource: a whole URN, or the parts that differed. */
export type ResourceAlias =
  | { readonly urn: string }
  | {
      readonly name?: string;
      readonly type?: string;
      readonly stack?: string;
      readonly project?: string;
      readonly parent?: string;
      readonly noParent?: boolean;
    };

/** One resource of a stack. Everything in it is safe to print: secrets show as `[secret]`. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  /** Managed by a provider; components are not. */
  readonly custom: boolean;
  /** A component that a provider built. */
  readonly remote: boolean;
  readonly change: Change;
  /** What differs from the stack's last deployment, for `update` and `replace`. */
  readonly diff?: readonly PropertyChange[];
  /** Set when the change failed. */
  readonly failed?: true;
  /** Custom resources only; unknown (absent) in preview. */
  readonly id?: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  /** The URN of its provider, explicit or default. */
  readonly provider?: string;
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs by input property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly options: ResourceOptions;
  /** `file:line` of the program's line that asked for it, when the SDK says so. */
  readonly where?: string;
}

/** What the program asked for besides inputs. Absent: not asked for. */
export interface ResourceOptions {
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly deletedWith?: string;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: PropertyValue;
  readonly additionalSecretOutputs?: readonly string[];
  readonly hideDiffs?: readonly string[];
  readonly aliases?: readonly ResourceAlias[];
  readonly customTimeouts?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
}

/** `aws:s3/bucket:Bucket "logs" (index.ts:12)` */
export function describe({ type, name, where }: Pick<ResourceState, "type" | "name" | "where">): string {
  return `${type} "${name}"${where ? ` (${where})` : ""}`;
}
