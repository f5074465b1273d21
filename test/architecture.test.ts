import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

const root = join(__dirname, "..");

/** What each room may import of ours (folders), and which packages it must not. Longest prefix decides. */
const ROOMS: Record<string, { ours: string[]; never?: RegExp }> = {
  "index.ts": { ours: ["components", "esc", "settings", "trust"] },
  components: {
    ours: [
      "components",
      "esc",
      "trust",
      "lambda/access/pattern",
      "lambda/bundle",
      "lambda/config",
      // What sources take and how Northflank's rules look, to tell mistakes and to write the role.
      "lambda/entry-sources",
      "lambda/issues",
      "lambda/northflank/config",
      "lambda/sources",
    ],
  },
  esc: { ours: ["esc"], never: /^@pulumi\/|^@aws-sdk\// },
  "esc/definition": { ours: ["esc/definition"], never: /^@pulumi\/|^@aws-sdk\// },
  trust: { ours: ["trust"], never: /^[^.]/ },
  lambda: { ours: ["lambda"], never: /^@pulumi\// },
  sandbox: { ours: ["sandbox", "esc", "trust", "lambda"] },
  cli: { ours: ["cli", "sandbox", "esc", "trust", "lambda", "components"] },
};

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter(Boolean);

function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(root, file), "utf8"))
    .importedFiles.map(({ fileName }) => fileName);
}

function roomOf(file: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

describe("The arrows of the design", () => {
  for (const [room, { ours, never }] of Object.entries(ROOMS)) {
    const own = files.filter((file) => roomOf(file) === room);
    if (own.length === 0) continue;
    it(`${room} imports of ours only ${ours.join(", ")}`, () => {
      const wrong: string[] = [];
      for (const file of own) {
        for (const specifier of importsOf(file)) {
          if (!specifier.startsWith(".")) {
            if (never?.test(specifier) && !specifier.startsWith("node:"))
              wrong.push(`${file} imports ${specifier}`);
            continue;
          }
          const target = relative(root, join(root, dirname(file), specifier));
          if (!ours.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))) {
            wrong.push(`${file} imports ${target}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe("Imports", () => {
  it("name our files without a suffix: the TypeScript loader of Pulumi's runner cannot turn .js into .ts", () => {
    const wrong = files.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/from\s+"(\.[^"]*\.js)"/g)].map(
        ([, name]) => `${file}: ${name}`,
      ),
    );
    assert.deepEqual(wrong, []);
  });
});

describe("A provider that few programs need", () => {
  // An import would load it in every stack, in CI and in each test; TypeScript erases those of types.
  for (const provider of ["@pulumi/awsx", "@pulumi/github"]) {
    it(`${provider} is loaded by the construction of the one component that it is for`, () => {
      const shipped = files.filter((file) => /^(components|index\.ts|settings\.ts)/.test(file));
      const lines = shipped.flatMap((file) =>
        readFileSync(join(root, file), "utf8")
          .split("\n")
          .filter((line) => line.includes(`"${provider}"`) && !line.startsWith("import type ")),
      );
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", /^ {2}return require\(/);
    });
  }
});

describe("The program", () => {
  it("is a table of contents: index.ts has under 100 lines", () => {
    assert.ok(readFileSync(join(root, "index.ts"), "utf8").split("\n").length < 100);
  });
});
