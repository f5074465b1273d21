import assert from "node:assert/strict";
import {
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { findRole, putRolePolicy } from "../../sandbox/aws/iam";
import { openAdministratorSession, openSession } from "../../sandbox/aws/sessions";
import type { PolicyStatement } from "../../trust/index";
import { Laptop } from "./support";

const TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/replay";

describe("DynamoDB on the laptop", () => {
  const laptop = new Laptop();
  const clients: DynamoDBClient[] = [];
  let administrator: DynamoDBClient;
  before(async () => {
    await laptop.start();
    const inputs = { hashKey: "id", attributes: [{ name: "id", type: "S" }], billingMode: "PAY_PER_REQUEST" };
    await laptop.create("aws:dynamodb/table:Table", "replay", {
      ...inputs,
      name: "replay",
      ttl: { attributeName: "expires", enabled: true },
    });
    await laptop.create("aws:dynamodb/table:Table", "there", {
      ...inputs,
      name: "replay",
      region: "eu-west-1",
    });
    administrator = client(openAdministratorSession(laptop.account));
  });
  after(async () => {
    for (const each of clients) each.destroy();
    await laptop.stop();
  });

  function client(
    keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined },
    more: DynamoDBClientConfig = {},
  ): DynamoDBClient {
    const { accessKeyId, secretAccessKey, sessionToken } = keys;
    const created = new DynamoDBClient({
      endpoint: laptop.endpointUrl,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      maxAttempts: 1,
      ...more,
    });
    clients.push(created);
    return created;
  }

  /** As a role with these permissions. */
  async function as(name: string, ...statements: PolicyStatement[]): Promise<DynamoDBClient> {
    await laptop.role(name);
    const document = { Version: "2012-10-17", Statement: statements };
    putRolePolicy(laptop.account, name, "permissions", JSON.stringify(document));
    const role = findRole(laptop.account, name);
    return client(openSession(laptop.account, role, { name: "test", durationSeconds: 900 }));
  }

  const put = (id: string, more: object = {}) =>
    new PutItemCommand({ TableName: "replay", Item: { id: { S: id }, expires: { N: "100" } }, ...more });

  /** What the adapter asks. */
  const claim = (id: string, now: number) =>
    put(id, {
      ConditionExpression: "attribute_not_exists(#i) OR #e < :now",
      ExpressionAttributeNames: { "#i": "id", "#e": "expires" },
      ExpressionAttributeValues: { ":now": { N: String(now) } },
    });

  it("puts, reads, updates and deletes items", async () => {
    await administrator.send(put("one"));
    const Key = { id: { S: "one" } };
    const update = new UpdateItemCommand({
      TableName: TABLE,
      Key,
      UpdateExpression: "SET used = :yes",
      ExpressionAttributeValues: { ":yes": { BOOL: true } },
    });
    await administrator.send(update);
    const read = await administrator.send(new GetItemCommand({ TableName: "replay", Key }));
    assert.deepEqual(read.Item, { id: { S: "one" }, expires: { N: "100" }, used: { BOOL: true } });
    await administrator.send(new DeleteItemCommand({ TableName: "replay", Key }));
    const after = await administrator.send(new GetItemCommand({ TableName: "replay", Key }));
    assert.equal(after.Item, undefined);
  });

  it("lets one of twenty concurrent claims win, and another once it has expired", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => administrator.send(claim("token", 50))),
    );
    const lost = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    assert.equal(lost.length, 19);
    for (const { reason } of lost) {
      assert.equal(reason.name, "ConditionalCheckFailedException");
      assert.equal(reason.$metadata.httpStatusCode, 400);
    }
    await administrator.send(claim("token", 101));
  });

  it("keeps tables of different regions apart", async () => {
    await administrator.send(put("here"));
    const there = client(openAdministratorSession(laptop.account), { region: "eu-west-1" });
    const { Item } = await there.send(
      new GetItemCommand({ TableName: "replay", Key: { id: { S: "here" } } }),
    );
    assert.equal(Item, undefined);
  });

  it("describes tables and times to live by its own account", async () => {
    const { Table } = await administrator.send(new DescribeTableCommand({ TableName: "replay" }));
    assert.deepEqual([Table?.TableArn, Table?.TableStatus], [TABLE, "ACTIVE"]);
    assert.deepEqual(Table?.KeySchema, [{ AttributeName: "id", KeyType: "HASH" }]);
    const { TimeToLiveDescription: ttl } = await administrator.send(
      new DescribeTimeToLiveCommand({ TableName: "replay" }),
    );
    assert.deepEqual(ttl, { TimeToLiveStatus: "ENABLED", AttributeName: "expires" });
  });

  it("does what a role's policy allows on a table, and refuses the rest in AWS's words", async () => {
    const adapter = await as("adapter", { Effect: "Allow", Action: "dynamodb:PutItem", Resource: TABLE });
    await adapter.send(put("allowed"));
    const read = new GetItemCommand({ TableName: "replay", Key: { id: { S: "allowed" } } });
    await assert.rejects(adapter.send(read), {
      name: "AccessDeniedException",
      message: `User: arn:aws:sts::123456789012:assumed-role/adapter/test is not authorized to perform: dynamodb:GetItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:GetItem action`,
    });
    assert.deepEqual(
      [laptop.decisions.at(-1)?.action, laptop.decisions.at(-1)?.allowed],
      ["dynamodb:GetItem", false],
    );
  });

  it("judges by the partition key", async () => {
    const owner = await as("owner", {
      Effect: "Allow",
      Action: "dynamodb:*",
      Resource: TABLE,
      Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["mine-*"] } },
    });
    await owner.send(put("mine-1"));
    for (const command of [
      put("yours-1"),
      new GetItemCommand({ TableName: "replay", Key: { id: { S: "yours-1" } } }),
    ]) {
      await assert.rejects(owner.send(command as PutItemCommand), { name: "AccessDeniedException" });
    }
  });

  it("refuses who is not authorised before it says whether a table is there", async () => {
    const nobody = await as("nobody", { Effect: "Allow", Action: "sts:*", Resource: "*" });
    const command = new DescribeTableCommand({ TableName: "missing" });
    await assert.rejects(nobody.send(command), { name: "AccessDeniedException" });
    await assert.rejects(administrator.send(command), { name: "ResourceNotFoundException" });
  });

  it("refuses a request with a wrong key, and by name what is not implemented", async () => {
    const wrong = { ...openAdministratorSession(laptop.account), secretAccessKey: "wrong" };
    await assert.rejects(client(wrong).send(put("forged")), { name: "InvalidSignatureException" });
    await assert.rejects(administrator.send(new ScanCommand({ TableName: "replay" })), {
      name: "UnknownOperationException",
      message: "sandbox: the operation Scan is not implemented",
    });
  });

  it("passes on what DynamoDB says of a malformed item", async () => {
    const empty = new PutItemCommand({ TableName: "replay", Item: { other: { S: "x" } } });
    await assert.rejects(administrator.send(empty), { name: "ValidationException" });
  });
});
