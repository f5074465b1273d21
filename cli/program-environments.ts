import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { flatName } from "../components/names";
import { entryId } from "../esc/entry-id";
import type * as Environments from "../esc/environments";
import type { InventoryItem } from "../esc/inventory/item";
import { selectItems } from "../esc/inventory/select";
import type { Declared } from "../esc/lint/rule-context";
import type { EnvironmentSource } from "../esc/lint/source";
import type { StackFile } from "../esc/lint/stack-file-rules";
import { readStackSettings } from "../sandbox/engine";
import { inventoryFile, loadInventory } from "./inventory-file";
import { loadModule } from "./load-module";

const environmentsFile = "esc/environments/index.ts";
const STACK_FILE = /^Pulumi\.[\w.-]+\.ya?ml$/;

/** What a folder's program would write. */
export interface ProgramEnvironments {
  readonly environments: readonly EnvironmentSource[];
  readonly stackFiles: readonly StackFile[];
}

/** Whether a folder has a program like this one, with environments of its own. */
export function hasEnvironments(directory: string): boolean {
  return ["Pulumi.yaml", inventoryFile, environmentsFile].every((file) =>
    existsSync(path.join(directory, file)),
  );
}

/**
 * Renders the environments as the program does, with placeholders for what only a deployment knows.
 *
 * @throws EngineError for a project or stack file that cannot be used
 */
export async function readProgramEnvironments(directory: string): Promise<ProgramEnvironments> {
  const module = await loadModule(path.resolve(directory, environmentsFile));
  const { base, dev, staging, prod, placeholders } = module as unknown as typeof Environments;
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
  const files = (await readdir(directory)).filter((file) => STACK_FILE.test(file)).sort();
  return {
    environments: Object.entries(definitions).map(([name, definition]) => ({
      name: `${project}/${name}`,
      yaml: definition.render(),
    })),
    stackFiles: await Promise.all(
      files.map(async (file) => ({
        file,
        project,
        yaml: await readFile(path.join(directory, file), "utf8"),
      })),
    ),
  };
}

/**
 * What a folder's inventory declares: undefined where it has none, or no `Pulumi.yaml` that says for which project.
 *
 * @throws CommandFailure for an inventory that cannot be used
 */
export async function readDeclared(
  directory: string,
  project: string | undefined,
): Promise<Declared | undefined> {
  const file = path.join(directory, inventoryFile);
  if (project === undefined || !existsSync(file)) return undefined;
  const { inventory } = await loadInventory(file);
  const kinds = (items: readonly InventoryItem[]) =>
    Object.fromEntries(
      items.flatMap(({ kind, values }) =>
        values.flatMap(({ variable, config }) =>
          [variable, config].flatMap((name) => (name === undefined ? [] : [[name, kind]])),
        ),
      ),
    );
  return {
    roles: inventory.stages.map((stage) => flatName({ project, stage }, "esc-login")),
    entries: inventory.items
      .filter(({ livesIn }) => livesIn === "aws-secrets" || livesIn === "external")
      .flatMap(({ name, stages }) => stages.map((stage) => entryId({ project, stage }, name))),
    environments: ["base", ...inventory.stages].map((stage) => `${project}/${stage}`),
    variables: Object.fromEntries(
      inventory.stages.map((stage) => [`${project}/${stage}`, kinds(selectItems(inventory, stage))]),
    ),
  };
}
