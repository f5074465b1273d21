import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { ReplayStore, TokenUse } from "./replay";

/** What the table must look like: this string partition key, and time to live on `REPLAY_EXPIRY_ATTRIBUTE`. */
export const REPLAY_KEY_ATTRIBUTE = "id";
/** Seconds since 1970, a number. */
export const REPLAY_EXPIRY_ATTRIBUTE = "expires";

/** What became of a token: used; given back after that; used once more, for good. */
type State = "used" | "returned" | "retried";

const NAMES = { "#i": REPLAY_KEY_ATTRIBUTE, "#e": REPLAY_EXPIRY_ATTRIBUTE, "#u": "use", "#s": "state" };

/**
 * A replay store in a DynamoDB table, shared by all instances. One conditional put both asks and remembers, so
 * of two concurrent uses one wins. The condition holds the expiry itself: DynamoDB deletes expired items late. It
 * also holds the use: when an answer is lost the client asks again, and that is still the first use.
 *
 * Everything is a put, so that the function needs no other permission.
 */
export function createDynamoReplayStore(
  table: string,
  client: Pick<DynamoDBClient, "send"> = createClient(),
): ReplayStore {
  /** True when the condition held. */
  async function put(token: TokenUse, state: State, condition: string): Promise<boolean> {
    const values = { ":now": { N: String(token.now) }, ":use": { S: token.use }, ...STATES };
    const command = new PutItemCommand({
      TableName: table,
      Item: {
        [REPLAY_KEY_ATTRIBUTE]: { S: token.key },
        [REPLAY_EXPIRY_ATTRIBUTE]: { N: String(token.expires) },
        use: { S: token.use },
        state: { S: state },
      },
      ConditionExpression: condition,
      // DynamoDB refuses what the condition does not mention.
      ExpressionAttributeNames: mentioned(NAMES, condition),
      ExpressionAttributeValues: mentioned(values, condition),
    });
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    claim: async (token) =>
      (await put(token, "used", "attribute_not_exists(#i) OR #e < :now OR (#u = :use AND #s = :used)")) ||
      (await put(token, "retried", "#s = :returned OR (#u = :use AND #s = :retried)")),
    giveBack: async (token) => {
      await put(token, "returned", "#u = :use AND #s = :used");
    },
  };
}

const STATES = {
  ":used": { S: "used" },
  ":returned": { S: "returned" },
  ":retried": { S: "retried" },
};

function mentioned<T>(entries: Readonly<Record<string, T>>, condition: string): Record<string, T> {
  const used = new Set(condition.match(/[#:]\w+/g));
  return Object.fromEntries(Object.entries(entries).filter(([name]) => used.has(name)));
}

function createClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
  });
}
