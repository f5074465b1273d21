import type { Node } from "yaml";
import type { Access } from "./accesses";
import { type Finding, newFinding } from "./finding";
import type { RuleId, Severity } from "./rules";
import type { ParsedEnvironment } from "./source";
import type { World } from "./world";

/** What a program declares, for environments to be compared with. */
export interface Declared {
  /** Names of the roles that environments log in to. */
  readonly roles: readonly string[];
  /** Ids of entries in AWS Secrets Manager. */
  readonly entries: readonly string[];
  /** Environments that the program writes, `project/name` each. */
  readonly environments: readonly string[];
  /** What the inventory says of a variable, by environment. */
  readonly variables: Readonly<Record<string, Readonly<Record<string, "secret" | "setting">>>>;
}

/** What rules about one environment see. */
export interface RuleContext {
  readonly environment: ParsedEnvironment;
  readonly world: World;
  readonly declared?: Declared | undefined;
}

export type EnvironmentRule = (context: RuleContext) => readonly Finding[];

/** A finding at a node, or at an access in it. */
export function found(
  rule: RuleId,
  environment: ParsedEnvironment,
  node: Node,
  message: string,
  options: { readonly access?: Access; readonly severity?: Severity } = {},
): Finding {
  const { file } = environment.source;
  return newFinding(rule, {
    on: environment.name,
    ...(file !== undefined && { file }),
    region: environment.region(node, options.access),
    message,
    ...(options.severity && { severity: options.severity }),
  });
}

/** The blocks that ESC hands to commands and to Pulumi. */
export const EXPORTED = ["environmentVariables", "files", "pulumiConfig"] as const;
