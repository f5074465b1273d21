import { existsSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { readTrustFiles } from "../../sandbox/trust/files";
import { readProgramTrust } from "../../sandbox/trust/program";
import { readSuppressions } from "../../sandbox/trust/suppressions";
import { type ReadToken, readClaims, readToken } from "../../sandbox/trust/token";
import {
  buildTrustMap,
  explainTrust,
  lintTrust,
  renderExplanation,
  renderFindings,
  renderMermaid,
  type TrustInput,
  type TrustRole,
  toSarif,
  unusedSuppressions,
} from "../../trust";
import { CommandFailure, EXIT, orCannotRun } from "../exit";
import { onProgram } from "../on-program";
import { collect } from "./collect";
import { trustWorkflowCommand } from "./trust-workflow";

interface ProgramOptions {
  readonly stack?: readonly string[];
  readonly org?: string;
}

interface LintOptions extends ProgramOptions {
  readonly json?: boolean;
  readonly format: "text" | "json" | "sarif";
  readonly suppressions?: string;
}

interface ExplainOptions extends ProgramOptions {
  readonly role: string;
  readonly tokenFile?: string;
  readonly claims?: string;
  readonly jwksFile?: string;
  readonly duration?: number;
  readonly reads?: string;
  readonly json?: boolean;
}

/** Where a project keeps the findings that it has accepted. */
const SUPPRESSIONS = "trust-lint.yaml";

/** `escapement trust`: who is let in where, and whether that is too much. Nothing leaves this machine. */
export function trustCommand(): Command {
  const command = new Command("trust").description(
    "Read trust: what is too wide, what decided, who reaches which secret.",
  );
  withProgramOptions(command.command("lint"))
    .description(
      "Look for trust that is too wide or never matches, by rules T01 to T25 (docs/trust-lint.md).",
    )
    .argument(
      "[files...]",
      "policies, roles, templates, environments, workflows, adapters; none: this folder's program",
    )
    .addOption(
      new Option("--format <form>", "of the findings").choices(["text", "json", "sarif"]).default("text"),
    )
    .option("--json", "the same as --format json")
    .option(
      "--suppressions <file>",
      `accepted findings, each with its reason (default: ${SUPPRESSIONS}, if there)`,
    )
    .action((files: string[], options: LintOptions) => lint(files, options));
  withProgramOptions(command.command("explain"))
    .description(
      "Say why a role lets a token in or does not: statement, operator, key, values, likely cause, fix.",
    )
    .requiredOption("--role <role>", "a file, or the ARN or name of a role of this folder's program")
    .addOption(new Option("--token-file <file>", "the token; it is never shown").conflicts("claims"))
    .option("--claims <json|file>", "the token's payload, as JSON or in a file")
    .option("--jwks-file <file>", "the issuer's published keys, to check the token's signature")
    .option("--duration <seconds>", "the length of session that is asked for", parseSeconds)
    .option("--reads <entry>", "the Secrets Manager entry (name or ARN) that the session then reads")
    .option("--json", "one JSON object on stdout")
    .action((options: ExplainOptions) => explain(options));
  withProgramOptions(command.command("map"))
    .description("Draw who reaches which entry, and by what, as Mermaid (a step summary shows it).")
    .option("--json", "nodes and edges as one JSON object")
    .action((options: ProgramOptions & { json?: boolean }) => map(options));
  command.addCommand(trustWorkflowCommand());
  return command;
}

function withProgramOptions(command: Command): Command {
  return command
    .option("--stack <name>", "only this stack of the program; repeatable", collect)
    .option("--org <name>", "the Pulumi organization that the program is for (default: acme)");
}

async function lint(files: readonly string[], options: LintOptions): Promise<void> {
  const file = options.suppressions ?? (existsSync(SUPPRESSIONS) ? SUPPRESSIONS : undefined);
  const suppressions = file === undefined ? [] : await orCannotRun(readSuppressions(file));
  const input = files.length > 0 ? await orCannotRun(readTrustFiles(files)) : await readProgram(options);
  const findings = lintTrust({ ...input, ...(options.org && { organization: options.org }) }, suppressions);
  const form = options.json ? "json" : options.format;
  print(form === "sarif" ? toSarif(findings) : form === "json" ? { findings } : renderFindings(findings));
  if (files.length === 0 && options.stack === undefined) {
    for (const { rule, on } of unusedSuppressions(findings, suppressions)) {
      process.stderr.write(`${file}: nothing needs the suppression of ${rule} on ${on} any more\n`);
    }
  }
  if (findings.some(({ suppressed }) => suppressed === undefined)) throw new CommandFailure(EXIT.finding);
}

async function explain(options: ExplainOptions): Promise<void> {
  const { tokenFile, claims, jwksFile, duration, reads } = options;
  if ((tokenFile === undefined) === (claims === undefined)) {
    throw new CommandFailure(EXIT.cannotRun, "trust explain takes one of --token-file and --claims");
  }
  const presented: ReadToken =
    tokenFile === undefined
      ? { claims: await orCannotRun(readClaims(claims ?? "")), signature: "unchecked" }
      : await orCannotRun(readToken(tokenFile, jwksFile));
  const isFile = existsSync(options.role);
  const input = isFile ? await orCannotRun(readTrustFiles([options.role])) : await readProgram(options);
  const role = findRole(input, options.role, isFile);
  const explanation = explainTrust({
    role,
    providers: input.providers,
    ...presented,
    now: Math.floor(Date.now() / 1000),
    ...(duration !== undefined && { durationSeconds: duration }),
    ...(reads !== undefined && {
      access: { action: "secretsmanager:GetSecretValue", resource: entryArn(input, reads) },
    }),
  });
  print(options.json ? explanation : renderExplanation(explanation));
  if (!explanation.allowed) throw new CommandFailure(EXIT.finding);
}

function findRole({ roles }: TrustInput, wanted: string, isFile: boolean): TrustRole {
  const [first, ...others] = isFile
    ? roles
    : roles.filter(({ arn, name }) => arn === wanted || name === wanted);
  if (first !== undefined && others.length === 0) return first;
  const names = roles.map(({ name }) => name).join(", ");
  const problem = first === undefined ? `there is no role ${wanted}` : `${wanted} has several roles`;
  throw new CommandFailure(
    EXIT.cannotRun,
    `${problem}: give one of ${names || "a file with a trust policy"}`,
  );
}

function entryArn({ entries }: TrustInput, entry: string): string {
  const arn = entry.startsWith("arn:") ? entry : entries.find(({ name }) => name === entry)?.arn;
  if (arn !== undefined) return arn;
  throw new CommandFailure(
    EXIT.cannotRun,
    `there is no entry ${entry}: give its ARN or one of ${entries.map(({ name }) => name).join(", ")}`,
  );
}

async function map(options: ProgramOptions & { json?: boolean }): Promise<void> {
  const drawn = buildTrustMap(await readProgram(options));
  print(options.json ? drawn : renderMermaid(drawn));
}

function readProgram({ stack, org }: ProgramOptions): Promise<TrustInput> {
  return onProgram(readProgramTrust, {
    ...(stack && { stacks: stack }),
    ...(org !== undefined && { organization: org }),
  });
}

function print(output: string | object): void {
  process.stdout.write(typeof output === "string" ? output : `${JSON.stringify(output, null, 2)}\n`);
}

function parseSeconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("must be a whole number of seconds");
}
