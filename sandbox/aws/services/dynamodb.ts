import type { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { jsonProtocol, jsonReply } from "../protocol";
import { type AwsService, isSigned, JsonInput, notImplemented, type SignedCall } from "../service";
import { TableStore } from "../table-store";
import { findTable, type KeyAttribute, type Table } from "../tables";

/** Operations on one item, and the member that holds its key. */
const itemOperations: Readonly<Record<string, "Key" | "Item">> = {
  DeleteItem: "Key",
  GetItem: "Key",
  PutItem: "Item",
  UpdateItem: "Key",
};

/**
 * DynamoDB over an account's tables, as far as single items go: dynalite keeps the items, and what it cannot do
 * (permissions, ARNs, times to live) is done here. Scans, queries, batches and transactions are refused by name.
 * Source of shapes and errors: the service's API reference, version 2012-08-10.
 */
export function dynamodbService(authorizer: Authorizer): AwsService {
  const { account } = authorizer;
  const protocol = jsonProtocol("DynamoDB_20120810", { version: "1.0" });
  const store = new TableStore();

  /** The table that the request names, once the caller may do this to it. */
  function open(call: SignedCall, input: JsonInput, leadingKeys?: (table: Table) => string[]): Table {
    const name = input.requiredText("TableName", { min: 1, max: 1024 });
    const table = findTable(account, call.region, name);
    authorizer.require(call.caller, call.region, {
      action: `dynamodb:${call.operation}`,
      resource: name.startsWith("arn:")
        ? name
        : `arn:${account.partition}:dynamodb:${call.region}:${account.id}:table/${name}`,
      context: table && leadingKeys ? { "dynamodb:LeadingKeys": leadingKeys(table) } : {},
    });
    if (table) return table;
    throw new AwsError("ResourceNotFoundException", "Requested resource not found");
  }

  return {
    signingName: "dynamodb",
    protocol,
    async handle(call) {
      if (!isSigned(call)) throw new AwsError(protocol.faults.missing, "Missing Authentication Token");
      const input = new JsonInput(call.request.body);
      const holder = Object.hasOwn(itemOperations, call.operation)
        ? itemOperations[call.operation]
        : undefined;
      if (holder !== undefined) {
        const body = JSON.parse(Buffer.from(call.request.body).toString()) as Record<string, unknown>;
        const table = open(call, input, ({ hashKey }) => keyOf(body[holder], hashKey));
        return store.run(table, call.operation, body);
      }
      switch (call.operation) {
        case "DescribeTable":
          return reply({ Table: showTable(open(call, input)) });
        case "DescribeTimeToLive":
          return reply({ TimeToLiveDescription: showTimeToLive(open(call, input)) });
        default:
          throw notImplemented(protocol, call.operation);
      }
    },
  };
}

const reply = (body: object) => jsonReply(body, 200, "1.0");

/** The partition key's value, for the condition key; none when the request is malformed, which dynalite says. */
function keyOf(item: unknown, { name, type }: KeyAttribute): string[] {
  const value = (item as Record<string, Record<string, unknown>> | undefined)?.[name]?.[type];
  return typeof value === "string" ? [value] : [];
}

function showTable(table: Table): object {
  const { hashKey, rangeKey, billingMode } = table;
  const keys = rangeKey ? [hashKey, rangeKey] : [hashKey];
  return {
    TableName: table.name,
    TableArn: table.arn,
    TableStatus: "ACTIVE",
    CreationDateTime: table.createdAt.getTime() / 1000,
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: keys.map((key) => ({ AttributeName: key.name, KeyType: key === hashKey ? "HASH" : "RANGE" })),
    BillingModeSummary: { BillingMode: billingMode },
  };
}

function showTimeToLive({ timeToLiveAttribute: attribute }: Table): object {
  return attribute === undefined
    ? { TimeToLiveStatus: "DISABLED" }
    : { TimeToLiveStatus: "ENABLED", AttributeName: attribute };
}
