// What has to hold before anything is merged: types, lint, and the tests, in as many processes as keep the cores busy.
// The last line says how many passed.
//   npm test                             everything
//   npm run mocha                        the tests alone
//   npx mocha 'test/trust/**/*.test.ts'  some of them, as mocha does
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shortLived } from "../sandbox/short-lived.cjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = process.execPath;

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** As npm has it for scripts. */
const commands = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
};

/** Those that take longest, for a core each from the start: none is then left over for one core at the end. */
const first = [
  "test/sandbox/main-job.test.ts",
  "test/rotation/program.test.ts",
  "test/package/package.test.ts",
  "test/day-two/stages.test.ts",
  "test/examples/examples.test.ts",
  "test/rotation/crash-model.test.ts",
];

/** Some tests wait for a clock or another process, so a few more than there are cores. */
const processes = Math.min(5, availableParallelism() + 1);

function mocha() {
  const found = readdirSync(join(root, "test"), { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`)
    .sort();
  const files = [...first, ...found.filter((file) => !first.includes(file))];
  const options = [...shortLived, join(root, "node_modules", "mocha", "bin", "mocha.js")];
  return run(node, [...options, "--parallel", "--jobs", String(processes), ...files]);
}

/** Whether a command ended well. What it prints is ours. */
function run(file, args, env = process.env) {
  const child = spawn(file, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false)).once("exit", (code) => resolve(code === 0));
  });
}

// Ctrl-C reaches whoever runs of them; this process says how it ended.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

// Several tests need what it builds, and would build it at the same time.
let ok = await run(node, ["tools/prepare.mjs"]);
if (!process.argv.includes("--tests-alone")) {
  const checks = ["typecheck", "lint"].map((name) => run("sh", ["-c", scripts[name]], commands));
  ok = (await Promise.all(checks)).every(Boolean) && ok;
}
ok = (await mocha()) && ok;
process.exitCode = ok ? 0 : 1;
