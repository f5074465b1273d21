import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { generateFiles } from "../../esc/inventory/generate";
import { CommandFailure, EXIT } from "../exit";
import { inventoryFile, loadInventory } from "../inventory-file";

interface InventoryOptions {
  readonly inventory: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `escapement inventory`: writes what follows from the inventory, or says what is not as it should be. */
export function inventoryCommand(): Command {
  return new Command("inventory")
    .description(
      "Write the files that follow from the inventory: the page, schema, .env.example and loaders.",
    )
    .option("--inventory <file>", "TypeScript, JavaScript or JSON", inventoryFile)
    .option("--check", "write nothing; exit code 1 when a file is not as the inventory says")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
Which files, the inventory says itself (generates: { page, schema, dotenv, typescript, python, shell }), each by its path from
the inventory's file. Commit them, and have CI run this with --check: one line of the inventory changed, and CI fails until
they are written anew.`,
    )
    .action(run);
}

type State = "current" | "written" | "missing" | "out of date";

async function run({ inventory: named, check = false, json = false }: InventoryOptions): Promise<void> {
  const { file, inventory } = await loadInventory(named);
  const folder = path.dirname(file);
  const files = generateFiles(inventory, `${path.basename(folder)}/${path.basename(file)}`).map(
    ({ kind, path: relative, text }) => {
      const target = path.join(folder, relative);
      return { kind, file: path.relative(process.cwd(), target), state: bring(target, text, check) };
    },
  );
  if (files.length === 0) {
    throw new CommandFailure(
      EXIT.cannotRun,
      `${named} names no file in \`generates\`: there is nothing to write`,
    );
  }
  const ok = files.every(({ state }) => state === "current" || state === "written");
  const { length: items } = inventory.items;
  process.stdout.write(
    json
      ? `${JSON.stringify({ ok, inventory: named, items, files }, null, 2)}\n`
      : files
          .map(({ file, state }) => `${ok || state === "current" ? "✓" : "✗"} ${file}: ${state}\n`)
          .join(""),
  );
  if (!ok) throw new CommandFailure(EXIT.finding, json ? "" : "run: escapement inventory");
}

/** Writes a file whole or not at all, and only what differs: so a second run changes nothing. */
function bring(target: string, text: string, check: boolean): State {
  const before = existsSync(target) ? readFileSync(target, "utf8") : undefined;
  if (before === text) return "current";
  if (check) return before === undefined ? "missing" : "out of date";
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, text);
  renameSync(`${target}.new`, target);
  return "written";
}
