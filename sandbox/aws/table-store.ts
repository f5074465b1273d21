import { once } from "node:events";
import { type IncomingMessage, request, type Server } from "node:http";
import { duplexPair } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { AwsReply } from "./http";
import type { Table } from "./tables";

/**
 * The items of tables, in dynalite, which is loaded when the first of them is used. dynalite checks no
 * signature, so it listens nowhere: requests reach it within the process.
 */
export class TableStore {
  /** One for each region: tables of different regions may have the same name. */
  private readonly servers = new Map<string, Promise<Server>>();
  /** A table that is made again under the same name has none of the old one's items. */
  private readonly made = new Map<string, { readonly table: Table; readonly done: Promise<void> }>();

  /** Runs an operation on a table. The answer, a refusal too, is dynalite's. */
  async run(table: Table, operation: string, input: object): Promise<AwsReply> {
    const server = await this.serverOf(table);
    let made = this.made.get(table.arn);
    if (made?.table !== table) {
      const cleared = made?.done.then(() => deleteTable(server, table));
      made = { table, done: Promise.resolve(cleared).then(() => makeTable(server, table)) };
      this.made.set(table.arn, made);
    }
    await made.done;
    return send(server, operation, { ...input, TableName: table.name });
  }

  private serverOf({ region }: Table): Promise<Server> {
    let server = this.servers.get(region);
    if (!server) {
      server = import("dynalite").then(({ default: dynalite }) =>
        dynalite({ createTableMs: 0, deleteTableMs: 0 }),
      );
      this.servers.set(region, server);
    }
    return server;
  }
}

async function makeTable(server: Server, { name, hashKey, rangeKey }: Table): Promise<void> {
  const keys = rangeKey ? [hashKey, rangeKey] : [hashKey];
  await sendOrThrow(server, "CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
    KeySchema: keys.map((key) => ({ AttributeName: key.name, KeyType: key === hashKey ? "HASH" : "RANGE" })),
  });
  for (let status: unknown; status !== "ACTIVE"; ) {
    const { Table: described } = await sendOrThrow(server, "DescribeTable", { TableName: name });
    status = described?.TableStatus;
  }
}

async function deleteTable(server: Server, { name }: Table): Promise<void> {
  await sendOrThrow(server, "DeleteTable", { TableName: name });
  for (let status = 200; status === 200; ) {
    ({ status } = await send(server, "DescribeTable", { TableName: name }));
  }
}

interface Described {
  readonly Table?: { readonly TableStatus?: unknown };
}

async function sendOrThrow(server: Server, operation: string, input: object): Promise<Described> {
  const { status, body } = await send(server, operation, input);
  if (status !== 200) throw new Error(`dynalite's ${operation} answered ${status}: ${String(body)}`);
  return JSON.parse(String(body)) as Described;
}

const contentType = "application/x-amz-json-1.0";

async function send(server: Server, operation: string, input: object): Promise<AwsReply> {
  const outgoing = request({
    method: "POST",
    headers: {
      "content-type": contentType,
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      // It wants them to be there.
      authorization: "AWS4-HMAC-SHA256 Credential=none, SignedHeaders=none, Signature=none",
      "x-amz-date": "none",
      connection: "close",
    },
    createConnection() {
      const [ours, theirs] = duplexPair();
      server.emit("connection", theirs);
      return ours;
    },
  });
  outgoing.end(JSON.stringify(input));
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: incoming.statusCode ?? 500, contentType, body: await buffer(incoming) };
}
