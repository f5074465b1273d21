import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleAdapter } from "../../lambda/bundle";
import { writeInto } from "../support/write-into";

const variable = "ESCAPEMENT_BUNDLE_CACHE";
const before = process.env[variable];

describe("The adapter's bundle, kept by the sandbox", () => {
  let folder: string;
  const write = (name: string, text: string) => writeInto(folder, name, text);
  const kept = () => path.join(folder, "kept");

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-bundles-"));
    process.env[variable] = kept();
  });
  afterEach(() => {
    process.env[variable] = before;
    rmSync(folder, { recursive: true });
  });

  const bundle = async (entry: string) => {
    const { files, sha256 } = await bundleAdapter({ entry });
    return { sha256, text: Buffer.from(files["index.mjs"] ?? []).toString() };
  };

  it("is what is bundled without it, and nothing is kept where the sandbox does not ask for it", async () => {
    const entry = write("source/entry.ts", "export const handler = () => 'one';");
    const [made, again] = [await bundle(entry), await bundle(entry)];
    delete process.env[variable];
    assert.deepEqual([made, again], Array(2).fill(await bundle(entry)));
    assert.equal(readdirSync(kept()).length, 1);
    rmSync(kept(), { recursive: true });
    await bundle(entry);
    assert.deepEqual(readdirSync(folder), ["source"]);
  });

  it("is made anew when anything that went into it changes, or was damaged", async () => {
    const entry = write(
      "source/entry.ts",
      'import { word } from "./word"; export const handler = () => word;',
    );
    write("source/word.js", "export const word = 'first';");
    assert.match((await bundle(entry)).text, /first/);

    // What is kept is what is answered: otherwise none of this would show anything.
    const file = path.join(kept(), readdirSync(kept())[0] ?? "");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("first", "marked"));
    assert.match((await bundle(entry)).text, /marked/);

    write("source/word.js", "export const word = 'second';");
    assert.match((await bundle(entry)).text, /second/);
    write("source/word.ts", "export const word: string = 'found before it';");
    assert.match((await bundle(entry)).text, /found before it/);
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    assert.match((await bundle(entry)).text, /found before it/);
    assert.deepEqual(readdirSync(kept()), [path.basename(file)]);
    rmSync(path.join(folder, "source/word.ts"));
    assert.match((await bundle(entry)).text, /second/);
  });
});
