import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleCommand } from "../../cli/commands/bundle";
import { CommandFailure } from "../../cli/exit";
import { bundleAdapter } from "../../lambda/bundle";

const entry = path.join(__dirname, "../components/fixtures/own-handler.ts");

describe("escapement bundle", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-cli-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  let printed = "";
  async function bundle(...args: string[]): Promise<void> {
    const command = bundleCommand((text) => {
      printed = text;
    });
    await command.exitOverride().parseAsync(args, { from: "user" });
  }
  const failsWith = (exitCode: number, message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CommandFailure);
    assert.equal(error.exitCode, exitCode);
    assert.match(error.message, message);
    return true;
  };

  it("writes what AdapterLambda deploys", async () => {
    const out = path.join(folder, "bundle");
    await bundle("--entry", entry, "--out", out, "--json");
    const { files, bytes, sha256 } = await bundleAdapter({ entry });
    assert.deepEqual(JSON.parse(printed), { folder: out, files: Object.keys(files), bytes, sha256 });
    assert.deepEqual(readdirSync(out), Object.keys(files));
    assert.deepEqual(readFileSync(path.join(out, "index.mjs")), Buffer.from(files["index.mjs"] ?? ""));
  });

  it("refuses a folder that holds something: files of another bundle would stay in it", async () => {
    await assert.rejects(bundle("--entry", entry, "--out", __dirname), failsWith(2, /is not empty/));
  });

  it("ends with 1 and names an entry that cannot be bundled", async () => {
    const nowhere = path.join(folder, "nowhere.ts");
    const run = bundle("--entry", nowhere, "--out", path.join(folder, "other"));
    await assert.rejects(run, failsWith(1, /nowhere\.ts cannot be bundled/));
  });
});
