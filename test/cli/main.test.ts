import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { buildPackage, root } from "../support/build";

/** What npm installs as `escapement`. */
const main = path.join(root, "dist", "cli", "main.js");

/** `escapement …` as a process; `reads: false` closes its output at once, as `| head -0` does. */
function escapement(args: readonly string[], { reads = true } = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, ["--", main, ...args], (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
    if (!reads) child.stdout?.destroy();
  });
}

describe("escapement", () => {
  before(buildPackage);

  it("names every verb in its help, and ends as it would have when nobody reads that", async () => {
    const [help, closed] = await Promise.all([
      escapement(["--help"]),
      escapement(["verify", "--help"], { reads: false }),
    ]);
    const verbs = [...help.out.matchAll(/^ {2}([a-z]+)(?: \[| <| {2})/gm)].map(([, verb]) => verb);
    const known = "bundle check doctor import inventory migrate rotate sandbox trust verify help";
    assert.deepEqual([help.code, verbs.join(" ")], [0, known]);
    assert.deepEqual(closed, { code: 0, out: "", err: "" });
  });
});
