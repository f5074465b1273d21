#!/usr/bin/env -S node --
// `--` above: Node 20 would take `--env-file` of `sandbox serve` for its own option.
import { Command, CommanderError } from "commander";
import { bundleCommand } from "./commands/bundle";
import { checkCommand } from "./commands/check";
import { doctorCommand } from "./commands/doctor";
import { importCommand } from "./commands/import";
import { inventoryCommand } from "./commands/inventory";
import { migrateCommand } from "./commands/migrate";
import { rotateCommand } from "./commands/rotate";
import { sandboxCommand } from "./commands/sandbox";
import { trustCommand } from "./commands/trust";
import { verifyCommand } from "./commands/verify";
import { CommandFailure, EXIT } from "./exit";

/** `escapement <verb>`. Exit codes: 0 good, 1 a finding, 2 cannot run (misuse, a missing tool). */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("escapement")
    .description("Pulumi ESC on AWS as code, and a cloud on the laptop to prove it in.")
    .addCommand(bundleCommand())
    .addCommand(checkCommand())
    .addCommand(doctorCommand())
    .addCommand(importCommand())
    .addCommand(inventoryCommand())
    .addCommand(migrateCommand())
    .addCommand(rotateCommand())
    .addCommand(sandboxCommand())
    .addCommand(trustCommand())
    .addCommand(verifyCommand())
    .showHelpAfterError("(add --help for what it takes)");
  overrideExit(program);
  try {
    await program.parseAsync(argv);
    return EXIT.good;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.cannotRun;
    if (error instanceof CommandFailure) {
      if (error.message !== "") process.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    process.stderr.write(`escapement: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.cannotRun;
  }
}

/** Commander would end the process itself, with 1 for misuse; sub-commands do not inherit the override. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}

// Five lines on stderr in every process on Node 20, for people who cannot act on them: the lock file decides.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

void main(process.argv).then((code) => {
  process.exitCode = code;
});
