import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { ReplayStore } from "./replay";

/** What the table must look like: this string partition key, and time to live on `REPLAY_EXPIRY_ATTRIBUTE`. */
export const REPLAY_KEY_ATTRIBUTE = "id";
/** Seconds since 1970, a number. */
export const REPLAY_EXPIRY_ATTRIBUTE = "expires";

/**
 * A replay store in a DynamoDB table, shared by all instances. One conditional put both asks and remembers, so
 * of two concurrent uses one wins. The condition holds the expiry itself: DynamoDB deletes expired items late.
 */
export function createDynamoReplayStore(
  table: string,
  client: Pick<DynamoDBClient, "send"> = createClient(),
): ReplayStore {
  return {
    async claim({ key, expires, now }) {
      const put = new PutItemCommand({
        TableName: table,
        Item: { [REPLAY_KEY_ATTRIBUTE]: { S: key }, [REPLAY_EXPIRY_ATTRIBUTE]: { N: String(expires) } },
        ConditionExpression: "attribute_not_exists(#i) OR #e < :now",
        ExpressionAttributeNames: { "#i": REPLAY_KEY_ATTRIBUTE, "#e": REPLAY_EXPIRY_ATTRIBUTE },
        ExpressionAttributeValues: { ":now": { N: String(now) } },
      });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

function createClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000 },
  });
}
