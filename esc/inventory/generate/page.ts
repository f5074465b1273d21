import { describeForm, exampleOf } from "../forms";
import type { Inventory, InventoryItem, InventoryValue } from "../item";
import { formOf, isRetired } from "../select";
import { generatedBy } from "./variables";

/** The page for people: what there is, and for each how it is read, set, renewed and recovered. Markdown. */
export function renderPage(inventory: Inventory, { source }: { readonly source: string }): string {
  const { title, items, stages } = inventory;
  return [
    `<!-- ${generatedBy(source)} -->`,
    "",
    `# ${title}`,
    "",
    `${count(items, "secret")} and ${count(items, "setting")} in ${list(stages)}. Declared in \`${source}\`; environments,`,
    "entries, loaders and checks follow from it. `<project>` is the ESC project, `<stage>` the environment.",
    "",
    "| | kind | variable or key | stages | lives in | owner | renewed |",
    "|---|---|---|---|---|---|---|",
    ...items.map((item) => `| ${overview(item).map(cell).join(" | ")} |`),
    ...items.flatMap((item) => ["", ...section(item)]),
    "",
    ...ALL,
    "",
  ].join("\n");
}

function overview(item: InventoryItem): string[] {
  return [
    `[${item.name}](#${anchor(item.name)})`,
    isRetired(item) ? "retired secret" : item.kind,
    item.values.map((value) => `\`${value.variable ?? value.config}\``).join(", "),
    item.stages.join(", "),
    item.livesIn,
    item.owner,
    renewed(item),
  ];
}

function section(item: InventoryItem): string[] {
  const rows = item.values.flatMap((value) => formRows(item, value));
  return [
    `## ${item.name}`,
    "",
    `${item.description}.${isRetired(item) ? " Retired: only the revision at `@live` reads it still." : ""}`,
    "",
    "| variable | Pulumi configuration | looks like |",
    "|---|---|---|",
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
    "",
    `- **Read by** ${list(item.consumers)}. **Owner:** ${item.owner}.`,
    `- **Read it:** ${readIt(item)}`,
    `- **Set it:** ${setIt(item)}`,
    ...(item.obtain === undefined
      ? []
      : [`- **${item.kind === "secret" ? "Get a new one" : "Change it"}:** ${item.obtain}.`]),
    ...(item.kind === "secret"
      ? [`- **Renew it:** ${renewed(item)}.`, `- **Recover it:** ${recoverIt(item)}`]
      : []),
  ];
}

function formRows(item: InventoryItem, value: InventoryValue): string[][] {
  const forms = new Map<string, string[]>();
  for (const stage of item.stages) {
    const form = formOf(value, stage);
    const example = exampleOf(form);
    // The example of a secret would be pasted.
    const shown =
      item.kind === "secret" || form === "text" || example === undefined ? "" : `, such as \`${example}\``;
    const words = `${describeForm(form)}${shown}`;
    forms.set(words, [...(forms.get(words) ?? []), stage]);
  }
  const looks = [...forms]
    .map(([words, stages]) => (forms.size === 1 ? words : `${stages.join(", ")}: ${words}`))
    .join("<br>");
  const member = value.jsonKey === undefined ? "" : `; the member \`${value.jsonKey}\` of the entry`;
  return [[code(value.variable), code(value.config), looks + member]];
}

function readIt({ values }: InventoryItem): string {
  const [value] = values;
  const path =
    value?.variable !== undefined
      ? `environmentVariables.${value.variable}`
      : `'pulumiConfig["${value?.config}"]'`;
  return `\`pulumi env open <organization>/<project>/<stage> ${path}\`; programs are given it (\`pulumi env run\`, or an import of the environment)`;
}

function setIt(item: InventoryItem): string {
  switch (item.livesIn) {
    case "aws-secrets":
    case "external":
      return `\`aws secretsmanager put-secret-value --secret-id <project>/<stage>/${item.name} --secret-string file://<file>\`, then \`escapement verify\`${item.livesIn === "external" ? "; only the adapter reads the entry" : ""}`;
    case "rotated":
      return `\`pulumi env rotate <organization>/<project>/rotated-<stage>-${item.name}\`; nobody sets it by hand`;
    case "stacks":
      return "by `pulumi up` of the stack that exports it";
    case "esc":
      return item.kind === "secret"
        ? "`pulumi env set --secret --file -` in the environment that holds it"
        : "in the definition of the environment, in git";
  }
}

function recoverIt(item: InventoryItem): string {
  switch (item.livesIn) {
    case "aws-secrets":
    case "external":
      return "the value before is the entry's version `AWSPREVIOUS`; `aws secretsmanager restore-secret` brings a deleted entry back while its recovery window lasts";
    case "rotated":
      return "`previous` in the state of the rotation works until the next one";
    default:
      return "an older revision of the environment has it";
  }
}

function renewed(item: InventoryItem): string {
  if (item.kind === "setting") return "";
  return item.rotateWithinDays === "never" ? "never" : `every ${item.rotateWithinDays} days`;
}

const ALL = [
  "## For all of them",
  "",
  "- **A new one:** add it to the inventory, `escapement inventory`, commit what changed, `pulumi up`, put its value, then",
  "  `escapement verify --promote`.",
  "- **One from elsewhere** (`.env`, 1Password, Pulumi configuration): `escapement migrate` moves it and reads it back.",
  "- **Is everything there?** `escapement verify <organization>/<project>/<stage>` checks every line above.",
];

function count(items: readonly InventoryItem[], kind: InventoryItem["kind"]): string {
  const number = items.filter((item) => item.kind === kind).length;
  return `${number} ${kind}${number === 1 ? "" : "s"}`;
}

function list(words: readonly string[]): string {
  const [last = "", ...rest] = [...words].reverse();
  return rest.length === 0 ? last : `${rest.reverse().join(", ")} and ${last}`;
}

/** As GitHub makes anchors of headings. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9_ -]/g, "")
    .replaceAll(" ", "-");
}

function code(text: string | undefined): string {
  return text === undefined ? "" : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/[\r\n]+/g, " ");
}
