import { readFile } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import { Command } from "commander";
import { CommandFailure, EXIT } from "../exit";
import { importScript, type PlannedResource, PreviewError, planImport, readPreview } from "../import-script";

interface ImportOptions {
  readonly only?: readonly string[];
  readonly json?: boolean;
}

/** `escapement import`: what exists already, brought under a stack. */
export function importCommand(): Command {
  return new Command("import")
    .description(
      "Print the shell script that brings things which exist already under a stack, with Pulumi's own import.",
    )
    .argument("<preview>", "what `pulumi preview --json` printed: a file, or - for stdin")
    .option(
      "--only <name...>",
      "the resources to import, by their names in the program; without it, they are listed",
    )
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      `
  pulumi preview -s base --json > preview.json
  escapement import preview.json
  escapement import preview.json --only esc-oidc-provider > import.sh

Nothing is imported before you run the script. It writes import.json and needs the pulumi command, and the AWS CLI where
only the account knows an id. What is imported is taken as it is: the next preview shows how it differs from the program.`,
    )
    .action((file: string, options: ImportOptions) => run(file, options));
}

async function run(file: string, { only, json = false }: ImportOptions): Promise<void> {
  const input = await (file === "-" ? readStream(process.stdin) : readFile(file, "utf8")).catch(
    (error: Error) => {
      throw new CommandFailure(EXIT.cannotRun, `${file} cannot be read: ${error.message}`);
    },
  );
  try {
    const resources = readPreview(input);
    if (only === undefined) return list(resources, json);
    const plan = planImport(resources, only);
    const script = importScript(plan);
    process.stdout.write(json ? `${JSON.stringify({ stack: plan.stack, script }, null, 2)}\n` : script);
  } catch (error) {
    if (!(error instanceof PreviewError)) throw error;
    throw new CommandFailure(EXIT.cannotRun, `${file}: ${error.message}`);
  }
}

function list(resources: readonly PlannedResource[], json: boolean): void {
  const custom = resources.filter((resource) => resource.custom).map(({ type, name }) => ({ type, name }));
  if (json) return void process.stdout.write(`${JSON.stringify({ resources: custom }, null, 2)}\n`);
  const width = Math.max(0, ...custom.map(({ name }) => name.length));
  for (const { type, name } of custom) process.stdout.write(`${name.padEnd(width)}  ${type}\n`);
  process.stderr.write(`${custom.length} would be created; name those that exist already with --only\n`);
}
