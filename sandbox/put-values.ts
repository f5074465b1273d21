import { randomBytes } from "node:crypto";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { inventory } from "../esc/inventory";
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

/** `<project>/<stage>/database` is JSON with the members that the inventory names. */
function madeUp(entryName: string): string {
  const item = inventory.find(({ name }) => name === entryName.split("/").at(-1));
  const random = () => randomBytes(24).toString("base64url");
  const keys = item?.variables.flatMap(({ jsonKey }) => jsonKey ?? []) ?? [];
  if (keys.length === 0) return random();
  const members = keys.map((key) => [
    key,
    key === "url" ? `postgresql://app:${random()}@database.internal:5432/app` : random(),
  ]);
  return JSON.stringify(Object.fromEntries(members));
}
