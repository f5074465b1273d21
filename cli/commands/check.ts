import { Command, Option } from "commander";
import { placeholders } from "../../esc/environments";
import { checkEnvironments } from "../../esc/lint/check";
import { renderFindings } from "../../esc/lint/render";
import { toSarif } from "../../esc/lint/sarif";
import { projectIn, readEnvironmentFiles } from "../environment-files";
import { CommandFailure, EXIT, orCannotRun } from "../exit";
import { hasEnvironments, readDeclared, readProgramEnvironments } from "../program-environments";

/** What `--program` renders for a role that only a deployment knows. */
const STAND_IN_ROLE = placeholders.loginRoleArn.split("/").at(-1) ?? "";

interface CheckOptions {
  readonly program?: boolean;
  readonly format: "text" | "json" | "sarif";
  readonly json?: boolean;
}

/** `escapement check`: environment files, or what this folder's program would write. */
export function checkCommand(): Command {
  return new Command("check")
    .description("Check environment files by Pulumi's evaluator and by rules E01 to E21 (docs/check.md).")
    .argument(
      "[files...]",
      "PROJECT/NAME.yaml in any folder; a Pulumi.<stack>.yaml is compared with what it imports",
    )
    .option("--program", "check what this folder's program would write, as well as the files if any")
    .addOption(
      new Option("--format <form>", "of the findings").choices(["text", "json", "sarif"]).default("text"),
    )
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      "\nNothing is opened and nothing leaves this machine. A comment accepts a finding: # check: accept E13 why.",
    )
    .action((files: string[], options: CheckOptions) => run(files, options));
}

async function run(files: readonly string[], options: CheckOptions): Promise<void> {
  const form = options.json ? "json" : options.format;
  const { output, ok } = await runCheck({
    files,
    program: options.program ?? false,
    form,
    directory: process.cwd(),
  });
  process.stdout.write(output);
  if (!ok) throw new CommandFailure(EXIT.finding);
}

/** What the command prints, and whether nothing was found. Exported for tests. */
export async function runCheck(options: {
  readonly files: readonly string[];
  readonly program: boolean;
  readonly form: CheckOptions["format"];
  readonly directory: string;
}): Promise<{ readonly output: string; readonly ok: boolean }> {
  const { files, program, form, directory } = options;
  if (files.length === 0 && !program) {
    throw new CommandFailure(
      EXIT.cannotRun,
      "check takes files, or --program for what this folder's program writes",
    );
  }
  if (program && !hasEnvironments(directory)) {
    throw new CommandFailure(
      EXIT.cannotRun,
      `there is no program with Pulumi.yaml and esc/environments in ${directory}: give the files of environments`,
    );
  }
  const { findings, checked } = await orCannotRun(check(files, program, directory));
  const ok = findings.every(({ accepted }) => accepted !== undefined);
  if (form === "text") return { ok, output: renderFindings(findings, checked) };
  const report = form === "sarif" ? toSarif(findings) : { ok, checked, findings };
  return { ok, output: `${JSON.stringify(report, null, 2)}\n` };
}

async function check(files: readonly string[], program: boolean, directory: string) {
  const read = await readEnvironmentFiles(files);
  const declared = await readDeclared(directory, await projectIn(directory));
  const written = hasEnvironments(directory) ? await readProgramEnvironments(directory) : undefined;
  // A file that stands for an environment of the program is what is meant by its name.
  const isFile = (name: string) => [...read.environments, ...read.imports].some((each) => each.name === name);
  const rendered = written?.environments.filter(({ name }) => !isFile(name)) ?? [];
  const environments = [...read.environments, ...(program ? rendered : [])];
  const stackFiles = [...read.stackFiles, ...(program ? (written?.stackFiles ?? []) : [])];
  const findings = await checkEnvironments({
    environments,
    imports: [...read.imports, ...rendered],
    stackFiles,
    declared: declared && { ...declared, roles: [...declared.roles, STAND_IN_ROLE] },
  });
  return {
    findings,
    checked: [...environments.map(({ name }) => name), ...stackFiles.map(({ file }) => file)],
  };
}
