// The test suite in two mocha processes, one for each core that CI has: the rooms that start Pulumi's runner and other
// processes in one, everything else in the other. Prints one after the other, then the sum of both.
//   npm run mocha                        everything
//   npx mocha 'test/trust/**/*.test.ts'  some of it, as mocha does
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
/** These take about as long as all the others; a new room is among the others. */
const starters = ["day-two", "lambda-host", "sandbox"];

const rooms = readdirSync(join(root, "test"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "support")
  .map(({ name }) => name);
const specs = (names) => names.map((name) => `test/${name}/**/*.test.ts`);
const halves = [
  specs(rooms.filter((room) => starters.includes(room))),
  ["test/*.test.ts", ...specs(rooms.filter((room) => !starters.includes(room)))],
];

const children = [];
/** Runs one half; what it prints is shown at once, or kept until `show` is called. */
function run(patterns, { live }) {
  const child = spawn(process.execPath, [mocha, ...patterns], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let shown = live;
  const kept = [];
  let tail = "";
  const print = (stream) => (chunk) => {
    tail = `${tail}${chunk}`.slice(-2000);
    if (shown) stream.write(chunk);
    else kept.push(() => stream.write(chunk));
  };
  child.stdout.on("data", print(process.stdout));
  child.stderr.on("data", print(process.stderr));
  const ended = new Promise((resolve) => {
    child.once("close", (code) => {
      const counts = [...tail.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
      resolve({
        passed: Number(counts?.[1] ?? 0),
        failed: Number(counts?.[2] ?? 0),
        ok: code === 0 && counts !== undefined,
      });
    });
  });
  const show = () => {
    shown = true;
    for (const write of kept.splice(0)) write();
  };
  return { ended, show };
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
const [first, second] = [run(halves[0], { live: true }), run(halves[1], { live: false })];
const results = [await first.ended];
second.show();
results.push(await second.ended);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const ok = results.every((result) => result.ok);
if (!ok && sum("failed") === 0) console.error("a half of the suite ended without its counts");
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = ok ? 0 : 1;
