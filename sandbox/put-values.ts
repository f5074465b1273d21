import { randomInt } from "node:crypto";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { inventory } from "../esc/inventory";
import { entryText } from "../esc/inventory/entry";
import { makeUp, type Random } from "../esc/inventory/forms";
import { formOf } from "../esc/inventory/select";
import { openAdministratorSession } from "./aws";
import { secretsManagerClient } from "./aws-clients";
import type { LaptopCloud } from "./cloud";

/**
 * Does what people do after the first `up`: puts a value into every entry of the project that has none. The values are
 * random, of the form that the entry's variables take, and known to nobody.
 */
export async function putValues(cloud: LaptopCloud, project: string): Promise<void> {
  const administrator = openAdministratorSession(cloud.account);
  for (const { name, arn, region, versions } of cloud.account.secrets.values()) {
    if (versions.size > 0 || !name.startsWith(`${project}/`)) continue;
    const client = secretsManagerClient(cloud.awsClientOptions(region), administrator);
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: madeUp(name) }));
  }
}

/** `<project>/<stage>/database` holds what the inventory says that it holds. */
function madeUp(entryName: string): string {
  const [stage = "", name = ""] = entryName.split("/").slice(-2);
  const item = inventory.items.find((candidate) => candidate.name === name);
  if (item === undefined) return random(32, "abcdefghijklmnopqrstuvwxyz");
  return entryText(item, (value) => makeUp(formOf(value, stage), random) ?? "{}");
}

const random: Random = (length, alphabet) =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
