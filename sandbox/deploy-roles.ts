import type { LaptopCloud } from "./cloud";
import type { Operation } from "./engine/index";

/** What of a stack's exports says who deploys its stages. */
interface DeployRoles {
  readonly previewRoleArn?: unknown;
  readonly deployRoleArns?: Readonly<Record<string, unknown>>;
}

/**
 * The role in whose name CI does something to a stack, by what the project's stack `base` exports: the preview role
 * looks, a stage's deploy role changes. Undefined for what people do: base itself, and stacks without a role.
 */
export function deployRoleOf(
  cloud: LaptopCloud,
  {
    project,
    stack,
    operation,
  }: { readonly project: string; readonly stack: string; readonly operation: Operation },
): string | undefined {
  const base = cloud.outputs(`${project}/base`) as DeployRoles | undefined;
  const own = base?.deployRoleArns?.[stack];
  const arn = operation === "preview" && own !== undefined ? base?.previewRoleArn : own;
  return typeof arn === "string" ? arn.replace(/^.*\//, "") : undefined;
}
