import {
  at,
  awsLogin,
  awsSecrets,
  context,
  DefinitionError,
  type Expression,
  external,
  fn,
  interpolate,
  pulumiStacks,
  type Reference,
  stack,
} from "../definition/index";
import { type EntryOwner, entryId } from "../entry-id";
import { type InventoryItem, itemsOf, type Stage } from "../inventory";
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
 * ERR_DEFINITION_KEY for a variable that two things would fill.
 */
export function stage(name: "staging" | "prod", options: StageOptions) {
  const { project, namePrefix, region, stacks: sources = {}, loginRoleArn, adapterUrl } = options;
  const owner = { namePrefix, project, stage: name };
  const outputs = outputsOf(sources);
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
        unlessEmpty({
          ...(secretEntries && byName(stored, (item) => decode(item, at<string>(secretEntries, item.name)))),
          ...(adapter &&
            byName(asked, (item) => decode(item, at<string>(adapter, item.name, "response", "value")))),
        }),
      "The same, decoded, wherever they live",
    )
    .value("urls", ({ domain, stacks }) => ({
      api: interpolate`https://${name === "prod" ? "api" : `api-${name}`}.${domain}`,
      ecr: stacks && ecr && at(stacks, ecr.stack, ecr.output),
    }))
    .environmentVariables(({ stacks, secrets, urls }) =>
      variables([
        ...(stacks ? outputs.map((o) => [o.variable, at<string>(stacks, o.stack, o.output)] as const) : []),
        ...(secrets ? [...stored, ...asked].flatMap((item) => variablesOf(item, secrets)) : []),
        ["API_URL", urls.api],
      ]),
    )
    .pulumiConfig(({ aws }) => ({ "aws:region": aws.region }));
}

function readItems(stage: Stage, livesIn: InventoryItem["livesIn"]): readonly InventoryItem[] {
  return itemsOf(stage, livesIn).filter(({ retired }) => !retired);
}

/** Every output that a variable wants, in the order of the configuration. */
function outputsOf(sources: NonNullable<StageOptions["stacks"]>) {
  return Object.entries(sources).flatMap(([stack, source]) =>
    Object.entries(source.outputs).map(([output, variable]) => ({ stack, output, variable })),
  );
}

function readStacks(sources: NonNullable<StageOptions["stacks"]>) {
  const named = Object.entries(sources).map(([name, source]) => [name, stack(source.stack)] as const);
  return named.length === 0 ? undefined : pulumiStacks(Object.fromEntries(named));
}

interface EntryOptions {
  readonly owner: EntryOwner;
  readonly region: Expression<string>;
  readonly loginRoleArn: string;
}

function readEntries(items: readonly InventoryItem[], options: EntryOptions) {
  const { owner, region, loginRoleArn } = options;
  const get = unlessEmpty(byName(items, (item) => ({ secretId: entryId(owner, item.name) })));
  const login = awsLogin({
    roleArn: loginRoleArn,
    // AWS takes 2 to 64 of letters, digits and _+=,.@- here. Logins of Pulumi's service are such; were one
    // longer than 60 or otherwise, the check would say so for this user rather than STS for everybody.
    sessionName: interpolate`esc-${context.pulumi.user.login}`,
    duration: "1h",
    subjectAttributes: ["currentEnvironment.name"],
  });
  return get && awsSecrets({ region, login, get });
}

function askAdapter(
  items: readonly InventoryItem[],
  { owner, adapterUrl }: { owner: EntryOwner; adapterUrl: string },
) {
  return unlessEmpty(
    byName(items, (item) =>
      external({ url: adapterUrl, request: { secretName: entryId(owner, item.name) } }),
    ),
  );
}

/** A secret is stored as text: what has members is JSON. */
function decode(item: InventoryItem, text: Reference<string>) {
  return item.variables.some(({ jsonKey }) => jsonKey !== undefined) ? fn.fromJSON(text) : text;
}

function variablesOf(item: InventoryItem, secrets: Reference) {
  return item.variables.map(({ name, jsonKey }) => {
    const steps = jsonKey === undefined ? [item.name] : [item.name, jsonKey];
    return [name, at<string>(secrets, ...steps)] as const;
  });
}

function variables<V>(entries: readonly (readonly [string, V])[]): { readonly [name: string]: V } {
  for (const [position, [name]] of entries.entries()) {
    if (entries.findIndex(([other]) => other === name) === position) continue;
    throw new DefinitionError(
      "ERR_DEFINITION_KEY",
      `two things would fill the variable ${name}: give one of them another name`,
    );
  }
  return Object.fromEntries(entries);
}

function byName<W>(
  items: readonly InventoryItem[],
  map: (item: InventoryItem) => W,
): { readonly [name: string]: W } {
  return Object.fromEntries(items.map((item) => [item.name, map(item)]));
}

function unlessEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}
