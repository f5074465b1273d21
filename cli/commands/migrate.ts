import { existsSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { readConnection } from "../connection";
import { parseEnvironmentName } from "../environment-name";
import { createEscClient, type EnvironmentName, type EscClient } from "../esc-client";
import { CommandFailure, EXIT } from "../exit";
import { readEnvFile } from "../migrate/env-file";
import { environmentTarget, readEnvironment } from "../migrate/environment";
import { knownByInventory } from "../migrate/inventory";
import { type Found, type Source, SourceError, type Target } from "../migrate/item";
import { carryOut, type Migration } from "../migrate/migrate";
import { type PlannedItem, type PlanRow, planMigration } from "../migrate/plan";
import { readPulumiConfig } from "../migrate/pulumi-config";
import { findReferences, type Reference } from "../migrate/references";

interface MigrateOptions {
  readonly from: Where;
  readonly to: Where;
  readonly map: ReadonlyMap<string, string>;
  readonly skip: ReadonlySet<string>;
  readonly plain: ReadonlySet<string>;
  readonly overwrite?: boolean;
  readonly yes?: boolean;
  readonly repository: string;
  readonly json?: boolean;
}

/** `kind:rest` */
interface Where {
  readonly kind: string;
  readonly rest: string;
}

/** What `--json` prints. */
interface Report extends Migration {
  readonly ok: boolean;
  /** Whether it was carried out, or only planned. */
  readonly done: boolean;
  /** What to do at the old place, once everything has been verified. */
  readonly delete: readonly string[];
  readonly references: readonly Reference[];
}

/** Where it prints. */
export interface Output {
  /** The report. */
  readonly write: (text: string) => void;
  /** What it is doing, and hints. */
  readonly progress: (text: string) => void;
}

const toStdout = (text: string) => void process.stdout.write(text);
const toStderr = (text: string) => void process.stderr.write(text);

/** `escapement migrate`: moves values from where they were into Secrets Manager or ESC. */
export function migrateCommand(output: Output = { write: toStdout, progress: toStderr }): Command {
  return new Command("migrate")
    .description(
      "Move secrets from a .env file, 1Password, Pulumi config or another environment. Prints no value.",
    )
    .requiredOption(
      "--from <where>",
      "env:FILE, pulumi:STACK or esc:ORG/PROJECT/ENV",
      parseWhere(sourceKinds),
    )
    .requiredOption(
      "--to <where>",
      "aws:PREFIX of the entries, or esc:ORG/PROJECT/ENV",
      parseWhere(targetKinds),
    )
    .option("--map <name=place>", "where a name goes; may be repeated", collectMap, new Map())
    .option("--skip <name>", "leave a name where it is; may be repeated", collectSet, new Set())
    .option(
      "--plain <name>",
      "no secret: stands readable in the environment; may be repeated",
      collectSet,
      new Set(),
    )
    .option("--overwrite", "replace another value that is already there")
    .option("--repository <folder>", "where to look for what still refers to the old place", ".")
    .option("--yes", "carry the plan out; without it the plan is shown and nothing is written")
    .option("--json", "one JSON object on stdout; progress goes to stderr")
    .addHelpText("after", help)
    .action((options: MigrateOptions) => run(options, output));
}

const sourceKinds = ["env", "pulumi", "esc"];
const targetKinds = ["aws", "esc"];

const help = `
A value op://vault/item/field in the file is read with 1Password's op command. pulumi:STACK asks the pulumi command.
Names go where the inventory says; --map says it for others: DATABASE_URL=database#url is the member url of the entry
PREFIX/database, KEY=jwt the whole of PREFIX/jwt, and for an environment a path below values.

Show the plan, then carry it out:
  escapement migrate --from env:.env.staging --to aws:escapement/staging
  escapement migrate --from env:.env.staging --to aws:escapement/staging --yes

What was interrupted is run again: what is there already is not written twice. Every value is read back. AWS is reached
as the AWS SDK finds its credentials; ESC by PULUMI_ACCESS_TOKEN and PULUMI_BACKEND_URL.

Exit code 0: all of it can be, or has been, moved, and nothing refers to the old place; 1: something is left to do;
2: it cannot run.`;

async function run(options: MigrateOptions, { write, progress }: Output): Promise<void> {
  const { json = false, yes = false } = options;
  try {
    const report = await migrate(options, progress);
    write(json ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    if (!report.ok) throw new CommandFailure(EXIT.finding);
    if (!yes && !json) progress("Nothing has been written. With --yes it is carried out.\n");
  } catch (error) {
    if (error instanceof SourceError) throw new CommandFailure(EXIT.cannotRun, error.message);
    throw error;
  }
}

async function migrate(options: MigrateOptions, progress: Output["progress"]): Promise<Report> {
  const { map, skip, plain, overwrite = false, yes = false, repository } = options;
  if (!existsSync(repository)) {
    throw new CommandFailure(EXIT.cannotRun, `--repository: there is no folder ${repository}`);
  }
  const source = asDeclared(await readSource(options), plain);
  const planned = await planMigration(source, await openTarget(options.to), {
    map,
    skip,
    overwrite,
    known: options.to.kind === "aws" ? knownByInventory(options.to.rest) : () => undefined,
  });
  const rows = planned.map(({ row }) => row);
  const unknown = [...map.keys(), ...skip, ...plain].filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) {
    throw new CommandFailure(
      EXIT.cannotRun,
      `${unknown.join(", ")}: there is no such name at ${options.from.rest}`,
    );
  }
  const refused = rows.some(({ action }) => action === "refuse");
  if (!yes || refused) {
    const nothing = { rows, written: [], verified: [], problems: [], delete: [], references: [] };
    return { ...nothing, ok: !refused, done: false };
  }
  const migration = await carryOut(planned, await openTarget(options.to), (line) => progress(`${line}\n`));
  const moved = planned.flatMap(({ item }) => item ?? []);
  const references = await findReferences(repository, source, moved);
  return {
    ...migration,
    ok: migration.problems.length === 0 && references.length === 0,
    done: true,
    delete: migration.problems.length === 0 ? deletions(planned) : [],
    references,
  };
}

function asDeclared(source: Source, plain: ReadonlySet<string>): Source {
  const found = source.found.map(
    (item): Found => ({ ...item, secret: item.secret && !plain.has(item.name) }),
  );
  return { ...source, found };
}

function deletions(planned: readonly PlannedItem[]): readonly string[] {
  return [...new Set(planned.flatMap(({ item }) => item?.remove ?? []))];
}

function readSource({ from, repository }: MigrateOptions): Promise<Source> {
  switch (from.kind) {
    case "env":
      return readEnvFile(from.rest);
    case "pulumi":
      return readPulumiConfig(from.rest, repository);
    default:
      return openEsc().then((client) => readEnvironment(client, parseEnvironment(from.rest)));
  }
}

async function openTarget({ kind, rest }: Where): Promise<Target> {
  if (kind === "esc") return environmentTarget(await openEsc(), parseEnvironment(rest));
  const [{ SecretsManagerClient }, { secretsManagerTarget }] = await Promise.all([
    import("@aws-sdk/client-secrets-manager"),
    import("../migrate/secrets-manager.js"),
  ]);
  return secretsManagerTarget(new SecretsManagerClient({}), rest.replace(/\/+$/, ""));
}

async function openEsc(): Promise<EscClient> {
  return createEscClient(readConnection());
}

function parseEnvironment(text: string): EnvironmentName {
  const environment = parseEnvironmentName(text);
  if (environment === undefined || environment.version !== undefined)
    throw new CommandFailure(EXIT.cannotRun, `"${text}" must be organization/project/name`);
  return environment;
}

function parseWhere(kinds: readonly string[]): (text: string) => Where {
  return (text) => {
    const [, kind = "", rest = ""] = /^([a-z]+):(.+)$/.exec(text) ?? [];
    if (!kinds.includes(kind)) {
      throw new InvalidArgumentError(`must begin with ${kinds.map((each) => `${each}:`).join(" or ")}`);
    }
    return { kind, rest };
  };
}

function collectMap(text: string, previous: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, name = "", place = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === "") throw new InvalidArgumentError("must be name=place");
  return new Map([...previous, [name, place]]);
}

function collectSet(text: string, previous: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...previous, text]);
}

const signs = { set: "+", replace: "~", same: "=", skip: "·", refuse: "✗" } as const;

function render({ done, rows, written, verified, problems, delete: old, references }: Report): string {
  const width = Math.max(...rows.map(({ name }) => name.length), 0);
  const lines = rows.map(
    ({ name, from, to, action, why }: PlanRow) =>
      `${signs[action]} ${name.padEnd(width)}  ${from}${to === undefined ? "" : ` → ${to}`}${why === undefined ? "" : ` (${why})`}`,
  );
  if (rows.length === 0) lines.push("there is nothing to move");
  if (done) {
    lines.push("", `${written.length} written, ${verified.length} read back and the same`);
    lines.push(...problems.map((problem) => `✗ ${problem}`));
    if (old.length > 0) lines.push("", "Now, at the old place:", ...old.map((each) => `  ${each}`));
    if (references.length > 0) lines.push("", "Still refers to it:");
    lines.push(...references.map(({ file, line, what }) => `  ${file}:${line} ${what}`));
    if (problems.length === 0 && references.length === 0)
      lines.push("", "Nothing in the repository refers to it.");
  }
  return `${lines.join("\n")}\n`;
}
