import { Command, InvalidArgumentError } from "commander";
import { createEscClient, EscClientError } from "../esc-client";
import { CommandFailure, EXIT } from "../exit";
import { type VerifyResult, type VerifyTarget, verify } from "../verify";

interface VerifyOptions {
  readonly promote?: boolean;
  readonly json?: boolean;
}

/** `escapement verify`: opens environments, and moves `live` to what opens. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description("Open environments as their consumers do, and say what is missing where. Prints no value.")
    .argument(
      "<environment...>",
      "organization/project/name, with @live or another version if any",
      collect,
      [],
    )
    .option("--promote", "move the tag live to the revision that opened; create it when there is none")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      "\nPULUMI_ACCESS_TOKEN is required. PULUMI_BACKEND_URL names another service than https://api.pulumi.com.",
    )
    .action((targets: readonly VerifyTarget[], options: VerifyOptions) => run(targets, options));
}

function collect(text: string, previous: readonly VerifyTarget[]): readonly VerifyTarget[] {
  const [, organization = "", project = "", name = "", version] =
    /^([\w.-]+)\/([\w.-]+)\/([\w.-]+)(?:@([\w.-]+))?$/.exec(text) ?? [];
  if (name === "") throw new InvalidArgumentError("must be organization/project/name or …@version");
  return [...previous, { organization, project, name, version }];
}

async function run(
  targets: readonly VerifyTarget[],
  { promote = false, json = false }: VerifyOptions,
): Promise<void> {
  const tagged = targets.find(({ version }) => version !== undefined);
  if (promote && tagged !== undefined) {
    const { project, name, version } = tagged;
    throw new CommandFailure(
      EXIT.cannotRun,
      `--promote takes what is newest: write ${project}/${name} without @${version}`,
    );
  }
  const accessToken = process.env.PULUMI_ACCESS_TOKEN;
  if (!accessToken)
    throw new CommandFailure(EXIT.cannotRun, "PULUMI_ACCESS_TOKEN is not set: run pulumi login, or set it");
  const url = process.env.PULUMI_BACKEND_URL || "https://api.pulumi.com";
  const client = await createEscClient({ url, accessToken });
  const results: VerifyResult[] = [];
  try {
    // One after another: a stage's login is one role, and a failing token should be told once.
    for (const target of targets) results.push(await verify(client, target, { promote }));
  } catch (error) {
    if (!(error instanceof EscClientError)) throw error;
    throw new CommandFailure(EXIT.cannotRun, `${url}: ${error.message}`);
  }
  const ok = results.every((result) => result.ok);
  process.stdout.write(
    json ? `${JSON.stringify({ ok, environments: results }, null, 2)}\n` : render(results),
  );
  if (!ok) throw new CommandFailure(EXIT.finding);
}

function render(results: readonly VerifyResult[]): string {
  const lines = results.flatMap((result) => [
    `${result.ok ? "✓" : "✗"} ${result.environment}`,
    `  ${summary(result)}`,
    ...result.problems.map((problem) => `    ${problem}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function summary({ ok, opens, revision, variables, live, liveWas }: VerifyResult): string {
  const which = revision === undefined ? "" : `revision ${revision} `;
  const stays = live === undefined ? "" : `; live stays at revision ${live}`;
  if (!opens) return `${which}does not open${stays}:`;
  if (!ok) return `${which}opens, but was not promoted${stays}:`;
  const told = `${which}opens with ${variables.length} variables`;
  if (liveWas === undefined) return live === undefined ? told : `${told}; live is there already`;
  return `${told}; live is there now (${liveWas === null ? "it is new" : `it was at ${liveWas}`})`;
}
