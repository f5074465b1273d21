import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleAdapter } from "../../lambda/bundle";
import { writeInto } from "../support/write-into";
import { bundleAnew } from "./support/anew";

/** Of the built-in adapter, as test/adapter/bundle.test.ts has it. */
const MAX_BYTES = 720_000;
const SOURCES = `
  import { defineSource } from "escapement/adapter";
  import * as z from "zod/mini";
  export const sources = [defineSource({
    name: "my-own-source",
    request: z.strictObject({ city: z.string() }),
    names: ({ city }) => [city],
    connect: async () => async ({ city }) => ({ city }),
  })];`;

describe("An adopter's entry", () => {
  let folder: string;
  bundleAnew();
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-entry-"));
    symlinkSync(path.join(__dirname, "../../node_modules"), path.join(folder, "node_modules"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, contents: string) => writeInto(folder, name, contents);

  it("may export its sources alone: the adapter is put around them, and little else", async () => {
    const own = await bundleAdapter({ entry: write("sources.ts", SOURCES) });
    assert.match(Buffer.from(own.files["index.mjs"] ?? "").toString(), /my-own-source/);
    assert.ok(own.bytes < MAX_BYTES, `${own.bytes}`);
    const moved = await bundleAdapter({ entry: write("deeper/down/moved.ts", SOURCES) });
    assert.equal(moved.sha256, own.sha256, "from another folder it is the same bytes");
  });

  it("may export its rotators, too", async () => {
    const rotators = 'export const rotators = [{ name: "my-own-rotator" }];';
    const both = await bundleAdapter({ entry: write("both.ts", SOURCES + rotators) });
    const alone = await bundleAdapter({ entry: write("alone.ts", rotators) });
    const code = [both, alone].map(({ files }) => Buffer.from(files["index.mjs"] ?? "").toString());
    assert.deepEqual(
      code.map((text) => ["my-own-source", "my-own-rotator"].map((name) => text.includes(name))),
      [
        [true, true],
        [false, true],
      ],
    );
  });

  it("may take them from a package, all of them", async () => {
    write("company/node_modules/@acme/ours/package.json", '{ "type": "module", "main": "index.js" }');
    write("company/node_modules/@acme/ours/index.js", 'export const rotators = [{ name: "of-a-package" }];');
    const { files } = await bundleAdapter({
      entry: write("company/entry.ts", 'export * from "@acme/ours";'),
    });
    assert.match(Buffer.from(files["index.mjs"] ?? "").toString(), /of-a-package/);
  });

  it("is refused when it exports neither sources nor rotators nor a handler, by its path", async () => {
    const entry = write("neither.ts", "export const source = 1;");
    await assert.rejects(bundleAdapter({ entry }), {
      message: `${entry} exports neither "sources" nor "rotators" nor "handler"`,
    });
  });
});
