import { DefinitionError, type Expression, type Scalar } from "../definition/index";
import type { Inventory } from "./item";
import { type ReadValue, readValues } from "./select";

/** What can fill a variable or a key of configuration. */
export type Filling = Scalar | Expression<Scalar>;

/** The blocks that an inventory decides, for `environmentVariables` and `pulumiConfig` of a definition. */
export interface Blocks {
  readonly environmentVariables: { readonly [name: string]: Filling };
  readonly pulumiConfig: { readonly [key: string]: Filling };
}

/** What blocks are filled with. */
export interface FillBlocks {
  /** Settings that live in the definition, by the item's name. Each that the stage has must be there, and no other. */
  readonly settings: { readonly [name: string]: Filling };
  /** Where the others are found; undefined for what is not configured, which is then left out. */
  readonly find: (read: ReadValue) => Filling | undefined;
}

/**
 * Fills the variables and keys that a stage has by its inventory, in the inventory's order.
 *
 * @throws {DefinitionError} ERR_DEFINITION_KEY for a setting that the inventory has and the definition has not, or the
 * other way round.
 */
export function fillBlocks(inventory: Inventory, stage: string, { settings, find }: FillBlocks): Blocks {
  const [environmentVariables, pulumiConfig]: Record<string, Filling>[] = [{}, {}] as const;
  const read = readValues(inventory, stage);
  for (const each of read) {
    const filling = each.item.livesIn === "esc" ? settings[each.item.name] : find(each);
    if (filling === undefined) {
      if (each.item.livesIn !== "esc") continue;
      throw new DefinitionError(
        "ERR_DEFINITION_KEY",
        `the inventory declares ${each.item.name} for ${stage}: give it a value in the definition, or take it out`,
      );
    }
    const { variable, config } = each.value;
    if (variable !== undefined) environmentVariables[variable] = filling;
    if (config !== undefined) pulumiConfig[config] = filling;
  }
  const declared = read.filter(({ item }) => item.livesIn === "esc").map(({ item }) => item.name);
  const undeclared = Object.keys(settings).filter((name) => !declared.includes(name));
  if (undeclared.length > 0) {
    throw new DefinitionError(
      "ERR_DEFINITION_KEY",
      `the inventory declares no setting ${undeclared.join(", ")} for ${stage}: add it there, or leave it out here`,
    );
  }
  return { environmentVariables, pulumiConfig };
}
