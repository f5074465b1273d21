import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { readTrustFiles } from "../../sandbox/trust/files";
import { readProgramWorkflowTrust } from "../../sandbox/trust/program";
import type { WorkflowTrust } from "../../sandbox/trust/recorded-workflow";
import { type PresentedRepository, parseRepository, repositoryOf } from "../../sandbox/trust/repository";
import { readWorkflowFiles } from "../../sandbox/trust/workflow";
import { predictWorkflows, renderPrediction, type WorkflowVariable } from "../../trust";
import { CommandFailure, EXIT, orCannotRun } from "../exit";
import { onProgram } from "../on-program";
import { collect } from "./collect";

interface WorkflowOptions {
  readonly trust?: readonly string[];
  readonly repository?: string;
  readonly branch: string;
  readonly var?: readonly WorkflowVariable[];
  readonly org?: string;
  readonly json?: boolean;
}

const FOLDER = join(".github", "workflows");

/** `escapement trust workflow`: who a workflow's jobs are, and what that opens. */
export function trustWorkflowCommand(): Command {
  return new Command("workflow")
    .description(
      "Predict the subject of each job of GitHub workflows, and which roles it can and cannot take. Fails when a job asks " +
        "for what would be refused, with the line and the fix.",
    )
    .argument("[files...]", `workflows (default: those in ${FOLDER})`)
    .option(
      "--trust <file>",
      "roles as `aws iam get-role` prints them, instead of this folder's program; repeatable",
      collect,
    )
    .option(
      "--repository <owner/name>",
      "whose workflows they are, with ids (owner@1/name@2) when it presents those: gh api " +
        "repos/OWNER/NAME/actions/oidc/customization/sub --jq .sub_claim_prefix (default: the one that the roles trust)",
    )
    .option("--branch <name>", "the repository's default branch", "main")
    .option("--var <name=value>", "a variable that vars.NAME reads; repeatable", collectVariable)
    .option("--org <name>", "the Pulumi organization that the program is for (default: acme)")
    .option("--json", "jobs and findings as one JSON object")
    .addHelpText(
      "after",
      "\nExit code 0: every job gets what it asks for; 1: a finding; 2: it could not run. Steps inside local actions are " +
        "not read.\nNothing leaves this machine.",
    )
    .action((files: string[], options: WorkflowOptions) => run(files, options));
}

async function run(files: readonly string[], options: WorkflowOptions): Promise<void> {
  const workflows = await orCannotRun(readWorkflowFiles(files.length > 0 ? files : await ownFiles()));
  const trust = await readTrust(options);
  const { repository, forms } = presentedRepository(trust, options.repository);
  const prediction = predictWorkflows({
    ...trust,
    workflows,
    repository,
    forms,
    variables: [...trust.variables, ...(options.var ?? [])],
    defaultBranch: options.branch,
  });
  process.stdout.write(
    options.json ? `${JSON.stringify(prediction, null, 2)}\n` : renderPrediction(prediction),
  );
  if (prediction.findings.length > 0) throw new CommandFailure(EXIT.finding);
}

async function ownFiles(): Promise<string[]> {
  const names = await readdir(FOLDER).catch(() => []);
  const files = names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(FOLDER, name));
  if (files.length > 0) return files.sort();
  throw new CommandFailure(EXIT.cannotRun, `there are no workflows in ${FOLDER}: name the files`);
}

async function readTrust({ trust, org }: WorkflowOptions): Promise<WorkflowTrust> {
  if (trust === undefined) {
    return onProgram(readProgramWorkflowTrust, { ...(org !== undefined && { organization: org }) });
  }
  const { roles, providers } = await orCannotRun(readTrustFiles(trust));
  return { roles, providers, variables: [], environments: undefined, pulumiPolicies: undefined };
}

function presentedRepository({ roles }: WorkflowTrust, given: string | undefined): PresentedRepository {
  const found = given === undefined ? repositoryOf(roles) : parseRepository(given, roles);
  if (found !== undefined) return found;
  throw new CommandFailure(
    EXIT.cannotRun,
    given === undefined
      ? "the roles trust no repository, or several: say whose workflows they are with --repository owner/name"
      : `--repository ${given}: must be owner/name, or owner@1/name@2 with both ids`,
  );
}

function collectVariable(text: string, previous: readonly WorkflowVariable[] = []): WorkflowVariable[] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("must be NAME=VALUE");
  return [...previous, { name, value }];
}
