import assert from "node:assert/strict";
import path from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { loadEntrySources } from "../../lambda/entry-sources";
import { openSession } from "../../sandbox/aws/sessions";
import { createTable } from "../../sandbox/aws/tables";
import { Laptop, stagingTrust } from "../aws/laptop";
import { assertRefused, open, useAws } from "./support";

const REGION = "us-east-1";

// Proves the source that docs/sources.md shows, with the role that its statements make.
describe("the example of a source of one's own", () => {
  const laptop = new Laptop();
  const restored: (() => void)[] = [];
  before(() => laptop.start());
  after(async () => {
    for (const restore of restored) restore();
    await laptop.stop();
  });

  it("reads its table with the statements that it asks for, and no other table", async () => {
    const { account, url } = laptop;
    for (const name of ["things", "others"]) {
      createTable(account, {
        name,
        region: REGION,
        hashKey: { name: "id", type: "S" },
        billingMode: "PAY_PER_REQUEST",
      });
    }
    const administrator = new DynamoDBClient({
      endpoint: url,
      region: REGION,
      credentials: laptop.administrator(),
    });
    const Item = { id: { S: "a" }, value: { S: "what the table holds" } };
    await administrator.send(new PutItemCommand({ TableName: "things", Item }));
    administrator.destroy();

    const sources = await loadEntrySources(path.join(__dirname, "../../examples/own-source/table.ts"));
    const [source] = sources ?? [];
    assert.ok(source !== undefined && sources?.length === 1);
    const place = { partition: "aws", region: REGION, account: account.id, names: ["a"] };
    const [statement] = source.statements({ tableName: "things" }, place);
    const role = laptop.role("own", stagingTrust(), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: [...(statement?.actions ?? [])],
          Resource: [...(statement?.resources ?? [])],
        },
      ],
    });
    restored.push(useAws(url, openSession(account, role, { name: "own", durationSeconds: 3600 })));

    const things = await source.connect({ tableName: "things" });
    assert.deepEqual(await open(things, { id: "a" }), { value: "what the table holds" });
    assert.deepEqual(things.prepare({ id: "a" }).names, ["a"]);
    // Loaded like this it has a class of errors of its own; in a function there is one.
    const { signal } = new AbortController();
    await assert.rejects(things.prepare({ id: "b" }).fetch({ signal }), { code: "source_not_found" });
    const others = await source.connect({ tableName: "others" });
    await assertRefused(open(others, { id: "a" }), "source_unavailable", "what the table holds");
  });
});
