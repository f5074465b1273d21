import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import * as components from "../../components/index";
import * as esc from "../../esc/index";
import * as adapter from "../../lambda/index";
import * as testing from "../../sandbox/testing/index";
import * as trust from "../../trust/index";
import { buildPackage, root } from "../support/build";
import { componentTypes } from "./components";
import { type PackageSchema, type PluginHost, startPlugin } from "./plugin-host";

const SUBPATHS = {
  escapement: components,
  "escapement/adapter": adapter,
  "escapement/esc": esc,
  "escapement/trust": trust,
  "escapement/testing": testing,
};

/** Compiled: what others import. Shipped as it is: what the schema analyser reads and the adapter is bundled from. */
const COMPILED = ["cli", "components", "esc", "lambda", "sandbox", "trust"];
const SHIPPED = ["components", "esc", "lambda", "trust"];
const BESIDES = [
  "LICENSE",
  "NOTICE",
  "PulumiPlugin.yaml",
  "README.md",
  "build/evaluator/evaluator.wasm",
  "build/evaluator/stamp.json",
  "build/evaluator/wasm_exec.js",
  "docs/components.md",
  "index.ts",
  "package.json",
  "settings.ts",
  "tools/prepare.mjs",
  "tsconfig.json",
];

function sourcesUnder(rooms: readonly string[]): string[] {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", ...rooms], { cwd: root });
  const there = (name: string) => name !== "" && !name.startsWith("esc/evaluator/shim/");
  return [...new Set(listed.toString().split("\n"))].filter(there).filter((name) => existsIn(root, name));
}

const existsIn = (folder: string, name: string) =>
  readdirSync(path.join(folder, path.dirname(name))).includes(path.basename(name));

/** What TypeScript makes of a source, or nothing. */
function productsOf(name: string): string[] {
  if (name.endsWith(".cjs")) return [`dist/${name}`];
  if (name.endsWith(".d.ts") || !name.endsWith(".ts")) return [];
  return [".js", ".d.ts"].map((extension) => `dist/${name.replace(/\.ts$/, extension)}`);
}

/** What npm packs, by what it finds that out with. */
async function listPacked(): Promise<string[]> {
  const packlist = require("npm-packlist") as (tree: object) => Promise<string[]>;
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return packlist({ path: root, package: manifest, isProjectRoot: true, edgesOut: new Map() });
}

describe("The package", () => {
  let packed: string[];
  let installed: string;
  let plugin: PluginHost;
  let schema: Promise<PackageSchema>;
  before(async function () {
    buildPackage.call(this);
    packed = await listPacked();
    // Beside what it is made of, so that links will do: copies of a thousand files take seconds.
    installed = mkdtempSync(path.join(root, "build", "installed-"));
    for (const name of packed) {
      mkdirSync(path.dirname(path.join(installed, name)), { recursive: true });
      linkSync(path.join(root, name), path.join(installed, name));
    }
    symlinkSync(path.join(root, "node_modules"), path.join(installed, "node_modules"));
    plugin = await startPlugin(installed);
    // The analyser takes seconds, in a process of its own: the other tests go on meanwhile.
    schema = plugin.getSchema();
  });
  after(async () => {
    await plugin.stop();
    rmSync(installed, { recursive: true });
  });

  it("packs what others import, what the analyser reads and the evaluator, and nothing of the development", () => {
    const expected = [...sourcesUnder(SHIPPED), ...sourcesUnder(COMPILED).flatMap(productsOf), ...BESIDES];
    assert.deepEqual(packed.toSorted(), expected.sort());
  });

  const requireOwn = createRequire(path.join(root, "package.json"));
  for (const [name, source] of Object.entries(SUBPATHS)) {
    it(`gives ${name} to require and to import, with the names of its sources`, async () => {
      const names = Object.keys(source).sort();
      assert.deepEqual(Object.keys(requireOwn(name)).sort(), names);
      const imported = Object.keys(await import(name));
      assert.deepEqual(
        names.filter((each) => !imported.includes(each)),
        [],
      );
    });
  }

  it("is not packed without its evaluator, on a machine without Go", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "escapement-pack-"));
    try {
      for (const part of ["tools", "esc/evaluator/shim"]) {
        cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
      }
      const prepare = (npm_command: string) =>
        spawnSync(process.execPath, [path.join(folder, "tools/prepare.mjs")], {
          env: { PATH: folder, npm_command },
        });
      assert.deepEqual([prepare("ci").status, prepare("pack").status], [0, 1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("exports those subpaths and no others", () => {
    const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const subpaths = Object.keys(exports).map((subpath) => subpath.replace(".", "escapement"));
    assert.deepEqual(subpaths.sort(), [...Object.keys(SUBPATHS), "escapement/package.json"].sort());
  });

  describe("as a Pulumi plugin", () => {
    it("has a schema with every component", async function () {
      this.timeout(60_000);
      const { name, resources } = await schema;
      assert.equal(name, "escapement");
      assert.deepEqual(Object.keys(resources).sort(), componentTypes);
      assert.ok(Object.values(resources).every(({ isComponent }) => isComponent));
    });

    it("has company basics on every component that has something to put them on", async () => {
      const { resources } = await schema;
      const taking = (...names: string[]) =>
        Object.entries(resources)
          .filter(([, { inputProperties = {} }]) => names.every((name) => name in inputProperties))
          .map(([token]) => token.replace("escapement:index:", ""))
          .sort();
      const withRoles = ["AdapterLambda", "AdapterRotate", "EscLogin", "GithubDeploy"];
      // An OIDC provider is called as its issuer, and ESC's environments are not in AWS: neither has a name of ours.
      const named = [...withRoles, "AdapterNetwork", "SecretEntries", "StageBoundary"].sort();
      assert.deepEqual(taking("namePrefix"), named);
      assert.deepEqual(taking("tags"), [...named, "OidcProvider"].sort());
      assert.deepEqual(taking("permissionsBoundary", "rolePath"), withRoles);
      assert.deepEqual(taking("kmsKeyArn"), ["AdapterLambda", "AdapterRotate", "EscLogin", "SecretEntries"]);
    });

    it("constructs a component for another language, and says what is wrong with its arguments", async () => {
      const type = "escapement:index:SecretEntries";
      const args = { project: "shop", stage: "staging", entries: [{ name: "database" }] };
      const state = await plugin.construct(type, "entries", args);
      assert.deepEqual(state, {
        arns: { database: "arn:of:entries-database" },
        names: { database: "shop/staging/database" },
      });
      assert.deepEqual(plugin.registered, [
        { type, name: "entries" },
        { type: "aws:secretsmanager/secret:Secret", name: "entries-database" },
        { type: "aws:secretsmanager/secretPolicy:SecretPolicy", name: "entries-database-tls" },
      ]);
      const wrong = plugin.construct(type, "wrong", { ...args, project: "a/b" });
      await assert.rejects(wrong, /project: "a\/b" must start with a letter/);
    });

    it("fails loudly when it is not built, instead of running the program beside it", async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "escapement-unbuilt-"));
      try {
        for (const name of ["package.json", "PulumiPlugin.yaml", "tsconfig.json", "index.js", "index.ts"]) {
          copyFileSync(path.join(root, name), path.join(folder, name));
        }
        symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
        await assert.rejects(
          startPlugin(folder).then((host) => host.stop()),
          /ended with exit code [1-9]\d*: .*escapement is not built: run `npm run prepare`/s,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});
