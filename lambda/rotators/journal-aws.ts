import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../errors";
import type { Journal, JournalDocument, Lease } from "./journal";

/** The journal table's string partition key: the target. Nothing in the table is secret, and nothing expires. */
export const JOURNAL_KEY_ATTRIBUTE = "id";

export interface AwsJournalOptions {
  readonly table: string;
  /** In front of a target's name: the Secrets Manager entry that holds its documents. */
  readonly entryPrefix: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  readonly dynamodb?: Pick<DynamoDBClient, "send">;
  readonly secretsManager?: Pick<SecretsManagerClient, "send">;
}

/** How far the clocks of two instances may be apart: for so long more, nobody takes a lease over. */
const SKEW_MILLISECONDS = 5_000;
/** A version may not be readable at once where it was written (aws/aws-sdk-js-v3#7701). */
const READ_ATTEMPTS = 6;
const READ_WAIT_MILLISECONDS = 150;

const NAMES = {
  "#id": JOURNAL_KEY_ATTRIBUTE,
  "#holder": "holder",
  "#until": "until",
  "#version": "version",
};

/**
 * A journal in AWS. Documents hold credentials, so each is a version of a Secrets Manager entry, which is never changed
 * once it is written; an item in DynamoDB says which version counts and who has the lease, and changes only under
 * a condition. A version that no item came to point at is a write that did not happen.
 */
export function createAwsJournal(options: AwsJournalOptions): Journal {
  const { table, entryPrefix, now = Date.now } = options;
  const clientOptions = { maxAttempts: 3, requestHandler: { connectionTimeout: 1000, requestTimeout: 3000 } };
  const { dynamodb = new DynamoDBClient(clientOptions) } = options;
  const { secretsManager = new SecretsManagerClient(clientOptions) } = options;

  /** The item after the change; undefined when the condition did not hold. */
  async function update(target: string, change: string, condition: string, values: Record<string, Value>) {
    const used = new Set(`${change} ${condition}`.match(/#\w+/g));
    const command = new UpdateItemCommand({
      TableName: table,
      Key: { [JOURNAL_KEY_ATTRIBUTE]: { S: target } },
      UpdateExpression: change,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(Object.entries(NAMES).filter(([name]) => used.has(name))),
      ExpressionAttributeValues: values,
      ReturnValues: "ALL_NEW",
    });
    try {
      const { Attributes } = await dynamodb.send(command);
      return Attributes ?? {};
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw unavailable("table", error);
    }
  }

  async function read(target: string, version: string): Promise<JournalDocument> {
    const command = new GetSecretValueCommand({ SecretId: entryPrefix + target, VersionId: version });
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { SecretString = "" } = await secretsManager.send(command);
        return JSON.parse(SecretString) as JournalDocument;
      } catch (error) {
        const early = error instanceof ResourceNotFoundException && attempt < READ_ATTEMPTS;
        if (!early) throw unavailable("entry", error);
        await wait(READ_WAIT_MILLISECONDS);
      }
    }
  }

  function granted(
    target: string,
    holder: string,
    known: { version?: string; document?: JournalDocument },
  ): Lease {
    let { version } = known;
    return {
      document: known.document,
      async save(document) {
        const next = randomUUID();
        await secretsManager
          .send(
            new PutSecretValueCommand({
              SecretId: entryPrefix + target,
              ClientRequestToken: next,
              SecretString: JSON.stringify(document),
            }),
          )
          .catch((error: unknown) => {
            throw unavailable("entry", error);
          });
        // When the reply is lost, the client asks again: what it wrote itself is right, too.
        const unchanged = version === undefined ? "attribute_not_exists(#version)" : "#version = :old";
        const saved = await update(
          target,
          "SET #version = :new",
          `#holder = :holder AND (${unchanged} OR #version = :new)`,
          {
            ":holder": { S: holder },
            ":new": { S: next },
            ...(version !== undefined && { ":old": { S: version } }),
          },
        );
        if (saved === undefined) {
          throw new AdapterError("rotation_busy", `the lease of ${target} has passed to another call`);
        }
        version = next;
      },
      async release() {
        await update(target, "REMOVE #holder, #until", "#holder = :holder", { ":holder": { S: holder } });
      },
    };
  }

  return {
    async acquire(target, { holder, milliseconds }) {
      const item = await update(
        target,
        "SET #holder = :holder, #until = :until",
        "attribute_not_exists(#holder) OR #until < :now OR #holder = :holder",
        {
          ":holder": { S: holder },
          ":until": { N: String(now() + milliseconds) },
          ":now": { N: String(now() - SKEW_MILLISECONDS) },
        },
      );
      if (item === undefined) return undefined;
      const version = item.version?.S;
      if (version === undefined) return granted(target, holder, {});
      try {
        return granted(target, holder, { version, document: await read(target, version) });
      } catch (error) {
        await granted(target, holder, {}).release();
        throw error;
      }
    },
  };
}

type Value = { readonly S: string } | { readonly N: string };

/** Only the error's name is kept: AWS's messages quote what was asked. */
function unavailable(what: string, error: unknown): AdapterError {
  const name = error instanceof Error ? error.name : typeof error;
  return new AdapterError("journal_unavailable", `the journal's ${what} answered ${name}`, { cause: error });
}
