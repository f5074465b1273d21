import { existsSync } from "node:fs";
import path from "node:path";
import { flatName } from "../components/names";
import { entryId } from "../esc/entry-id";
import { base, dev, placeholders, prod, staging } from "../esc/environments";
import { type InventoryItem, inventory, itemsOf, type Stage } from "../esc/inventory";
import type { Declared } from "../esc/lint/rule-context";
import type { EnvironmentSource } from "../esc/lint/source";
import { readStackSettings } from "../sandbox/engine";

/** What this folder's program would write, and what it declares for it. */
export interface ProgramEnvironments {
  readonly environments: readonly EnvironmentSource[];
  readonly declared: Declared;
}

const STAGES: readonly Stage[] = ["dev", "staging", "prod"];

/** Whether a folder has a program like this one: with environments and an inventory of its own. */
export function hasEnvironments(directory: string): boolean {
  return ["Pulumi.yaml", "esc/inventory.ts"].every((file) => existsSync(path.join(directory, file)));
}

/**
 * Renders the environments as the program does, with placeholders for what only a deployment knows.
 *
 * @throws EngineError for a project or stack file that cannot be used
 */
export async function readProgramEnvironments(directory: string): Promise<ProgramEnvironments> {
  const settings = async (stack: string) => {
    const { project, config } = await readStackSettings({ directory, stack });
    const stacks = config[`${project}:stacks`];
    return {
      project,
      domain: config[`${project}:domain`] ?? "",
      region: config["aws:region"] ?? "",
      ...(stacks !== undefined && { stacks: JSON.parse(stacks) }),
    };
  };
  const shared = await settings("base");
  const { project } = shared;
  const definitions = {
    base: base(shared),
    dev: dev({ project }),
    staging: staging({ project, ...placeholders, stacks: (await settings("staging")).stacks }),
    prod: prod({ project, ...placeholders, stacks: (await settings("prod")).stacks }),
  };
  const environments = Object.entries(definitions).map(([name, definition]) => ({
    name: `${project}/${name}`,
    yaml: definition.render(),
  }));
  return { environments, declared: declaredBy(project, environments) };
}

function declaredBy(project: string, environments: readonly EnvironmentSource[]): Declared {
  const placeholder = placeholders.loginRoleArn.split("/").at(-1) ?? "";
  const kinds = (items: readonly InventoryItem[]) =>
    Object.fromEntries(
      items.flatMap(({ kind, values }) =>
        values.flatMap(({ variable, config }) =>
          [variable, config].flatMap((name) => (name ? [[name, kind]] : [])),
        ),
      ),
    );
  return {
    roles: [placeholder, ...STAGES.map((stage) => flatName({ project, stage }, "esc-login"))],
    entries: inventory.items
      .filter(({ livesIn }) => livesIn === "aws-secrets" || livesIn === "external")
      .flatMap(({ name, stages }) => stages.map((stage) => entryId({ project, stage }, name))),
    environments: environments.map(({ name }) => name),
    variables: Object.fromEntries(STAGES.map((stage) => [`${project}/${stage}`, kinds(itemsOf(stage))])),
  };
}
