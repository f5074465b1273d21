// The package as others get it: packed twice to the same bytes, checked by publint and are-the-types-wrong, installed
// into an empty project without Go and without install scripts, compiled there in three ways, constructed under mocks
// and in the sandbox's engine, bundled by hand, and served as a plugin.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { componentTypes, exampleTypes } from "../test/package/components";
import { startPlugin } from "../test/package/plugin-host";

const root = path.join(__dirname, "..");
const scratch = path.resolve(process.argv[2] ?? "");
const consumer = path.join(scratch, "consumer");
/** Programs of this machine but Go, which who installs the package need not have. */
const withoutGo = (process.env.PATH ?? "")
  .split(path.delimiter)
  .filter((folder) => !existsSync(path.join(folder, "go")))
  .join(path.delimiter);

function run(file: string, args: readonly string[], cwd: string, PATH = process.env.PATH): string {
  return execFileSync(file, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  });
}

const inConsumer = (file: string, ...args: string[]) => run(file, args, consumer, withoutGo);

function step(title: string, work: () => void): void {
  const start = Date.now();
  work();
  console.log(`  ${title} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

function pack(folder: string, name: string): string {
  const target = path.join(scratch, name);
  mkdirSync(target, { recursive: true });
  run("npm", ["pack", "--pack-destination", target, "--silent"], folder);
  return path.join(target, readdirSync(target)[0] ?? "");
}

/** The same files elsewhere, with nothing built. */
function copyElsewhere(): string {
  const folder = path.join(scratch, "a", "deeper", "copy");
  const files = run("git", ["ls-files", "-co", "--exclude-standard"], root).trim().split("\n");
  for (const name of files.filter((each) => existsSync(path.join(root, each)))) {
    cpSync(path.join(root, name), path.join(folder, name));
  }
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  return folder;
}

const hashOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

function install(tarball: string): void {
  mkdirSync(consumer, { recursive: true });
  writeFileSync(path.join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  inConsumer("npm", "install", ...quiet, tarball, "tsx");
  const installed = readdirSync(path.join(consumer, "node_modules"));
  const ofDevelopment = ["mocha", "@biomejs", "fast-check", "@cloud-copilot", "jsonwebtoken", "publint"];
  assert.deepEqual(
    installed.filter((name) => ofDevelopment.includes(name)),
    [],
    "nothing of the development comes along",
  );
}

/** The examples as somebody's own, in a folder whose package.json says what they are. */
function writeProject(name: string, type: "commonjs" | "module", options: object): string {
  const folder = path.join(consumer, name);
  for (const example of ["components", "own-source", "service"]) {
    cpSync(path.join(root, "examples", example), path.join(folder, example), { recursive: true });
  }
  for (const script of ["run-mocks.ts", "run-sandbox.ts"]) {
    cpSync(path.join(root, "tools/soak-consumer", script), path.join(folder, script));
  }
  if (type === "module") {
    const test = path.join(folder, "own-source/source.test.ts");
    writeFileSync(test, readFileSync(test, "utf8").replace('"./source"', '"./source.js"'));
  }
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, private: true, type }));
  const compilerOptions = {
    target: "es2022",
    strict: true,
    types: ["node"],
    outDir: "out",
    rootDir: ".",
    ...options,
  };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  return folder;
}

function compile(folder: string): void {
  run(process.execPath, [path.join(consumer, "node_modules/typescript/lib/tsc.js")], folder, withoutGo);
}

async function plugin(): Promise<void> {
  const host = await startPlugin(path.join(consumer, "node_modules/escapement"));
  try {
    const { resources } = await host.getSchema();
    assert.deepEqual(Object.keys(resources), componentTypes);
  } finally {
    await host.stop();
  }
}

async function main(): Promise<void> {
  let tarball = "";
  step("two packs are byte-identical, also from another folder", () => {
    tarball = pack(root, "first");
    assert.equal(hashOf(pack(root, "second")), hashOf(tarball));
    assert.equal(hashOf(pack(copyElsewhere(), "elsewhere")), hashOf(tarball));
  });
  step("publint and are-the-types-wrong are clean", () => {
    run("npx", ["--no-install", "publint", "run", "--strict", tarball], root);
    run("npx", ["--no-install", "attw", tarball], root);
  });
  step("it installs into an empty project, without Go and without install scripts", () => install(tarball));

  // Once with the declarations of all dependencies checked as well, which takes as long as the rest.
  const cjs = writeProject("cjs", "commonjs", { module: "nodenext", moduleResolution: "nodenext" });
  const esm = writeProject("esm", "module", {
    module: "nodenext",
    moduleResolution: "nodenext",
    skipLibCheck: true,
  });
  const bundler = writeProject("bundler", "module", {
    module: "esnext",
    moduleResolution: "bundler",
    skipLibCheck: true,
  });
  step("it compiles under nodenext, CommonJS and ESM, and bundler", () =>
    [cjs, esm, bundler].forEach(compile),
  );
  step("every component is constructed under mocks, from CommonJS and from ESM", () => {
    for (const folder of [cjs, esm]) {
      const out = path.join(folder, "out");
      const printed = inConsumer(
        process.execPath,
        path.join(out, "run-mocks.js"),
        path.join(out, "components/index.js"),
      );
      assert.deepEqual(printed.trim().split("\n"), exampleTypes);
    }
  });
  step(
    "every component comes up in the sandbox's engine, the environment opens, an own source answers",
    () => {
      const script = path.join(cjs, "out/run-sandbox.js");
      inConsumer(process.execPath, script, path.join(cjs, "components"), path.join(cjs, "own-source"));
    },
  );
  step("an adapter of one's own is tested, and bundled by hand", () => {
    inConsumer(process.execPath, "--import", "tsx", "--test", path.join(cjs, "own-source/source.test.ts"));
    const entry = path.join(cjs, "own-source/source.ts");
    inConsumer(
      "npx",
      "--no-install",
      "escapement",
      "bundle",
      "--entry",
      entry,
      "--out",
      path.join(consumer, "bundle"),
    );
    assert.ok(existsSync(path.join(consumer, "bundle/index.mjs")));
  });
  await plugin();
  console.log("  Pulumi's plugin host gets its schema from the installed package");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
