import { type Account, makeArn, type Tags } from "./account";
import { AwsError } from "./errors";

/** DynamoDB's types of key attributes: string, number, bytes. */
export type KeyType = "S" | "N" | "B";

export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

/** A DynamoDB table: what it looks like. Its items are the service's. */
export interface Table {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly createdAt: Date;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | undefined;
  billingMode: "PAY_PER_REQUEST" | "PROVISIONED";
  /** The attribute that says when an item expires. AWS deletes expired items within days; here they stay. */
  timeToLiveAttribute: string | undefined;
  tags: Tags;
}

/** What `createTable` makes. */
export type NewTable = Pick<Table, "name" | "region" | "hashKey" | "billingMode"> &
  Partial<Pick<Table, "rangeKey" | "timeToLiveAttribute" | "tags">>;

/**
 * Makes a table.
 * @throws {ValidationException} {ResourceInUseException}
 */
export function createTable(account: Account, table: NewTable): Table {
  const { name, region, rangeKey, timeToLiveAttribute, tags = {} } = table;
  checkTableName(name);
  const arn = makeArn(account, "dynamodb", region, `table/${name}`);
  if (account.tables.has(arn)) {
    throw new AwsError("ResourceInUseException", `Table already exists: ${name}`);
  }
  const createdAt = new Date(account.now());
  const created: Table = { ...table, arn, createdAt, rangeKey, timeToLiveAttribute, tags };
  account.tables.set(arn, created);
  return created;
}

/** @throws {ValidationException} */
export function checkTableName(name: string): void {
  if (/^[\w.-]{3,255}$/.test(name)) return;
  throw new AwsError(
    "ValidationException",
    "TableName must be at least 3 characters long and at most 255 characters long, of a-z, A-Z, 0-9, _, - and .",
  );
}

/** The table that a request names, by name or ARN. */
export function findTable(account: Account, region: string, name: string): Table | undefined {
  const arn = name.startsWith("arn:") ? name : makeArn(account, "dynamodb", region, `table/${name}`);
  return account.tables.get(arn);
}
