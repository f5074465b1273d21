// A sandbox on its own, for the tests that end it: its function never stops, and has a child that does not either.
import { Laptop } from "./support";

const LOOP = `
import { spawn } from "node:child_process";
const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
export const handler = async ({ rawPath }) => {
  if (rawPath === "/loop") for (;;);
  return { pids: [process.pid, child.pid], folder: process.env.LAMBDA_TASK_ROOT + "/.." };
};`;

/** Starts it; answers the processes and the folder of the function, which is in an endless loop by then. */
export async function startLooping(laptop: Laptop): Promise<unknown> {
  await laptop.start();
  const { call } = await laptop.deploy("looping", { code: LOOP, inputs: { timeout: 60 } });
  const seen = await (await call()).json();
  // Nobody waits for the answer: it does not come.
  call("loop").catch(() => {});
  return seen;
}

if (require.main === module) {
  void startLooping(new Laptop()).then((seen) => console.log(JSON.stringify(seen)));
}
