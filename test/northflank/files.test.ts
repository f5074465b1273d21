import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type FileSystem, type SecretFile, writeSecretFile } from "../../sandbox/northflank/files";

const isRoot = process.getuid?.() === 0;

// Proves that the sandbox's Northflank does to files what the protocol says, so that what it shows means something.
describe("a file of Northflank's answer", () => {
  let root: string;
  let system: FileSystem;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "escapement-files-"));
    const { uid, gid } = statSync(root);
    system = { root, uid, gid, mayChown: isRoot };
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (file: Partial<SecretFile>) =>
    writeSecretFile(system, { path: "/etc/app/key", data: "text", ...file });

  /** A file of that path that is there before, by this process's user. */
  function existing(mode: number): void {
    mkdirSync(path.join(root, "etc/app"), { recursive: true });
    writeFileSync(path.join(root, "etc/app/key"), "a longer text from before");
    chmodSync(path.join(root, "etc/app/key"), mode);
  }

  it("holds the data as text or what the base64 decodes to, instead of what was there", () => {
    existing(0o644);
    write({ data: "pässword\n" });
    assert.equal(readFileSync(path.join(root, "etc/app/key"), "utf8"), "pässword\n");
    write({ path: "/bytes", data: "/wA=", encoding: "base64" });
    assert.deepEqual([...readFileSync(path.join(root, "bytes"))], [0xff, 0x00]);
  });

  it("has the mode that was asked for, as octal text or as a number, and is closed when none was", () => {
    assert.equal(write({ permissions: { policy: "AlwaysSet", mode: "0640" } }).mode, "0640");
    assert.equal(write({ path: "/b", permissions: { policy: "KeepOrSet", mode: 0o440 } }).mode, "0440");
    assert.equal(write({ path: "/c" }).mode, "0600");
  });

  it("that is there already keeps its mode, or not, as the policy says", () => {
    existing(0o644);
    assert.equal(write({ permissions: { policy: "KeepOrSet", mode: "0400" } }).mode, "0644");
    assert.equal(write({ permissions: { policy: "AlwaysSet", mode: "0400" } }).mode, "0400");
  });

  it("belongs to whom it should, by number, by name or to the job; or it is said that this takes root", () => {
    mkdirSync(path.join(root, "etc"));
    writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:1234:1234::/:/bin/sh\n");
    writeFileSync(path.join(root, "etc/group"), "staff:x:4321:\n");
    const named = write({
      owner: { policy: "AlwaysSetExplicit", value: "app" },
      group: { policy: "AlwaysSetExplicit", value: "staff" },
    });
    if (isRoot) assert.deepEqual([named.uid, named.gid, named.notApplied], [1234, 4321, []]);
    else assert.deepEqual(named.notApplied, ["owner", "group"]);
    // It is there now, so it stays as it is.
    const kept = write({
      owner: { policy: "KeepOrSetExplicit", value: "99" },
      group: { policy: "KeepOrSetInherited" },
    });
    assert.deepEqual([kept.uid, kept.gid, kept.notApplied], [named.uid, named.gid, []]);
    const inherited = write({ path: "/own", owner: { policy: "AlwaysSetInherited" } });
    assert.deepEqual([inherited.uid, inherited.notApplied], [system.uid, []]);
    assert.throws(
      () => write({ owner: { policy: "AlwaysSetExplicit", value: "nobody-here" } }),
      /does not know nobody-here/,
    );
  });

  it("lies inside the workload, or is refused", () => {
    for (const outside of ["relative", "/../outside", "/a/../../outside"]) {
      assert.throws(() => write({ path: outside }), /not an absolute path inside/);
    }
  });
});
