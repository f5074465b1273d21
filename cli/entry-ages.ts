import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Inventory } from "../esc/inventory/item";
import { selectItems } from "../esc/inventory/select";
import type { SecretAge } from "../esc/inventory/verify/ages";
import { readDefinition } from "../esc/inventory/verify/definition";
import { entryIdOf } from "../esc/inventory/verify/how-to-set";
import { valueAt } from "../esc/inventory/verify/opened";
import type { OpenedTarget } from "./verify";

/** Says when an entry's value was written; undefined when it cannot be told. */
export type AskAws = (entry: string, region: string) => Promise<Date | undefined>;

/**
 * When each entry of a stage was last written, as AWS says: the date of the version that is `AWSCURRENT`. (Its
 * `LastChangedDate` would not do: it moves with tags and policies too.)
 */
export function createAgeReader(inventory: Inventory, ask: AskAws) {
  return async (
    opened: OpenedTarget & { readonly stage: string },
  ): Promise<ReadonlyMap<string, SecretAge>> => {
    const { stage, definition, target } = opened;
    const region = regionOf(opened) ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
    if (region === undefined) return new Map();
    const facts = definition === undefined ? undefined : readDefinition(definition);
    const asked = [
      ...selectItems(inventory, stage, "aws-secrets"),
      ...selectItems(inventory, stage, "external"),
    ]
      .filter((item) => item.kind === "secret" && item.retired !== true && item.rotateWithinDays !== "never")
      .map(async (item) => {
        const changed = await ask(entryIdOf(item, { project: target.project, stage, facts }), region);
        return changed === undefined ? [] : [[item.name, { changed, source: "aws" as const }] as const];
      });
    return new Map((await Promise.all(asked)).flat());
  };
}

function regionOf({ properties }: OpenedTarget): string | undefined {
  const found =
    valueAt(properties, "pulumiConfig", "aws:region")?.value ?? valueAt(properties, "aws", "region")?.value;
  return typeof found === "string" ? found : undefined;
}

/** Asks AWS Secrets Manager which versions an entry has (`ListSecretVersionIds`), which tells nothing of its value. */
export function createAskAws(clientFor: (region: string) => SecretsManagerClient): AskAws {
  return async (entry, region) => {
    const { ListSecretVersionIdsCommand } = await import("@aws-sdk/client-secrets-manager");
    try {
      const answer = await clientFor(region).send(new ListSecretVersionIdsCommand({ SecretId: entry }));
      const current = answer.Versions?.find(({ VersionStages }) => VersionStages?.includes("AWSCURRENT"));
      return current?.CreatedDate;
    } catch {
      // Who may not ask is told that the age is not known; that an entry is not there, the open has said.
      return undefined;
    }
  };
}

/** The same with the credentials of the environment; undefined where it has none, for nobody is asked for any. */
export async function connectAws(): Promise<AskAws | undefined> {
  const given = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ];
  if (!given.some((name) => process.env[name])) return undefined;
  const aws = await import("@aws-sdk/client-secrets-manager");
  const clients = new Map<string, SecretsManagerClient>();
  return createAskAws((region) => {
    const client = clients.get(region) ?? new aws.SecretsManagerClient({ region, maxAttempts: 2 });
    clients.set(region, client);
    return client;
  });
}
