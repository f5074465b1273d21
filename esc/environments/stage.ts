import {
  at,
  awsLogin,
  awsSecrets,
  context,
  DefinitionError,
  external,
  fn,
  interpolate,
  pulumiStacks,
  type Reference,
  stack,
} from "../definition/index";
import { entryId, type InventoryItem, itemsOf } from "../inventory";
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
  const { project, region, loginRoleArn, adapterUrl } = options;
  const outputs = outputsOf(options.stacks ?? {});
  const stored = loginRoleArn === undefined ? [] : itemsOf(name, "aws-secrets");
  const asked = adapterUrl === undefined ? [] : itemsOf(name, "external");
  const ecr = outputs.find(({ output }) => output === "ecr_repository_url");

  return basedOn(project, `What ${name} runs with`)
    .value("stage", name)
    .value("aws", region === undefined ? undefined : { region })
    .value("stacks", readStacks(options.stacks ?? {}), "Outputs of the stacks that build the infrastructure")
    .value("infra", ({ stacks }) => stacks, "The same by its older name")
    .value(
      "secretEntries",
      ({ aws }) =>
        loginRoleArn === undefined || stored.length === 0
          ? undefined
          : awsSecrets({
              region: aws.region,
              login: awsLogin({
                roleArn: loginRoleArn,
                sessionName: interpolate`esc-${context.pulumi.user.login}`,
                duration: "1h",
                subjectAttributes: ["currentEnvironment.name"],
              }),
              get: byName(stored, (item) => ({ secretId: entryId(project, name, item) })),
            }),
      "Entries of AWS Secrets Manager, read by a role that can read these and no others",
    )
    .value(
      "adapter",
      adapterUrl === undefined || asked.length === 0
        ? undefined
        : byName(asked, (item) =>
            external<AdapterAnswer>({
              url: adapterUrl,
              request: { secretName: entryId(project, name, item) },
            }),
          ),
      "What ESC has no provider for",
    )
    .value(
      "secrets",
      ({ secretEntries, adapter }) =>
        stored.length + asked.length === 0
          ? undefined
          : {
              ...byName(stored, (item) => decode(item, at<string>(required(secretEntries), item.name))),
              ...byName(asked, (item) =>
                decode(item, at<string>(required(adapter), item.name, "response", "value")),
              ),
            },
      "The same, decoded, wherever they live",
    )
    .value("urls", ({ domain, stacks }) => ({
      api: interpolate`https://${name === "prod" ? "api" : `api-${name}`}.${domain}`,
      ecr: ecr === undefined ? undefined : at(required(stacks), ecr.stack, ecr.output),
    }))
    .environmentVariables(({ stacks, secrets, urls }) =>
      variables([
        ...outputs.map(
          ({ stack, output, variable }) => [variable, at<string>(required(stacks), stack, output)] as const,
        ),
        ...[...stored, ...asked].flatMap((item) =>
          item.variables.map(({ name, jsonKey }) => {
            const steps = jsonKey === undefined ? [item.name] : [item.name, jsonKey];
            return [name, at<string>(required(secrets), ...steps)] as const;
          }),
        ),
        ["API_URL", urls.api],
      ]),
    )
    .pulumiConfig(({ aws }) => ({ "aws:region": aws.region }));
}

/** The adapter's Secrets Manager source answers an entry's text like this. */
interface AdapterAnswer {
  readonly value: string;
}

/** Every output that a variable wants, in the order of the configuration. */
function outputsOf(stacks: NonNullable<StageOptions["stacks"]>) {
  return Object.entries(stacks).flatMap(([stack, source]) =>
    Object.entries(source.outputs).map(([output, variable]) => ({ stack, output, variable })),
  );
}

function readStacks(stacks: NonNullable<StageOptions["stacks"]>) {
  const named = Object.entries(stacks).map(([name, source]) => [name, stack(source.stack)] as const);
  return named.length === 0 ? undefined : pulumiStacks(Object.fromEntries(named));
}

/** A secret is stored as text: what has members is JSON. */
function decode(item: InventoryItem, text: Reference<string>) {
  return item.variables.some(({ jsonKey }) => jsonKey !== undefined) ? fn.fromJSON(text) : text;
}

function byName<W>(
  items: readonly InventoryItem[],
  map: (item: InventoryItem) => W,
): { readonly [name: string]: W } {
  return Object.fromEntries(items.map((item) => [item.name, map(item)]));
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

/** For what the same condition has rendered, which the types cannot follow. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("a part of the stage is missing that another part needs");
  return value;
}
