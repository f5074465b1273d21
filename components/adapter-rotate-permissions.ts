import type { PolicyDocument } from "../trust/index";
import { type AdapterResources, adapterPolicy } from "./adapter-permissions";
import { readEntries } from "./entry-permissions";

/** What the rotating function works with. */
export interface AdapterRotateResources extends Omit<AdapterResources, "reading"> {
  /** Of the entries that administer targets. */
  readonly entryArns: readonly string[];
  /** Of the entries that hold the journal's documents. */
  readonly journalEntryArns: readonly string[];
  readonly journalTableArn: string;
  /** Name or ARN of the bus that rotations are told to. */
  readonly eventBus: string;
}

/** What the rotating function calls, and nothing else. It deletes nothing: a journal that is gone is a rotation lost. */
export function adapterRotatePolicy(resources: AdapterRotateResources): PolicyDocument {
  const { journalEntryArns, journalTableArn, entryArns, kmsKeyArn, eventBus } = resources;
  const reading = readEntries([...entryArns, ...journalEntryArns], kmsKeyArn);
  const { Version, Statement } = adapterPolicy({ ...resources, reading });
  return {
    Version,
    Statement: [
      ...[Statement].flat(),
      {
        Sid: "WriteJournal",
        Effect: "Allow",
        Action: "secretsmanager:PutSecretValue",
        Resource: [...new Set(journalEntryArns)].sort(),
      },
      {
        Sid: "HoldLeases",
        Effect: "Allow",
        Action: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        Resource: journalTableArn,
      },
      {
        Sid: "TellRotations",
        Effect: "Allow",
        Action: "events:PutEvents",
        Resource: busArn(eventBus, journalTableArn),
      },
      ...(kmsKeyArn === undefined
        ? []
        : [
            {
              Sid: "EncryptJournal",
              Effect: "Allow" as const,
              Action: "kms:GenerateDataKey",
              Resource: kmsKeyArn,
            },
          ]),
    ],
  };
}

/** A bus by name is where the table is. */
function busArn(bus: string, tableArn: string): string {
  if (bus.startsWith("arn:")) return bus;
  const [, partition, , region, account] = tableArn.split(":");
  return `arn:${partition}:events:${region}:${account}:event-bus/${bus}`;
}
