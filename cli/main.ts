#!/usr/bin/env -S node --
// `--` above: Node 20 would take `--env-file` of `sandbox serve` for its own option.
import { Command, CommanderError } from "commander";
import { CommandFailure, EXIT } from "./exit";

/** What is not asked for is not loaded: the sandbox alone takes longer to load than `verify` takes to begin. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  bundle: async () => (await import("./commands/bundle.js")).bundleCommand(),
  check: async () => (await import("./commands/check.js")).checkCommand(),
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand(),
  import: async () => (await import("./commands/import.js")).importCommand(),
  inventory: async () => (await import("./commands/inventory.js")).inventoryCommand(),
  migrate: async () => (await import("./commands/migrate.js")).migrateCommand(),
  rotate: async () => (await import("./commands/rotate.js")).rotateCommand(),
  sandbox: async () => (await import("./commands/sandbox.js")).sandboxCommand(),
  trust: async () => (await import("./commands/trust.js")).trustCommand(),
  verify: async () => (await import("./commands/verify.js")).verifyCommand(),
};

/** `escapement <verb>`. Exit codes: 0 good, 1 a finding, 2 cannot run (misuse, a missing tool). */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("escapement")
    .description("Pulumi ESC on AWS as code, and a cloud on the laptop to prove it in.")
    .showHelpAfterError("(add --help for what it takes)");
  const [, , verb = ""] = argv;
  const wanted = Object.entries(commands).filter(([name]) => name === verb);
  for (const [, load] of wanted.length > 0 ? wanted : Object.entries(commands))
    program.addCommand(await load());
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

// Whoever reads it may have read enough, as `head` does: the exit code is what it would have been.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

void main(process.argv).then((code) => {
  process.exitCode = code;
});
