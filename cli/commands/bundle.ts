import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { bundleAdapter } from "../../lambda/bundle";
import { CommandFailure, EXIT } from "../exit";

interface BundleOptions {
  readonly entry?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** `escapement bundle`: by hand what the component `AdapterLambda` does. */
export function bundleCommand(print: (text: string) => void = (text) => process.stdout.write(text)): Command {
  return new Command("bundle")
    .description("Bundle the adapter for Lambda, with your own sources or without.")
    .requiredOption("--out <folder>", "where to write the files; must be empty, or not be there yet")
    .option("--entry <file>", "module that exports sources, made with defineSource, or a handler of its own")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      '\nThe function\'s handler is "index.handler"; config.json, with what the adapter trusts, goes beside index.mjs.' +
        "\nThe same sources give the same bytes in every folder.",
    )
    .action((options: BundleOptions) => run(options, print));
}

async function run(
  { entry, out, json = false }: BundleOptions,
  print: (text: string) => void,
): Promise<void> {
  const folder = path.resolve(out);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CommandFailure(EXIT.cannotRun, `${out} is not empty: files of another bundle would stay in it`);
  }
  const { files, bytes, sha256 } = await bundleAdapter({ entry }).catch((error: Error) => {
    throw new CommandFailure(EXIT.finding, `${entry} cannot be bundled: ${error.message}`);
  });
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of Object.entries(files)) writeFileSync(path.join(folder, name), contents);
  const names = Object.keys(files);
  print(
    json
      ? `${JSON.stringify({ folder, files: names, bytes, sha256 })}\n`
      : `${out}: ${names.length} files, ${bytes} bytes, sha256 ${sha256}\n`,
  );
}
