import { Command, InvalidArgumentError } from "commander";
import { secretTexts } from "../../esc/inventory/verify/opened";
import { readConnection } from "../connection";
import { connectAws, createAgeReader } from "../entry-ages";
import { type EnvironmentVersion, parseEnvironmentName } from "../environment-name";
import { createEscClient, EscClientError } from "../esc-client";
import { CommandFailure, EXIT } from "../exit";
import { addSummary, formatAnnotation, isRunnerStream, maskSecrets } from "../github-log";
import { findInventory, inventoryFile, type LoadedInventory, loadInventory } from "../inventory-file";
import { driftLines, readDefinitions } from "../stack-outputs";
import { type VerifyResult, verifyAll } from "../verify";
import { annotateVerify, renderVerify, summarizeVerify } from "../verify-report";

interface VerifyCommandOptions {
  readonly promote?: boolean;
  readonly json?: boolean;
  /** false for `--no-inventory` */
  readonly inventory?: string | false;
  readonly stage?: string;
  readonly stackOutputs?: string;
  readonly timeout: number;
}

/** `escapement verify`: opens environments, holds them against the inventory, and moves `live` to what passes. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "Open environments as their consumers do, hold each against the inventory, and say what is wrong where. Prints no value.",
    )
    .argument(
      "<environment...>",
      "organization/project/name, with @live or another version if any",
      collect,
      [],
    )
    .option("--promote", "move the tag live to the revision that passed; create it when there is none")
    .option(
      "--inventory <file>",
      `what they are held against (default: ${inventoryFile}, where there is one)`,
    )
    .option("--no-inventory", "open them only")
    .option("--stage <stage>", "the stage that they are (default: each the one of its name)")
    .option(
      "--stack-outputs <file>",
      "what `pulumi stack output --json` prints, or -: their definitions are compared with what ESC has",
    )
    .option("--timeout <seconds>", "how long one environment may take", seconds, 120)
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", HELP)
    .action((targets: readonly EnvironmentVersion[], options: VerifyCommandOptions) => run(targets, options));
}

const HELP = `
Each line of the inventory is checked: it is there, not empty, no placeholder, of its form, secret where it must be,
read from its own stage's entry, not the same as another stage's (of those named here together), not overdue; and there is
nothing that the inventory does not know, and no secret in the definition. Exit code 1 when one is wrong.

With --stack-outputs, an environment that is not what the program says is a finding, line by line: an update that got
lost, or an edit in the console. It is not promoted.

PULUMI_ACCESS_TOKEN is required. PULUMI_BACKEND_URL names another service than https://api.pulumi.com.
With AWS credentials in the environment, AWS is asked when entries were last written (secretsmanager:ListSecretVersionIds);
without, an age is known only where it stands beside the value (rotatedAt).

In GitHub Actions there are a step summary, annotations, and masks for every secret that was opened. Masks go to stdout
(with --json to stderr), for the runner to read, and are left out where that is a file.`;

function collect(text: string, previous: readonly EnvironmentVersion[]): readonly EnvironmentVersion[] {
  const target = parseEnvironmentName(text);
  if (target === undefined) throw new InvalidArgumentError("must be organization/project/name or …@version");
  return [...previous, target];
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError("must be more than 0 and at most 3600");
  return value;
}

async function run(targets: readonly EnvironmentVersion[], options: VerifyCommandOptions): Promise<void> {
  const { promote = false, json = false } = options;
  const tagged = targets.find(({ version }) => version !== undefined);
  if (promote && tagged !== undefined) {
    const { project, name, version } = tagged;
    throw new CommandFailure(
      EXIT.cannotRun,
      `--promote takes what is newest: write ${project}/${name} without @${version}`,
    );
  }
  const { url, accessToken } = readConnection();
  const loaded = await inventoryFor(options);
  const { stackOutputs } = options;
  const definitions = stackOutputs === undefined ? undefined : await readDefinitions(stackOutputs);
  const timeoutMs = options.timeout * 1000;
  const client = await createEscClient({ url, accessToken, timeoutMs });
  const aws = loaded === undefined ? undefined : await connectAws();
  const secrets = new Set<string>();
  let results: readonly VerifyResult[];
  try {
    results = await verifyAll(client, targets, {
      promote,
      timeoutMs,
      inventory: loaded?.inventory,
      stage: options.stage,
      ...(definitions && { moreLines: [driftLines(definitions)] }),
      agesOf: loaded && aws && createAgeReader(loaded.inventory, aws),
      onProgress: (environment, what) => process.stderr.write(`${environment}: ${what}\n`),
      onOpened: ({ properties }) => {
        for (const text of secretTexts(properties)) secrets.add(text);
      },
    });
  } catch (error) {
    if (!(error instanceof EscClientError)) throw error;
    throw new CommandFailure(EXIT.cannotRun, `${url}: ${error.message}`);
  }
  if (process.env.GITHUB_ACTIONS === "true") tellGithub(results, [...secrets], { loaded, json });
  const ok = results.every((result) => result.ok);
  process.stdout.write(
    json ? `${JSON.stringify({ ok, environments: results }, null, 2)}\n` : renderVerify(results),
  );
  if (!ok) throw new CommandFailure(EXIT.finding);
}

async function inventoryFor({
  inventory,
  stage,
}: VerifyCommandOptions): Promise<LoadedInventory | undefined> {
  if (inventory === false) return undefined;
  const loaded = inventory === undefined ? await findInventory() : await loadInventory(inventory);
  if (stage !== undefined && !loaded?.inventory.stages.includes(stage)) {
    const has =
      loaded === undefined ? "there is no inventory" : `it has ${loaded.inventory.stages.join(", ")}`;
    throw new CommandFailure(EXIT.cannotRun, `the inventory has no stage "${stage}": ${has}`);
  }
  return loaded;
}

function tellGithub(
  results: readonly VerifyResult[],
  secrets: readonly string[],
  { loaded, json }: { readonly loaded: LoadedInventory | undefined; readonly json: boolean },
): void {
  const stream = json ? process.stderr : process.stdout;
  const { commands, unmasked } = maskSecrets(secrets);
  if (isRunnerStream(json ? 2 : 1)) {
    for (const command of commands) stream.write(`${command}\n`);
  } else {
    process.stderr.write("no masks: what they would be written to is a file, which would keep the secrets\n");
  }
  if (unmasked > 0) {
    process.stderr.write(`${unmasked} secrets are too short, or too common a word, to be masked\n`);
  }
  for (const annotation of annotateVerify(results, loaded)) stream.write(`${formatAnnotation(annotation)}\n`);
  addSummary(summarizeVerify(results));
}
