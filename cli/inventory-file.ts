import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineInventory } from "../esc/inventory/define";
import { InventoryError } from "../esc/inventory/errors";
import type { Inventory } from "../esc/inventory/item";
import { CommandFailure, EXIT } from "./exit";
import { loadModule } from "./load-module";

/** Where a project's inventory is unless it is named. */
export const inventoryFile = "esc/inventory.ts";

/** An inventory with the file that it is in. */
export interface LoadedInventory {
  /** Absolute. */
  readonly file: string;
  readonly inventory: Inventory;
  /** The line of the file on which an item is declared, from 1; undefined where that cannot be told. */
  lineOf(item: string): number | undefined;
}

/**
 * Loads the inventory that a file exports as `inventory`: TypeScript or JavaScript, or JSON that is one. What TypeScript
 * imports is bundled in memory; packages are loaded from where the file is. It is code of the project, and runs.
 *
 * @throws CommandFailure (cannot run) naming every problem with its place
 */
export async function loadInventory(named: string): Promise<LoadedInventory> {
  const file = path.resolve(named);
  if (!existsSync(file)) {
    throw new CommandFailure(EXIT.cannotRun, `there is no inventory ${named}: name it with --inventory`);
  }
  try {
    const declared = file.endsWith(".json") ? JSON.parse(readFileSync(file, "utf8")) : await run(file);
    // Checked here too: it may have been made without `defineInventory`, or by another version of it.
    const inventory = defineInventory(declared as Inventory);
    const text = readFileSync(file, "utf8").split("\n");
    return {
      file,
      inventory,
      lineOf(item) {
        const at = text.findIndex((line) => /\bname["']?:\s*["'`]/.test(line) && quoted(line).includes(item));
        return at < 0 ? undefined : at + 1;
      },
    };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const { message } = error as Error;
    const said = error instanceof InventoryError ? message : `it cannot be loaded: ${message}`;
    throw new CommandFailure(EXIT.cannotRun, `${named}: ${said}`);
  }
}

/** The same where there is one, in the usual place; undefined where there is none. */
export async function findInventory(): Promise<LoadedInventory | undefined> {
  return existsSync(inventoryFile) ? loadInventory(inventoryFile) : undefined;
}

async function run(file: string): Promise<unknown> {
  const { inventory } = await loadModule(file);
  if (typeof inventory !== "object") {
    throw new CommandFailure(EXIT.cannotRun, `${file} does not export an \`inventory\``);
  }
  return inventory;
}

function quoted(line: string): readonly string[] {
  return [...line.matchAll(/["'`]([^"'`]*)["'`]/g)].map(([, text = ""]) => text);
}
