// What has to hold before anything is merged: types, lint, and the tests in a few mocha processes, as many jobs at a
// time as there are cores, four at most. What a job prints is shown when it has ended; the last line is the sum.
//   npm test                             everything
//   npm run mocha                        the tests alone
//   npx mocha 'test/trust/**/*.test.ts'  some of them, as mocha does
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");

/** Rooms that start Pulumi's runner and other processes, a list for each process. A new room is among the others. */
const starters = [
  ["day-two"],
  ["sandbox"],
  // Together, for each of them builds dist where it is out of date.
  ["evaluator", "examples", "package"],
  ["engine", "lambda-host", "rotation"],
];

/** The longest first, so that none is left over for one core at the end. */
function jobs() {
  const others = readdirSync(join(root, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "support")
    .map(({ name }) => name)
    .filter((room) => !starters.flat().includes(room));
  const [first, second] = halvesOf(others);
  const tests = [...starters, first, [...second, "."]].map((rooms) => ({
    title: rooms.join(", "),
    command: [process.execPath, mocha, ...rooms.map(pattern)],
    tests: true,
  }));
  const scripts = process.argv.includes("--tests-alone") ? [] : ["typecheck", "lint"];
  return [...tests, ...scripts.map((title) => ({ title, command: ["npm", "run", "--silent", title] }))];
}

const pattern = (room) => (room === "." ? "test/*.test.ts" : `test/${room}/**/*.test.ts`);

/** Two lists of rooms with about as many files each. */
function halvesOf(rooms) {
  const files = (room) => readdirSync(join(root, "test", room), { recursive: true }).length;
  const halves = [
    { files: 0, rooms: [] },
    { files: 0, rooms: [] },
  ];
  for (const room of rooms) {
    const half = halves[0].files <= halves[1].files ? halves[0] : halves[1];
    half.files += files(room);
    half.rooms.push(room);
  }
  return halves.map((half) => half.rooms);
}

const children = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    waiting.length = 0;
    for (const child of children) child.kill(signal);
  });
}

const sum = { passed: 0, failed: 0 };
let ok = true;

/** Runs a job, shows what it printed and counts its tests. */
async function run({ title, command: [file, ...args], tests = false }) {
  const start = Date.now();
  const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  const printed = [];
  child.stdout.on("data", (chunk) => printed.push([process.stdout, chunk]));
  child.stderr.on("data", (chunk) => printed.push([process.stderr, chunk]));
  const code = await new Promise((resolve) => child.once("error", resolve).once("close", resolve));
  children.delete(child);
  console.log(`\n── ${title} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
  for (const [stream, chunk] of printed) stream.write(chunk);
  if (code !== 0) ok = false;
  if (!tests) return;
  const text = Buffer.concat(printed.map(([, chunk]) => chunk)).toString();
  const counts = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  if (counts === undefined) {
    ok = false;
    console.error(`${title}: ended without its counts`);
  }
  sum.passed += Number(counts?.[1] ?? 0);
  sum.failed += Number(counts?.[2] ?? 0);
}

const waiting = jobs();
const atOnce = Math.min(4, Math.max(2, availableParallelism()));
const work = async () => {
  for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await run(job);
};
await Promise.all(Array.from({ length: atOnce }, work));
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = ok ? 0 : 1;
