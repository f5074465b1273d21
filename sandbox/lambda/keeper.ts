import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import path from "node:path";

let keeper: ChildProcess | undefined;

/** Has the group that `pid` leads ended, and `folder` removed, once this process is gone: killed, too. */
export function keep(pid: number, folder: string): void {
  tell({ pid, folder });
}

/** What was kept has ended by itself. */
export function release(pid: number): void {
  if (keeper) tell({ pid });
}

function tell(line: { readonly pid: number; readonly folder?: string }): void {
  keeper ??= start();
  keeper.stdin?.write(`${JSON.stringify(line)}\n`);
}

function start(): ChildProcess {
  const child = spawn(process.execPath, [path.join(__dirname, "keeper-process.cjs")], {
    cwd: path.parse(__dirname).root,
    env: {},
    // A group of its own: what ends ours must not end it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const lost = () => {
    keeper = undefined;
  };
  child.once("error", lost).once("exit", lost).unref();
  // What could not be told to one that is gone, `lost` has heard of.
  child.stdin.on("error", () => {});
  (child.stdin as Socket).unref();
  return child;
}
