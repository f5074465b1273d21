import { entryId } from "../../entry-id";
import type { InventoryItem } from "../item";
import type { DefinitionFacts } from "./definition";

/** Where an item is looked for. */
interface Where {
  readonly stage: string;
  readonly project: string;
  readonly facts?: DefinitionFacts | undefined;
}

/** How to put a value where an item lives. */
export function howToSet(item: InventoryItem, where: Where): string {
  switch (item.livesIn) {
    case "aws-secrets":
    case "external":
      return `aws secretsmanager put-secret-value --secret-id ${entryIdOf(item, where)} --secret-string file://<file>`;
    case "rotated":
      return `rotate it once: pulumi env rotate ${where.project}/rotated-${where.stage}-${item.name}`;
    case "stacks":
      return "run `pulumi up` of the stack that exports it, or name its output in the stage's configuration";
    case "esc":
      return item.kind === "secret"
        ? "`pulumi env set --secret`, in the environment that holds it"
        : "give it a value in the stage's definition";
  }
}

/** The id of an item's entry as the definition has it, or as it is by rule. */
export function entryIdOf(item: InventoryItem, { project, stage, facts }: Where): string {
  return entriesOf(item, facts)[0] ?? entryId({ project, stage }, item.name);
}

/** The ids under which a definition reads an item. */
export function entriesOf({ name }: InventoryItem, facts: DefinitionFacts | undefined): readonly string[] {
  const own = (facts?.entries ?? []).filter(
    ({ path, id }) => path.split(".").includes(name) || id.endsWith(`/${name}`),
  );
  return own.map(({ id }) => id);
}
