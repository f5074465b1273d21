import { isMap } from "../../is-map";
import { checkForm } from "../forms";
import type { Inventory, SecretItem } from "../item";
import { type ReadValue, readValues, selectItems } from "../select";
import { ageShown, judgeAge, type SecretAge } from "./ages";
import { type DefinitionFacts, readDefinition } from "./definition";
import { entriesOf, howToSet } from "./how-to-set";
import { type LineProblem, lineName, type VerifyLine } from "./line";
import { type EscProperties, isSecret, plainValue, type Shown, valueAt, whereShown } from "./opened";

/** An environment that has been opened, as the stage that it is. */
export interface OpenedStage {
  readonly stage: string;
  /** The ESC project it is in; entries are named by it. */
  readonly project: string;
  readonly properties: EscProperties;
  /** Its definition as ESC stores it. Without it, what is said of definitions is left out. */
  readonly definition?: string | undefined;
  /** When entries were last changed, by the item's name, where AWS was asked. */
  readonly ages?: ReadonlyMap<string, SecretAge>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Holds an environment against the inventory: a line for each value that its stage has, then one for each thing that the
 * inventory does not know. None of them holds a value.
 */
export function examineStage(inventory: Inventory, opened: OpenedStage): readonly VerifyLine[] {
  const values = readValues(inventory, opened.stage);
  const facts =
    opened.definition === undefined
      ? undefined
      : readDefinition(opened.definition, secretsIn(values, opened.properties));
  const read = { ...opened, facts };
  return [
    ...(isNothing(opened.properties) ? [nothing] : []),
    ...values.map((value) => examineValue(inventory, value, read)),
    ...undeclared(values, opened.properties),
    ...definitionLines(inventory, read),
  ];
}

/** The one line of an environment that opens and has nothing in it: whoever reads it would run without configuration. */
export const nothing: VerifyLine = {
  name: "environment",
  problems: [
    {
      code: "nothing",
      reason: "opens to nothing",
      fix: "write its definition: `pulumi up`, or `pulumi env edit`",
    },
  ],
};

/** Whether an environment has nothing that a consumer could use. */
export function isNothing(properties: EscProperties): boolean {
  return Object.values(properties).every(({ value }) => isMap(value) && Object.keys(value).length === 0);
}

interface Read extends OpenedStage {
  readonly facts: DefinitionFacts | undefined;
}

function examineValue(inventory: Inventory, read: ReadValue, opened: Read): VerifyLine {
  const { item } = read;
  const shown = whereShown(opened.properties, read);
  const found = shown.map((place) => ({ name: place.name, problems: valueProblems(read, place, opened) }));
  const problems = found.flatMap(({ name, problems }, index) =>
    problems.flatMap((problem) => {
      const same = found.map((place) => place.problems.some(({ reason }) => reason === problem.reason));
      // What is wrong wherever the value is shown is said once.
      if (same.every((each) => each)) return index === 0 ? [problem] : [];
      return [{ ...problem, reason: `as ${name}, ${problem.reason}` }];
    }),
  );
  const line = { name: lineName(read.value), item: item.name };
  if (item.kind === "setting") return { ...line, problems };
  const ages = [ageShown(opened.properties, item), opened.ages?.get(item.name)].filter(
    (age) => age !== undefined,
  );
  const missing = problems.some(({ code }) => code === "missing");
  const { overdue, unknown } = missing ? {} : judgeAge(item, ages, opened.now);
  return {
    ...line,
    problems: [
      ...problems,
      ...otherStage(inventory, item, opened),
      ...(overdue === undefined ? [] : [{ code: "overdue" as const, reason: overdue, fix: item.obtain }]),
    ],
    ...(unknown !== undefined && { unknown }),
  };
}

/** What is wrong with a value where it is shown. */
function valueProblems(
  { item, form }: ReadValue,
  { value, onlyScalars }: Shown,
  opened: Read,
): LineProblem[] {
  const fix = howToSet(item, opened);
  if (value === undefined || value.unknown === true || value.value === undefined) {
    return [{ code: "missing", reason: "is missing", fix }];
  }
  const wrong =
    onlyScalars && typeof value.value === "object"
      ? {
          code: "malformed" as const,
          reason: "is no text, and ESC exports nothing else as a variable (fn::toJSON makes it text)",
        }
      : checkForm(form, plainValue(value), { secret: item.kind === "secret" });
  const hidden = item.kind === "setting" || isSecret(value);
  return [
    ...(wrong === undefined ? [] : [{ ...wrong, fix }]),
    ...(hidden ? [] : [{ code: "not-secret" as const, reason: "is not secret", fix: howToHide(item) }]),
  ];
}

/** An entry of another stage, read in this one. */
function otherStage(inventory: Inventory, item: SecretItem, { stage, facts }: Read): LineProblem[] {
  const others = inventory.stages.filter((other) => other !== stage);
  return entriesOf(item, facts).flatMap((id) => {
    const other = others.find((candidate) => id.endsWith(`/${candidate}/${item.name}`));
    if (other === undefined) return [];
    const fix = `read ${id.replace(`/${other}/`, `/${stage}/`)} instead`;
    return [{ code: "other-stage", reason: `is read from ${id}, which is ${other}'s`, fix }];
  });
}

function undeclared(values: readonly ReadValue[], properties: EscProperties): VerifyLine[] {
  return (["environmentVariables", "pulumiConfig"] as const).flatMap((block) => {
    const key = block === "pulumiConfig" ? "config" : "variable";
    const members = valueAt(properties, block)?.value;
    const found = isMap(members) ? Object.keys(members) : [];
    return found
      .filter((name) => !values.some(({ value }) => value[key] === name))
      .map((name) => ({
        name: block === "pulumiConfig" ? `pulumiConfig.${name}` : name,
        problems: [
          {
            code: "undeclared" as const,
            reason: "is not in the inventory",
            fix: "declare it there, or take it out of the definition",
          },
        ],
      }));
  });
}

function definitionLines(inventory: Inventory, { stage, facts }: Read): VerifyLine[] {
  if (facts === undefined) return [];
  const inEsc = selectItems(inventory, stage, "esc").some(({ kind }) => kind === "secret");
  const plain = facts.plainText.map(({ path, line, what }) => ({
    name: path,
    problems: [
      {
        code: "plain-text" as const,
        reason: `line ${line} of the definition has ${what} in plain text`,
        fix: "get a new one, put that into its entry, and take this out of the definition",
      },
    ],
  }));
  const encrypted = facts.encrypted.map(({ path, line }) => ({
    name: path,
    problems: [
      {
        code: "in-definition" as const,
        reason: `line ${line} of the definition holds a secret, and the inventory has none that lives there`,
        fix: "put it into an entry, or declare that it lives in `esc`",
      },
    ],
  }));
  return [...plain, ...(inEsc ? [] : encrypted)];
}

/** Texts of what the inventory calls secret, whether ESC treats it so or not. Plain. */
function secretsIn(values: readonly ReadValue[], properties: EscProperties): string[] {
  return values
    .filter(({ item }) => item.kind === "secret")
    .flatMap((read) => whereShown(properties, read))
    .flatMap(({ value }) => (typeof value?.value === "string" ? value.value : []));
}

function howToHide(item: SecretItem): string {
  return item.livesIn === "esc"
    ? "set it again with --secret, and get a new one: this one has been in plain text"
    : `read it from where it lives (${item.livesIn}); if it was in plain text, get a new one`;
}
