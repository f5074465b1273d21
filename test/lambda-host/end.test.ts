import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startLooping } from "./fixture";
import { Laptop } from "./support";

interface Left {
  readonly pids: readonly number[];
  readonly folder: string;
}

describe("When the sandbox ends", () => {
  it("in order, no process of a function and no folder is left", async () => {
    const laptop = new Laptop();
    const left = (await startLooping(laptop)) as Left;
    assert.equal(left.pids.length, 2);
    assert.ok(left.pids.every(isRunning) && existsSync(left.folder));
    const begun = performance.now();
    await laptop.stop();
    assert.ok(performance.now() - begun < 2000);
    await assertNothing(left);
  });

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    it(`by ${signal}, none is left either, in an endless loop or not`, async () => {
      const script = path.join(__dirname, "fixture.ts");
      const sandbox = spawn(process.execPath, ["--require", "tsx", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(sandbox.stdout, "data")) as [Buffer];
      const left = JSON.parse(line.toString()) as Left;
      assert.ok(left.pids.every(isRunning) && existsSync(left.folder));
      sandbox.kill(signal);
      await once(sandbox, "exit");
      await assertNothing(left);
    });
  }
});

async function assertNothing({ pids, folder }: Left): Promise<void> {
  for (let waited = 0; waited < 3000 && (pids.some(isRunning) || existsSync(folder)); waited += 20)
    await wait(20);
  assert.deepEqual(pids.filter(isRunning), []);
  assert.ok(!existsSync(folder), "the folder is still there");
}

/** A killed process stays on the list, dead, until whoever inherited it has noticed. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
