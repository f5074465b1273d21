import { userInfo } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { TargetReport } from "../../lambda/rotators/inspect";
import type { UnstickReport } from "../../lambda/rotators/unstick";
import { readConnection } from "../connection";
import { parseEnvironmentName } from "../environment-name";
import { createEscClient, type EnvironmentName, EscClientError } from "../esc-client";
import { CommandFailure, EXIT } from "../exit";
import { createFunctionClient, type FunctionClient, FunctionClientError } from "../function-client";
import { isWell, type RunReport, renderReceipts, renderStatus, renderUnstick, runRotation } from "../rotate";

interface FunctionOptions {
  readonly function?: string;
  readonly region?: string;
  readonly json?: boolean;
}

/** `escapement rotate`: for whoever schedules rotations, and whoever is called at night. */
export function rotateCommand(): Command {
  return new Command("rotate")
    .description("Rotate a credential, see how rotations are, and get out of trouble (docs/rotation.md).")
    .addCommand(runCommand())
    .addCommand(statusCommand())
    .addCommand(unstickCommand())
    .addCommand(receiptsCommand());
}

const FUNCTION_HELP = `
--function is the function of AdapterRotate (its output functionName); ESCAPEMENT_ROTATE_FUNCTION may say it. It is invoked
with the AWS keys and the region that AWS's tools find here, which have to allow lambda:InvokeFunction on it.`;

function withFunction(command: Command): Command {
  return command
    .option(
      "--function <name>",
      "the function that rotates, by name or ARN",
      process.env.ESCAPEMENT_ROTATE_FUNCTION,
    )
    .option("--region <region>", "where it is")
    .option("--json", "one JSON object on stdout");
}

function runCommand(): Command {
  return withFunction(
    new Command("run")
      .description("Have ESC rotate an environment, and see whether anything came of it.")
      .argument("<environment>", "organization/project/name", parseName)
      .option("--first", "it has never been rotated, or ESC has lost its state"),
  )
    .addHelpText(
      "after",
      `
PULUMI_ACCESS_TOKEN is required. PULUMI_BACKEND_URL names another service than https://api.pulumi.com. With --function, the
credential's version before and after is compared, too.
${FUNCTION_HELP}`,
    )
    .action((name: EnvironmentName, options: FunctionOptions & { readonly first?: boolean }) =>
      run(name, options),
    );
}

function statusCommand(): Command {
  return withFunction(
    new Command("status")
      .description("Name what is wrong with rotations: unfinished, overdue, changed by hand, out of reach.")
      .argument(
        "[target]",
        "rotator/target, or the environment that rotates it; default: all of the function",
      ),
  )
    .addHelpText(
      "after",
      `${FUNCTION_HELP}\nNothing is changed. Exit code 1 says that there is something to do.`,
    )
    .action(async (target: string | undefined, options: FunctionOptions) => {
      const { targets } = await operate<{ targets: readonly TargetReport[] }>(options, {
        operation: "status",
        ...(target !== undefined && { target }),
      });
      const ok = targets.every(isWell);
      print(options, { ok, targets }, () => renderStatus(targets));
      if (!ok) throw new CommandFailure(EXIT.finding);
    });
}

function receiptsCommand(): Command {
  return withFunction(
    new Command("receipts")
      .description("What was rotated, for whom, how it was proven, and what is dead since. No values.")
      .argument("<target>", "rotator/target, or the environment that rotates it"),
  )
    .addHelpText("after", FUNCTION_HELP)
    .action(async (target: string, options: FunctionOptions) => {
      const { targets } = await operate<{ targets: readonly TargetReport[] }>(options, {
        operation: "status",
        target,
      });
      const [report] = targets as [TargetReport];
      print(options, { ok: true, target: report.target, receipts: report.receipts }, () =>
        renderReceipts(report),
      );
    });
}

interface UnstickOptions extends FunctionOptions {
  readonly yes?: boolean;
  readonly back?: boolean;
  readonly restart?: boolean;
  readonly end?: readonly string[];
}

function unstickCommand(): Command {
  return withFunction(
    new Command("unstick")
      .description("Explain how a target is, show what would mend it, and do it with --yes.")
      .argument("<target>", "rotator/target, or the environment that rotates it")
      .option("--yes", "do it")
      .option("--back", "what is in use works and is bad all the same: use the previous credential again")
      .option("--restart", "nothing works any more: let the next rotation begin with nothing")
      .option("--end <id...>", "credentials at the target that nobody knows, to be ended"),
  )
    .addHelpText(
      "after",
      `${FUNCTION_HELP}
What is in use is never ended by it. Afterwards, escapement rotate run gives ESC what is in use now.`,
    )
    .action(async (target: string, { yes, back, restart, end, ...options }: UnstickOptions) => {
      const { unstick } = await operate<{ unstick: UnstickReport }>(options, {
        operation: "unstick",
        target,
        by: userInfo().username,
        ...(yes && { yes }),
        ...(back && { back }),
        ...(restart && { restart }),
        ...(end && { end }),
      });
      const ok = isWell(unstick.report);
      print(options, { ok, ...unstick }, () => renderUnstick(unstick));
      if (!ok) throw new CommandFailure(EXIT.finding);
    });
}

async function run(
  name: EnvironmentName,
  { first = false, ...options }: FunctionOptions & { readonly first?: boolean },
): Promise<void> {
  const connection = readConnection();
  const esc = await createEscClient(connection);
  const functionClient = options.function === undefined ? undefined : await clientOf(options);
  const report = await orCannotRun(connection.url, () => runRotation(esc, name, { first, functionClient }));
  print(options, report, () => renderRun(report));
  if (!report.ok) throw new CommandFailure(EXIT.finding);
}

function renderRun({ environment, ok, revisions, versions, problems }: RunReport): string {
  const lines = [
    `${ok ? "✓" : "✗"} ${environment}${ok ? " was rotated" : " was not rotated"}`,
    ...(revisions === undefined ? [] : [`  revision ${revisions.before} → ${revisions.after}`]),
    ...(versions === undefined
      ? []
      : [`  version ${versions.before ?? "none"} → ${versions.after ?? "none"}`]),
    ...problems.map((problem) => `  ${problem}`),
  ];
  return `${lines.join("\n")}\n`;
}

async function operate<Answer>(options: FunctionOptions, operation: object): Promise<Answer> {
  const client = await clientOf(options);
  return (await orCannotRun("", () => client.operate(operation))) as Answer;
}

async function clientOf({ function: functionName, region }: FunctionOptions): Promise<FunctionClient> {
  if (functionName === undefined || functionName === "") {
    throw new CommandFailure(
      EXIT.cannotRun,
      "--function is required: the function of AdapterRotate, its output functionName",
    );
  }
  return createFunctionClient({ functionName, region });
}

async function orCannotRun<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FunctionClientError) throw new CommandFailure(EXIT.cannotRun, error.message);
    if (error instanceof EscClientError)
      throw new CommandFailure(EXIT.cannotRun, `${where}: ${error.message}`);
    throw error;
  }
}

function print({ json = false }: FunctionOptions, value: object, render: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : render());
}

function parseName(text: string): EnvironmentName {
  const environment = parseEnvironmentName(text);
  if (environment === undefined || environment.version !== undefined)
    throw new InvalidArgumentError("must be organization/project/name");
  return environment;
}
