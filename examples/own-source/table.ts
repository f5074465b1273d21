import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { AdapterError, defineSource } from "escapement/adapter";
import * as z from "zod/mini";

/** A table of a team's own, whose items have a key `id` and a text `value`. */
const table = defineSource({
  name: "table",
  settings: z.strictObject({ tableName: z.string() }),
  request: z.strictObject({ id: z.string() }),
  names: ({ id }) => [id],
  statements: ({ tableName }, { partition, region, account }) => {
    const arn = `arn:${partition}:dynamodb:${region}:${account}:table/${tableName}`;
    return [{ actions: ["dynamodb:GetItem"], resources: [arn] }];
  },
  policy: () => ({ timeoutMilliseconds: 2_000, cacheSeconds: 30 }),
  connect: async ({ tableName }) => {
    const client = new DynamoDBClient({});
    return async ({ id }, { signal }) => {
      const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } });
      const { Item } = await client.send(command, { abortSignal: signal });
      if (Item?.value?.S === undefined) throw new AdapterError("source_not_found", "there is no such item");
      return { value: Item.value.S };
    };
  },
});

export const sources = [table];
