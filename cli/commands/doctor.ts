import { Command, InvalidArgumentError } from "commander";
import { readTrustFiles } from "../../sandbox/trust/files";
import { readConnection } from "../connection";
import { examine, type Report } from "../doctor/doctor";
import { type EnvironmentVersion, parseEnvironmentName } from "../environment-name";
import { createEscClient, EscClientError } from "../esc-client";
import { CommandFailure, EXIT } from "../exit";
import { collect } from "./collect";

interface DoctorCommandOptions {
  readonly needs: readonly string[];
  readonly role: readonly string[];
  readonly json?: boolean;
}

/** `escapement doctor`: where the way of a value stops, why, and what to do first. */
export function doctorCommand(write: (text: string) => void = (text) => process.stdout.write(text)): Command {
  return new Command("doctor")
    .description("Find out why an environment does not give what it should, and what to do. Prints no value.")
    .argument("<environment>", "organization/project/name, with @live or another version if any", parseTarget)
    .option("--needs <variable>", "a variable that somebody misses; may be repeated", collect, [])
    .option("--role <file>", "a role as aws iam get-role prints it; may be repeated", collect, [])
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", help)
    .action((target: EnvironmentVersion, options: DoctorCommandOptions) => run(target, options, write));
}

const help = `
It asks the service whose token this is, compares the clocks, looks for the environment, opens it, and names what it finds:
docs/troubleshooting.md lists every name with its cause and its remedy. It changes nothing.

With --role, the condition of a trust policy that decides is named:
  aws iam get-role --role-name escapement-staging-esc > role.json
  escapement doctor acme/escapement/staging --role role.json

PULUMI_ACCESS_TOKEN is required. PULUMI_BACKEND_URL names another service than https://api.pulumi.com.
Exit code 0: nothing is wrong; 1: something is; 2: it cannot run.`;

async function run(
  environment: EnvironmentVersion,
  { needs, role, json = false }: DoctorCommandOptions,
  write: (text: string) => void,
): Promise<void> {
  const connection = readConnection();
  const report = await examine({
    connection,
    client: await createEscClient(connection),
    environment,
    needs,
    roles: role.length === 0 ? [] : (await readTrustFiles(role)).roles,
  }).catch((error: unknown) => {
    if (!(error instanceof EscClientError)) throw error;
    throw new CommandFailure(EXIT.cannotRun, `${connection.url}: ${error.message}`);
  });
  write(json ? `${JSON.stringify(report, null, 2)}\n` : render(report));
  if (!report.ok) throw new CommandFailure(EXIT.finding);
}

function render({ environment, fine, diagnoses }: Report): string {
  const lines = [environment, ...fine.map((each) => `✓ ${each}`)];
  for (const { code, what, why, fix } of diagnoses) {
    lines.push(`✗ ${code}: ${what}`, `  why: ${why}`, `  do:  ${fix.replaceAll("\n", "\n       ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function parseTarget(text: string): EnvironmentVersion {
  const target = parseEnvironmentName(text);
  if (target === undefined) throw new InvalidArgumentError("must be organization/project/name or …@version");
  return target;
}
