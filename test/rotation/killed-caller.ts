/**
 * One call of the engine in a process that can be killed: PostgreSQL and the journal in AWS are outside of it. Its
 * parent sends the call, and is sent what became of it.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Credential } from "../../lambda/rotators/credential";
import { DEFAULT_ROTATION_LIMITS, type RotationPorts, rotate } from "../../lambda/rotators/engine";
import { createAwsJournal } from "../../lambda/rotators/journal-aws";
import type { PostgresSettings } from "../../lambda/rotators/postgres";
import { createPostgresTarget } from "../../lambda/rotators/postgres-target";
import { readSecret } from "./support";

export interface KillableCall {
  readonly settings: PostgresSettings;
  readonly state: Credential | null;
  /** How far the caller's clock is ahead, as AWS's is, so that nobody has to wait for the end of a lease. */
  readonly ahead: number;
}

export const JOURNAL = { table: "journal", entryPrefix: "app/rotation/" };
export const TARGET = "postgres/orders";

/** What the engine works with in this process. AWS is found by the usual variables. */
export function portsOf({ settings, ahead }: KillableCall): RotationPorts {
  const now = () => Date.now() + ahead;
  const client = { systemClockOffset: ahead };
  const journal = createAwsJournal({
    ...JOURNAL,
    now,
    dynamodb: new DynamoDBClient(client),
    secretsManager: new SecretsManagerClient(client),
  });
  return {
    journal,
    target: createPostgresTarget(settings, { readSecret }),
    clock: { now, sleep: (milliseconds) => sleep(milliseconds) },
    newId: randomUUID,
    limits: DEFAULT_ROTATION_LIMITS,
  };
}

export function callOf({ state }: KillableCall) {
  return { target: TARGET, owner: "acme/app/rotated-staging-orders", state };
}

if (process.send !== undefined && process.env.ESCAPEMENT_KILLED_CALLER === "1") {
  process.once("message", async (call: KillableCall) => {
    const outcome = await rotate(portsOf(call), callOf(call)).then(
      (answer) => ({ answer }),
      (error: { code?: string }) => ({ code: error.code ?? String(error) }),
    );
    process.send?.(outcome);
  });
  process.send("loaded");
}
