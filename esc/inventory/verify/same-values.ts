import type { Inventory } from "../item";
import { type ReadValue, readValues } from "../select";
import { lineName, type VerifyLine } from "./line";
import { type EscProperties, plainValue, whereShown } from "./opened";

/** A stage that was opened, with its lines. */
export interface ComparedStage {
  readonly stage: string;
  readonly properties: EscProperties;
  readonly lines: readonly VerifyLine[];
}

/**
 * Adds to each stage's lines which of its secrets another stage has too, under the same name and whatever it is called
 * there: so a laptop's stand-in that got into production is found as well. Only what was opened together is compared.
 */
export function compareStages<S extends ComparedStage>(
  inventory: Inventory,
  stages: readonly S[],
): readonly S[] {
  const texts = stages.map(({ stage, properties }) => textsOf(readValues(inventory, stage), properties));
  return stages.map((own, index) => {
    const secrets = readValues(inventory, own.stage).filter(
      ({ item }) => item.kind === "secret" && item.sameInStages !== true,
    );
    const lines = own.lines.map((line) => {
      const read = secrets.find(
        ({ item, value }) => item.name === line.item && lineName(value) === line.name,
      );
      const text = read && texts[index]?.get(line.name);
      if (text === undefined) return line;
      const same = stages.filter(
        ({ stage }, other) => stage !== own.stage && texts[other]?.get(line.name) === text,
      );
      if (same.length === 0) return line;
      const whose = same.map(({ stage }) => stage).join(" and ");
      const reason = `is the same as in ${whose}`;
      const fix = "give each stage its own, or say `sameInStages: true` in the inventory";
      return { ...line, problems: [...line.problems, { code: "same-in-stages" as const, reason, fix }] };
    });
    return { ...own, lines };
  });
}

function textsOf(values: readonly ReadValue[], properties: EscProperties): ReadonlyMap<string, string> {
  return new Map(
    values.flatMap((read) => {
      const found = whereShown(properties, read).find(({ value }) => value?.value !== undefined)?.value;
      const text = found && JSON.stringify(plainValue(found));
      return text === undefined || text === '""' ? [] : [[lineName(read.value), text] as const];
    }),
  );
}
