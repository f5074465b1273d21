import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inventoryCommand } from "../../cli/commands/inventory";
import { CommandFailure } from "../../cli/exit";
import { at, environment } from "../../esc";
import { inventory } from "../../esc/inventory";
import { fillBlocks } from "../../esc/inventory/blocks";
import { generateFiles } from "../../esc/inventory/generate";
import type { Inventory, InventoryItem } from "../../esc/inventory/item";
import { readEntries, valueIn } from "../../esc/inventory/secrets";
import { selectItems } from "../../esc/inventory/select";
import { inventory as oceanid } from "../../examples/oceanid/inventory";

const root = path.join(__dirname, "..", "..");
const own: Inventory = inventory;

/** Everything that follows from an inventory of one stage, by what it is. */
function everything(from: Inventory): Readonly<Record<string, string>> {
  const files = Object.fromEntries(
    generateFiles(from, "esc/inventory.ts").map(({ kind, text }) => [kind, text]),
  );
  const stored = selectItems(from, "prod", "aws-secrets");
  const owner = { project: "oceanid-cluster", stage: "prod" };
  const settings = Object.fromEntries(selectItems(from, "prod", "esc").map(({ name }) => [name, "x"]));
  const secrets = at(environment().value("secrets", { x: "" }).references.secrets);
  const { environmentVariables, pulumiConfig } = fillBlocks(from, "prod", {
    settings,
    find: ({ item, value }) => valueIn(secrets, item, value),
  });
  const loginRoleArn = "arn:aws:iam::123456789012:role/oceanid";
  const read = readEntries(stored, { owner, region: "eu-west-1", loginRoleArn });
  return {
    ...files,
    // What index.ts gives to `SecretEntries`.
    entries: JSON.stringify(stored.map(({ name, description }) => ({ name, description }))),
    environment: environment()
      .value("secretEntries", read)
      .environmentVariables(environmentVariables)
      .pulumiConfig(pulumiConfig)
      .render(),
  };
}

function changed(edit: (items: readonly InventoryItem[]) => readonly InventoryItem[]): string[] {
  const [before, after] = [everything(oceanid), everything({ ...oceanid, items: edit(oceanid.items) })];
  return Object.keys(before).filter((kind) => before[kind] !== after[kind]);
}

const editOne = (name: string, edit: (item: InventoryItem) => object) => () =>
  changed((items) =>
    items.map((item) => (item.name === name ? ({ ...item, ...edit(item) } as InventoryItem) : item)),
  );

describe("What follows from an inventory", () => {
  const all = ["page", "schema", "dotenv", "typescript", "python", "shell", "entries", "environment"];
  const loaders = ["schema", "dotenv", "typescript", "python", "shell"];

  for (const [name, file, from] of [
    ["this project's", "esc/inventory.ts", own],
    ["oceanid's", "examples/oceanid/inventory.ts", oceanid],
  ] as const) {
    it(`is committed as it is: ${name} (else: npm run inventory -- --inventory ${file})`, () => {
      const folder = path.join(root, path.dirname(file));
      for (const { path: relative, text } of generateFiles(
        from,
        path.relative(path.dirname(folder), path.join(root, file)),
      )) {
        const committed = readFileSync(path.join(folder, relative), "utf8");
        assert.ok(committed === text, `${relative} is out of date: npm run inventory -- --inventory ${file}`);
      }
    });
  }

  it("changes with one line of it: all of it, where all of it knows that line", () => {
    const line: InventoryItem = {
      name: "mail_key",
      description: "Key of the mailer",
      kind: "secret",
      livesIn: "aws-secrets",
      stages: ["prod"],
      values: [{ form: "random-key", variable: "MAIL_KEY", config: "oceanid-cluster:mail_key" }],
      owner: "platform team",
      obtain: "Ask the mailer",
      rotateWithinDays: 30,
      consumers: ["mailer"],
    };
    assert.deepEqual(changed((items) => [...items, line]).sort(), [...all].sort());
    assert.deepEqual(changed((items) => items.slice(1)).sort(), [...all].sort());
    const renamed = editOne("hf_token", () => ({
      values: [{ form: "huggingface-token", variable: "HUB_TOKEN" }],
    }));
    assert.deepEqual(renamed(), ["page", ...loaders, "environment"]);
    assert.deepEqual(editOne("hf_token", () => ({ name: "hub" }))(), ["page", "entries", "environment"]);
    const reformed = editOne("sentry_dsn", ({ values: [value] }) => ({
      values: [{ ...value, form: "https-url" }],
    }));
    assert.deepEqual(reformed(), ["page", ...loaders]);
    assert.deepEqual(editOne("hf_token", () => ({ owner: "another team" }))(), ["page"]);
    assert.deepEqual(editOne("hf_token", () => ({ rotateWithinDays: 7 }))(), ["page"]);
  });

  it("is the same text every time, and has no secret's example in it", () => {
    for (const from of [own, oceanid]) {
      assert.deepEqual(generateFiles(from, "esc/inventory.ts"), generateFiles(from, "esc/inventory.ts"));
    }
    const dotenv = everything(oceanid).dotenv ?? "";
    assert.match(dotenv, /^DATABASE_URL=$/m);
    assert.match(dotenv, /^HF_TOKEN=$/m);
    assert.match(
      generateFiles(own, "esc/inventory.ts").find(({ kind }) => kind === "dotenv")?.text ?? "",
      /^PORT=8080$/m,
    );
  });

  it("is written by the command, and one changed line fails --check until it is", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "escapement-inventory-"));
    const file = path.join(folder, "inventory.json");
    const generates = { page: "docs/secrets.md", dotenv: ".env.example" };
    const write = (owner: string) => {
      const [item] = oceanid.items;
      writeFileSync(file, JSON.stringify({ ...oceanid, generates, items: [{ ...item, owner }] }));
    };
    try {
      write("one team");
      assert.deepEqual(await command(file, "--check"), { code: 1, states: ["missing", "missing"] });
      assert.deepEqual(await command(file), { code: 0, states: ["written", "written"] });
      assert.deepEqual(await command(file, "--check"), { code: 0, states: ["current", "current"] });
      write("another team");
      assert.deepEqual(await command(file, "--check"), { code: 1, states: ["out of date", "current"] });
      assert.deepEqual(await command(file), { code: 0, states: ["written", "current"] });
      writeFileSync(file, JSON.stringify({ ...oceanid, generates, secret: 1 }));
      assert.deepEqual(await command(file), { code: 2, states: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is made from TypeScript as from JSON, wherever the command is run", async () => {
    const folder = mkdtempSync(path.join(root, "build", "inventory-"));
    try {
      cpSync(path.join(root, "examples/oceanid"), folder, { recursive: true });
      const file = path.join(folder, "inventory.ts");
      const text = readFileSync(file, "utf8");
      assert.deepEqual((await command(file, "--check")).code, 0);
      writeFileSync(file, text.replace("rotateWithinDays: 365", "rotateWithinDays: 30"));
      const { code, states } = await command(file, "--check");
      assert.deepEqual([code, states[0]], [1, "out of date"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Runs `escapement inventory` in this process. */
async function command(file: string, ...flags: string[]): Promise<{ code: number; states: string[] }> {
  const { write } = process.stdout;
  let out = "";
  process.stdout.write = ((text: string) => {
    out += text;
    return true;
  }) as typeof write;
  let code = 0;
  try {
    await inventoryCommand().parseAsync(["--inventory", file, "--json", ...flags], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    code = error.exitCode;
  } finally {
    process.stdout.write = write;
  }
  const files: { state: string }[] = out === "" ? [] : JSON.parse(out).files;
  return { code, states: files.map(({ state }) => state) };
}
