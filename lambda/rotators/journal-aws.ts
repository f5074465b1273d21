import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { AdapterError } from "../errors";
import type { Journal, JournalDocument, Lease } from "./journal";
import type { Receipt } from "./receipt";

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
  "#receipts": "receipts",
};

/**
 * A journal in AWS. Documents hold credentials, so each is a version of a Secrets Manager entry, which is never changed
 * once it is written; an item in DynamoDB says which version counts, who has the lease and what became of the last attempts,
 * and changes only under a condition. A version that no item came to point at is a write that did not happen.
 */
export function createAwsJournal(options: AwsJournalOptions): Journal {
  const { table, entryPrefix, now = Date.now } = options;
  const clientOptions = {
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  };
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
    known: {
      readonly version?: string;
      readonly document?: JournalDocument;
      readonly receipts?: readonly Receipt[];
    },
  ): Lease {
    let { version } = known;
    /** Under the lease. */
    const change = async (what: string, condition: string, values: Record<string, Value>) => {
      const changed = await update(target, what, `#holder = :holder${condition}`, {
        ":holder": { S: holder },
        ...values,
      });
      if (changed === undefined) throw taken(target);
    };
    return {
      document: known.document,
      receipts: known.receipts ?? [],
      async save(document, receipts) {
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
        await change(
          `SET #version = :new${receipts === undefined ? "" : ", #receipts = :receipts"}`,
          ` AND (${unchanged} OR #version = :new)`,
          {
            ":new": { S: next },
            ...(version !== undefined && { ":old": { S: version } }),
            ...(receipts && { ":receipts": { S: JSON.stringify(receipts) } }),
          },
        );
        version = next;
      },
      async record(receipts) {
        await change("SET #receipts = :receipts", "", { ":receipts": { S: JSON.stringify(receipts) } });
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
      const receipts = receiptsIn(item);
      if (version === undefined) return granted(target, holder, { receipts });
      try {
        return granted(target, holder, { version, receipts, document: await read(target, version) });
      } catch (error) {
        await granted(target, holder, {}).release();
        throw error;
      }
    },
    async read(target) {
      const command = new GetItemCommand({
        TableName: table,
        Key: { [JOURNAL_KEY_ATTRIBUTE]: { S: target } },
        ConsistentRead: true,
      });
      const { Item = {} } = await dynamodb.send(command).catch((error: unknown) => {
        throw unavailable("table", error);
      });
      const [version, until] = [Item.version?.S, Number(Item.until?.N)];
      return {
        receipts: receiptsIn(Item),
        ...(Item.holder !== undefined && until >= now() - SKEW_MILLISECONDS && { leasedUntil: until }),
        document: async () => (version === undefined ? undefined : read(target, version)),
      };
    },
    async forget(target) {
      const forgotten = await update(
        target,
        "REMOVE #version",
        "attribute_not_exists(#holder) OR #until < :now",
        {
          ":now": { N: String(now() - SKEW_MILLISECONDS) },
        },
      );
      if (forgotten === undefined) throw taken(target);
    },
  };
}

function receiptsIn(item: Readonly<Record<string, { readonly S?: string | undefined }>>): readonly Receipt[] {
  const text = item.receipts?.S;
  return text === undefined ? [] : (JSON.parse(text) as readonly Receipt[]);
}

function taken(target: string): AdapterError {
  return new AdapterError("rotation_busy", `the lease of ${target} has passed to another call`);
}

type Value = { readonly S: string } | { readonly N: string };

/** Only the error's name is kept: AWS's messages quote what was asked. */
function unavailable(what: string, error: unknown): AdapterError {
  const name = error instanceof Error ? error.name : typeof error;
  return new AdapterError("journal_unavailable", `the journal's ${what} answered ${name}`, { cause: error });
}
