import path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { deploymentJson, renderDeployment } from "../../sandbox/deployment-report";
import type { Operation } from "../../sandbox/engine/index";
import { CommandFailure, EXIT } from "../exit";
import { withCloud } from "../with-cloud";

interface DeployOptions {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly as?: string;
  readonly stateDir?: string;
  readonly json?: boolean;
}

const descriptions: Readonly<Record<Operation, string>> = {
  preview: "Say what an up would change, and change nothing.",
  up: "Make of a stack what the program asks for.",
  destroy: "Delete what a stack has, but for what is protected.",
};

/** `escapement sandbox preview|up|destroy`: one stack, as `pulumi preview`, `up` and `destroy` do it. */
export function deployCommands(): Command[] {
  return (Object.keys(descriptions) as Operation[]).map((operation) =>
    new Command(operation)
      .description(descriptions[operation])
      .requiredOption("-s, --stack <name>", "the stack")
      .option(
        "-c, --config <key=value>",
        "a value that wins over the stack file; may be repeated",
        collect,
        {},
      )
      .option(
        "--as <role>",
        "the IAM role in whose name AWS is asked: escapement-deploy-staging; without it, the administrator",
      )
      .option("-C, --cwd <folder>", "where the program's Pulumi.yaml is", ".")
      .option(
        "--state-dir <folder>",
        "keep the cloud there from one command to the next; without it, it is new",
      )
      .option("--json", "one JSON object on stdout")
      .action((_, command: Command) => run(operation, command.optsWithGlobals<DeployOptions>())),
  );
}

function collect(text: string, previous: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("must be key=value");
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

async function run(operation: Operation, options: DeployOptions): Promise<void> {
  const { stack, config, as, json = false, stateDir: stateDirectory } = options;
  const directory = path.resolve(options.cwd);
  await withCloud({ directory, stateDirectory }, async ({ cloud, signal, save }) => {
    if (as !== undefined && !cloud.account.roles.has(as.toLowerCase())) {
      throw new CommandFailure(
        EXIT.cannotRun,
        `there is no role ${as} in this cloud: bring base up first, with --state-dir`,
      );
    }
    const deployment = await cloud.deploy({ directory, stack, operation, config, as, signal, onState: save });
    process.stdout.write(
      json ? `${JSON.stringify(deploymentJson(deployment), null, 2)}\n` : renderDeployment(deployment),
    );
    if (!deployment.ok) throw new CommandFailure(EXIT.finding);
  });
}
