import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCheck } from "../../cli/commands/check";
import { readEnvironmentFiles } from "../../cli/environment-files";
import { EXIT } from "../../cli/exit";

const files = {
  "env/shop/base.yaml": "values: { domain: example.com }\n",
  "env/shop/staging.yaml": "imports: [shop/base@live]\nvalues: { api: 'https://${domain}' }\n",
  "env/shop/prod.yaml": "imports: [shop/staging@7]\nvalues: { same: '${environments.shop.other.x}' }\n",
  "env/shop/other.yml": "values: { x: 1 }\n",
  "web/Pulumi.yaml": "name: web\nruntime: nodejs\n",
  "web/Pulumi.prod.yaml": "environment: [shop/prod@live]\nconfig: { replicas: 2 }\n",
  "broken/shop/dev.yaml": "values: { password: { fn::secret: hunter2 } }\n",
};

describe("escapement check", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "escapement-check-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("names an environment by its path, and finds what it imports beside it, and what that does", async () => {
    const read = await readEnvironmentFiles([join(folder, "env/shop/prod.yaml")]);
    assert.deepEqual(
      read.environments.map(({ name }) => name),
      ["shop/prod"],
    );
    assert.deepEqual(
      read.imports.map(({ name }) => name),
      ["shop/staging", "shop/base", "shop/other"],
    );
  });

  it("takes a stack file for one, with the project that it belongs to", async () => {
    const read = await readEnvironmentFiles([
      join(folder, "web/Pulumi.prod.yaml"),
      join(folder, "env/shop/prod.yaml"),
    ]);
    assert.deepEqual(
      read.stackFiles.map(({ project }) => project),
      ["web"],
    );
    assert.deepEqual(
      read.environments.map(({ name }) => name),
      ["shop/prod"],
    );
  });

  const check = (file: string, form: "text" | "json" = "text", program = false) =>
    runCheck({ files: file === "" ? [] : [join(folder, file)], program, form, directory: folder });

  it("is good with nothing found, and says what it looked at", async () => {
    const { ok, output } = await check("env/shop/staging.yaml", "json");
    assert.deepEqual([ok, JSON.parse(output)], [true, { ok: true, checked: ["shop/staging"], findings: [] }]);
  });

  it("tells a finding by file, line and column, and not the value", async () => {
    const { ok, output } = await check("broken/shop/dev.yaml");
    assert.equal(ok, false);
    assert.match(output, /broken\/shop\/dev\.yaml:1:23 E02 error: /);
    assert.doesNotMatch(output, /hunter2/);
  });

  it("cannot run without a file, with one that is not there, and without a program", async () => {
    const exitCode = EXIT.cannotRun;
    await assert.rejects(check("env/shop/absent.yaml"), {
      exitCode,
      message: /absent\.yaml: there is no such file$/,
    });
    await assert.rejects(check("", "text", true), {
      exitCode,
      message: /^there is no program with Pulumi\.yaml/,
    });
    await assert.rejects(check(""), { exitCode, message: /^check takes files, or --program/ });
  });
});
