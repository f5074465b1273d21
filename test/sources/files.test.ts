import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ConnectedSource } from "../../lambda/sources/define-source";
import { files } from "../../lambda/sources/files";
import { assertRefused, open } from "./support";

// Proves that files are read as they are, and none outside the root.
describe("the files source", () => {
  let folder: string;
  let source: ConnectedSource;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-files-"));
    const root = path.join(folder, "root");
    mkdirSync(path.join(root, "..data-1/db"), { recursive: true });
    writeFileSync(path.join(root, "..data-1/db/password"), "\ufeffpässword\n");
    writeFileSync(path.join(root, "bytes"), Buffer.from([0xff, 0x00]));
    writeFileSync(path.join(root, "long"), Buffer.alloc(1_048_577));
    writeFileSync(path.join(folder, "outside"), "not for you");
    // As Kubernetes mounts secrets: through links inside the root.
    symlinkSync("..data-1", path.join(root, "..data"));
    symlinkSync("..data/db", path.join(root, "db"));
    symlinkSync("../outside", path.join(root, "leads-out"));
    symlinkSync(folder, path.join(root, "folder-out"));
    execFileSync("mkfifo", [path.join(root, "pipe")]);
    source = await files.connect({ root });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("answers a file's text without a change, or its bytes, also through links inside the root", async () => {
    assert.deepEqual(await open(source, { path: "db/password" }), { value: "\ufeffpässword\n" });
    assert.deepEqual(await open(source, { path: "bytes", encoding: "base64" }), { value: "/wA=" });
    assert.deepEqual(source.prepare({ path: "db/password" }).names, ["db/password"]);
  });

  for (const [what, path, code] of [
    ["a file that is not there", "nothing", "source_not_found"],
    ["a folder", "db", "source_not_found"],
    ["a pipe, without waiting for it", "pipe", "source_not_found"],
    ["what is not text", "bytes", "source_not_text"],
    ["a file that is too long", "long", "source_too_large"],
    ["a link that leads out", "leads-out", "source_denied"],
    ["a folder that leads out", "folder-out/outside", "source_denied"],
  ] as const) {
    it(`refuses ${what}: ${code}`, async () => {
      await assertRefused(open(source, { path }), code, "not for you", folder);
    });
  }

  for (const path of [
    "../outside",
    "/etc/passwd",
    "db/../../outside",
    "db//password",
    "./bytes",
    "db\\password",
    "a\0b",
    "",
    ".",
  ]) {
    it(`refuses the path ${JSON.stringify(path)}`, () => {
      assert.throws(() => source.prepare({ path }), { code: "request_invalid" });
    });
  }

  it("reads nothing where the root is not there", async () => {
    await assertRefused(
      open(await files.connect({ root: `${folder}/gone` }), { path: "x" }),
      "source_not_found",
    );
  });
});
