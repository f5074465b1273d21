// The long checks: what `npm test` leaves out because it takes minutes. Each step says what it proves; all run
// even when one fails, and the exit code tells.
//   npm run soak                     all of them
//   npm run soak -- "AWS CLI"        those with these words in the title
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), "escapement-soak-"));

const steps = [
  { title: "the suite on Node 22", run: () => suiteOn(22) },
  // The long counts: histories of the crash model, kills of a real server, changed bytes.
  { title: "the suite on Node 24, with the long counts", run: () => suiteOn(24, { ESCAPEMENT_SOAK: "1" }) },
  { title: "the packed tarball, as others install, compile, construct and run it", run: packed },
  { title: "the sandbox, kept up and used by Pulumi's own SDK and Go client", run: served },
  { title: "the workflows are valid, by actionlint", run: actionlint },
  { title: "the AWS CLI logs in with a minted token and reads, or is refused in AWS's words", run: awsCli },
];

/** The same suite under another Node, which npm has as a package. */
async function suiteOn(major, variables = {}) {
  const folder = join(scratch, `node-${major}`);
  const name = `node-${process.platform}-${process.arch}`;
  await command("npm", ["install", "--no-save", "--prefix", folder, `${name}@${major}`]);
  const bin = join(folder, "node_modules", name, "bin");
  await command(join(bin, "node"), [join(root, "tools", "test.mjs"), "--tests-alone"], {
    PATH: `${bin}:${process.env.PATH}`,
    ...variables,
  });
}

/** In an empty folder, without Go and without install scripts. */
async function packed() {
  await command("npx", ["tsx", join(root, "tools", "soak-package.ts"), join(scratch, "package")]);
}

/** `sandbox serve` as a person runs it: the env file appears, the clients work with it, Ctrl-C leaves nothing. */
async function served() {
  const goClient = join(scratch, "esc-client");
  await command("go", ["build", "-o", goClient, "."], {}, join(root, "tools", "esc-client"));
  const envFile = join(scratch, "sandbox.env");
  const server = spawn("npm", ["run", "--silent", "sandbox", "--", "serve", "--env-file", envFile], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  try {
    const variables = await readEnvFile(envFile, ended);
    await command("npx", ["tsx", join(root, "tools", "soak-serve.ts")], variables);
    await command(goClient, [], variables);
  } finally {
    process.kill(-server.pid, "SIGINT");
    await ended;
  }
  if (existsSync(envFile)) throw new Error(`${envFile} is still there after Ctrl-C`);
}

/** As the workflow `ci` runs it. */
async function actionlint() {
  const ci = readFileSync(join(root, ".github", "workflows", "ci.yml"), "utf8");
  const [, module] = /go run (github\.com\/rhysd\/actionlint\/cmd\/actionlint@v[\d.]+)/.exec(ci) ?? [];
  await command("go", ["run", module]);
}

/** The AWS CLI, from PyPI, in an environment of its own. */
async function awsCli() {
  const folder = join(scratch, "aws-cli");
  await command("python3", ["-m", "venv", folder]);
  await command(join(folder, "bin", "pip"), [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "awscli==1.46.2",
  ]);
  await command("npx", ["tsx", join(root, "tools", "soak-aws-cli.ts"), join(folder, "bin", "aws")]);
}

async function readEnvFile(file, ended) {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; ) {
    if (over) throw new Error("the sandbox ended before it answered");
    if (existsSync(file)) {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the sandbox did not answer within two minutes");
}

function command(file, args, variables = {}, folder = root) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...variables },
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${file} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

const [word = ""] = process.argv.slice(2);
const chosen = steps.filter(({ title }) => title.includes(word));
let failed = 0;
try {
  for (const { title, run } of chosen) {
    const start = Date.now();
    console.log(`\n── ${title}`);
    const problem = await run().then(
      () => undefined,
      (error) => error,
    );
    if (problem) failed++;
    const time = `${((Date.now() - start) / 1000).toFixed(0)} s`;
    console.log(problem ? `✗ ${title}: ${problem.message} (${time})` : `✓ ${title} (${time})`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\nsoak: ${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1;
