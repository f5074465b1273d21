import type { Inventory, InventoryItem } from "../item";
import { type ReadValue, readValues } from "../select";
import { type DefinitionFacts, readDefinition } from "./definition";
import { howToSet } from "./how-to-set";
import { lineName, type VerifyLine } from "./line";

/** What ESC found wrong at one place when an environment was opened. */
export interface OpenDiagnostic {
  /** `project/name:line:column: values.path: what`, on one line. */
  readonly finding: string;
  /** `values.path`, as ESC writes it, where it is about one. */
  readonly path?: string;
  /** `project/name`, of the environment that the place is in. */
  readonly environment?: string;
  /** What is wrong; may have several lines. */
  readonly summary: string;
}

/** An environment that did not open. */
export interface FailedOpen {
  readonly project: string;
  /** The environment's name. */
  readonly name: string;
  readonly diagnostics: readonly OpenDiagnostic[];
  readonly definition: string | undefined;
  readonly inventory: Inventory | undefined;
  /** The stage of the inventory that it is, if any. */
  readonly stage: string | undefined;
}

interface Failed {
  readonly own: string;
  readonly project: string;
  readonly stage: string;
  readonly values: readonly ReadValue[];
  readonly facts: DefinitionFacts | undefined;
}

/**
 * Says which lines keep an environment from opening: each entry that cannot be read, each provider that failed, with the
 * variables that hang on it. ESC shows nothing of an environment that fails in one place, so of the others nothing is said.
 */
export function failureLines(failed: FailedOpen): readonly VerifyLine[] {
  const { project, name, definition, inventory, stage } = failed;
  const facts = definition === undefined ? undefined : readDefinition(definition);
  const values = inventory === undefined || stage === undefined ? [] : readValues(inventory, stage);
  const known: Failed = { own: `${project}/${name}`, project, stage: stage ?? name, values, facts };
  const lines = failed.diagnostics.flatMap((diagnostic) => linesOf(diagnostic, known));
  return lines.filter((line, index) => lines.findIndex((other) => other.name === line.name) === index);
}

function linesOf(diagnostic: OpenDiagnostic, failed: Failed): VerifyLine[] {
  const { path = "", summary, environment = failed.own } = diagnostic;
  const said = summary.split("\n").filter((line) => line.trim() !== "");
  if (environment !== failed.own) {
    return [doesNotOpen(environment, said[0] ?? "")];
  }
  // As the definition is read: `values.a["fn::open::b"].c` is `values.a.fn::open::b.c`.
  const plain = path.replace(/\["((?:[^"\\]|\\.)*)"\]/g, ".$1");
  const called = failed.facts?.providers
    .filter((call) => plain === call.path || plain.startsWith(`${call.path}.`))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (called === undefined) return [lineAt(plain, said[0] ?? "", failed)];
  const entries = said.flatMap((line) => entryFailure(line, called.provider, failed));
  return entries.length > 0 ? entries : [providerFailure(called, said[0] ?? "", failed)];
}

/** ESC's `aws-secrets` names every entry that it cannot read, each on a line of its own: `get.<name>: <why>`. */
function entryFailure(line: string, provider: string, { values, ...failed }: Failed): VerifyLine[] {
  const [, name, why = ""] = /(?:^|\s)get\.([^\s:]+): (.*)$/.exec(line) ?? [];
  return values
    .filter(({ item }) => item.name === name)
    .map((read) => ({
      name: lineName(read.value),
      item: read.item.name,
      problems: [
        {
          code: "provider" as const,
          reason: `cannot be read by ${provider}: ${why}`,
          ...(/ResourceNotFound/.test(why) && { fix: howToSet(read.item, failed) }),
        },
      ],
    }));
}

/** A provider that failed as a whole: by the one item that it was asked for, or by its own name. */
function providerFailure(
  { path, provider }: DefinitionFacts["providers"][number],
  reason: string,
  { values }: Failed,
): VerifyLine {
  const hang = values.filter(({ item }) => livesWith(item, provider));
  const one = hang.find(({ item }) => path.split(".").includes(item.name));
  if (one !== undefined) {
    const problem = { code: "provider" as const, reason: `cannot be read by ${provider}: ${reason}` };
    return { name: lineName(one.value), item: one.item.name, problems: [problem] };
  }
  const variables =
    hang.length === 0 ? "" : `, and with it ${hang.map(({ value }) => lineName(value)).join(", ")}`;
  return {
    name: provider,
    problems: [{ code: "provider", reason: `fails at ${path}${variables}: ${reason}` }],
  };
}

/** What is wrong at a place where no provider is called: the line that it is about, where it is about one. */
function lineAt(path: string, reason: string, { values, ...failed }: Failed): VerifyLine {
  const read = values.find(
    ({ item, value: { variable, config } }) =>
      path === `values.environmentVariables.${variable}` ||
      path === `values.pulumiConfig.${config}` ||
      path.split(".").includes(item.name),
  );
  if (read === undefined) return doesNotOpen(path === "" ? "environment" : path, reason);
  return {
    name: lineName(read.value),
    item: read.item.name,
    problems: [
      {
        code: "does-not-open",
        reason: `does not open at ${path}: ${reason}`,
        fix: howToSet(read.item, failed),
      },
    ],
  };
}

function doesNotOpen(name: string, reason: string): VerifyLine {
  return { name, problems: [{ code: "does-not-open", reason: `does not open: ${reason}` }] };
}

function livesWith({ livesIn }: InventoryItem, provider: string): boolean {
  const places: { readonly [provider: string]: InventoryItem["livesIn"] } = {
    "aws-secrets": "aws-secrets",
    // What `aws-secrets` logs in by.
    "aws-login": "aws-secrets",
    external: "external",
    "pulumi-stacks": "stacks",
  };
  return places[provider] === livesIn;
}
