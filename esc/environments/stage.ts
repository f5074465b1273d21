import {
  at,
  DefinitionError,
  type Expression,
  interpolate,
  pulumiStacks,
  type Reference,
  stack,
} from "../definition/index";
import { inventory, itemsOf } from "../inventory";
import { type Blocks, fillBlocks } from "../inventory/blocks";
import type { InventoryItem } from "../inventory/item";
import { askAdapter, decodeEntries, readEntries, valueIn } from "../inventory/secrets";
import { isRead } from "../inventory/select";
import { basedOn } from "./base";

/** A Pulumi stack whose outputs a stage reads. */
export interface StackSource {
  /** `project/stack`, without the organisation. */
  readonly stack: string;
  /** Which output fills which variable: `{ ecs_cluster_name: "ECS_CLUSTER" }`. */
  readonly outputs: { readonly [output: string]: string };
}

export interface StageOptions {
  /** The ESC project that holds all environments of this project; secret entries begin with it too. */
  readonly project: string;
  /** In front of the ids of secret entries, as for `SecretEntries`. @default "" */
  readonly namePrefix?: string;
  /** The stage's AWS region where it is not the one that `base` names. */
  readonly region?: string;
  /** Stacks to read, by the name under which the environment shows them. None: no block, no such variables. */
  readonly stacks?: { readonly [name: string]: StackSource };
  /** ARN of the role that ESC assumes. None: no secret entries are read. */
  readonly loginRoleArn?: string;
  /** The adapter's full address, which is its audience byte for byte. None: the adapter is not asked. */
  readonly adapterUrl?: string;
}

/**
 * The pattern of a stage: outputs of stacks, entries of Secrets Manager, the adapter, and what is composed of
 * them. What is not configured is left out, with every variable that would need it.
 *
 * @throws {DefinitionError} ERR_DEFINITION_INPUT for a stack with its organisation, an adapter without https,
 * the project `default`;
 * ERR_DEFINITION_KEY for a stack's output that fills a variable which the inventory does not expect from there.
 */
export function stage(name: "staging" | "prod", options: StageOptions) {
  const { project, namePrefix, region, stacks: sources = {}, loginRoleArn, adapterUrl } = options;
  const owner = { namePrefix, project, stage: name };
  const outputs = outputsOf(name, sources);
  const ecr = outputs.find(({ output }) => output === "ecr_repository_url");
  const stored = loginRoleArn === undefined ? [] : readItems(name, "aws-secrets");
  const asked = adapterUrl === undefined ? [] : readItems(name, "external");

  return basedOn(project, `What ${name} runs with`)
    .value("stage", name)
    .value("aws", region === undefined ? undefined : { region })
    .value("stacks", readStacks(sources), "Outputs of the stacks that build the infrastructure")
    .value("infra", ({ stacks }) => stacks, "The same by its older name")
    .value(
      "secretEntries",
      ({ aws }) =>
        loginRoleArn === undefined
          ? undefined
          : readEntries(stored, { owner, region: aws.region, loginRoleArn }),
      "Entries of AWS Secrets Manager, read by a role that can read these and no others",
    )
    .value(
      "adapter",
      adapterUrl === undefined ? undefined : askAdapter(asked, { owner, adapterUrl }),
      "What ESC has no provider for",
    )
    .value(
      "secrets",
      ({ secretEntries, adapter }) =>
        (secretEntries ?? adapter) && {
          ...(secretEntries && decodeEntries(stored, ({ name }) => at<string>(secretEntries, name))),
          ...(adapter && decodeEntries(asked, ({ name }) => at<string>(adapter, name, "response", "value"))),
        },
      "The same, decoded, wherever they live",
    )
    .value("urls", ({ domain, stacks }) => ({
      api: interpolate`https://${name === "prod" ? "api" : `api-${name}`}.${domain}`,
      ecr: stacks && ecr && at(stacks, ecr.stack, ecr.output),
    }))
    .environmentVariables((values) => blocks(values).environmentVariables)
    .pulumiConfig((values) => blocks(values).pulumiConfig);

  function blocks({ stacks, secrets, urls, aws }: Known): Blocks {
    const read = [...stored, ...asked];
    return fillBlocks(inventory, name, {
      settings: { "api-url": urls.api, region: aws.region },
      find({ item, value }) {
        if (item.livesIn !== "stacks")
          return secrets && read.includes(item) ? valueIn(secrets, item, value) : undefined;
        const found = outputs.find(({ variable }) => variable === value.variable);
        return stacks && found && at<string>(stacks, found.stack, found.output);
      },
    });
  }
}

/** What the blocks are filled from. */
interface Known {
  readonly stacks: Reference | undefined;
  readonly secrets: Reference | undefined;
  readonly urls: { readonly api: Expression<string> };
  readonly aws: { readonly region: Expression<string> };
}

/** What this environment reads of what lives there: what is retired, only an older revision reads. */
function readItems(stage: "staging" | "prod", livesIn: InventoryItem["livesIn"]): readonly InventoryItem[] {
  return itemsOf(stage, livesIn).filter((item) => isRead(item, stage));
}

/** Every output that a variable wants, in the order of the configuration. */
function outputsOf(stage: "staging" | "prod", sources: NonNullable<StageOptions["stacks"]>) {
  const outputs = Object.entries(sources).flatMap(([stack, source]) =>
    Object.entries(source.outputs).map(([output, variable]) => ({ stack, output, variable })),
  );
  const expected = itemsOf(stage, "stacks").flatMap(({ values }) => values.map(({ variable }) => variable));
  for (const { stack, output, variable } of outputs) {
    if (expected.includes(variable)) continue;
    throw new DefinitionError(
      "ERR_DEFINITION_KEY",
      `the output ${output} of ${stack} fills ${variable}, which the inventory does not declare as what lives in stacks: declare it in esc/inventory.ts, or take it out of the configuration`,
    );
  }
  return outputs;
}

function readStacks(sources: NonNullable<StageOptions["stacks"]>) {
  const named = Object.entries(sources).map(([name, source]) => [name, stack(source.stack)] as const);
  return named.length === 0 ? undefined : pulumiStacks(Object.fromEntries(named));
}
