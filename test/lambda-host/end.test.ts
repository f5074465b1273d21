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
    assertThere(left);
    const begun = performance.now();
    await laptop.stop();
    assert.ok(performance.now() - begun < 2000);
    await assertNothing(left);
  });

  it("by SIGINT or SIGKILL, none is left either, whatever the function is doing", async () => {
    await Promise.all((["SIGINT", "SIGKILL"] as const).map(endBy));
  });
});

async function endBy(signal: NodeJS.Signals): Promise<void> {
  const sandbox = spawn(process.execPath, ["--require", "tsx", path.join(__dirname, "fixture.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(sandbox.stdout, "data")) as [Buffer];
  const left = JSON.parse(line.toString()) as Left;
  assertThere(left);
  sandbox.kill(signal);
  await once(sandbox, "exit");
  await assertNothing(left);
}

function assertThere({ pids, folder }: Left): void {
  assert.equal(pids.length, 2);
  assert.ok(pids.every(isRunning) && existsSync(folder));
}

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
