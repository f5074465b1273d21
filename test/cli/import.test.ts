import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { importCommand } from "../../cli/commands/import";
import { importScript, planImport, readPreview } from "../../cli/import-script";

const urn = (type: string, name: string) => `urn:pulumi:staging::shop::${type}::${name}`;
const root = urn("pulumi:pulumi:Stack", "shop-staging");
const entries = urn("escapement:index:SecretEntries", "entries");
const login = urn("escapement:index:EscLogin", "login");
const secret = "aws:secretsmanager/secret:Secret";
const child = (type: string, name: string) => urn(`escapement:index:SecretEntries$${type}`, name);

/** As `pulumi preview --json` has it. */
const step = (urn: string, type: string, parent: string, inputs?: object, op = "create") => ({
  op,
  urn,
  newState: { urn, type, custom: inputs !== undefined, parent, ...(inputs && { inputs }) },
});
const preview = JSON.stringify({
  steps: [
    step(root, "pulumi:pulumi:Stack", ""),
    step(urn("pulumi:providers:aws", "default"), "pulumi:providers:aws", "", {}),
    step(entries, "escapement:index:SecretEntries", root),
    step(child(secret, "entries-jwt"), secret, entries, { name: "shop/staging/jwt", region: "eu-west-1" }),
    step(child(secret, "entries-mail"), secret, entries, { name: "shop/staging/mail" }),
    step(urn("escapement:index:EscLogin$aws:iam/role:Role", "login-role"), "aws:iam/role:Role", login, {
      name: "shop-staging-esc-login",
    }),
    step(
      urn("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "oidc"),
      "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
      root,
      { url: "https://api.pulumi.com/oidc" },
    ),
    step(urn("aws:kms/key:Key", "key"), "aws:kms/key:Key", root, {}),
    step(urn("pulumiservice:index:Environment", "environment"), "pulumiservice:index:Environment", root, {
      organization: "acme",
      project: "shop",
      name: "staging",
    }),
    step(urn("aws:iam/role:Role", "there"), "aws:iam/role:Role", root, { name: "there" }, "same"),
  ],
});

const scriptFor = (...names: string[]) => importScript(planImport(readPreview(preview), names));

/** Runs a script by the shell, with an AWS CLI and a Pulumi that only say what they were asked. */
async function sh(script: string): Promise<{ file: unknown; asked: string[] }> {
  const folder = await mkdtemp(path.join(tmpdir(), "escapement-import-"));
  try {
    const told = path.join(folder, "told");
    const fake = async (name: string, answer: string) => {
      await writeFile(path.join(folder, name), `#!/bin/sh\necho "${name} $*" >> '${told}'\n${answer}\n`);
      await chmod(path.join(folder, name), 0o755);
    };
    await fake("aws", 'case "$1" in sts) echo 123456789012;; *) echo "arn:of:$4";; esac');
    await fake("pulumi", "cat import.json > imported.json");
    await writeFile(path.join(folder, "import.sh"), script);
    await new Promise<void>((resolve, reject) => {
      const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
      execFile("sh", ["import.sh"], { cwd: folder, env }, (error, _, stderr) =>
        error ? reject(new Error(stderr, { cause: error })) : resolve(),
      );
    });
    return {
      file: JSON.parse(await readFile(path.join(folder, "imported.json"), "utf8")),
      asked: (await readFile(told, "utf8")).trim().split("\n"),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("escapement import", () => {
  it("writes Pulumi's import file, with the components above and the ids that the account knows", async () => {
    const { file, asked } = await sh(
      scriptFor("entries-jwt", "entries-mail", "login-role", "oidc", "environment"),
    );
    assert.deepEqual(file, {
      nameTable: { login },
      resources: [
        { type: "escapement:index:SecretEntries", name: "entries", component: true },
        { type: secret, name: "entries-jwt", id: "arn:of:shop/staging/jwt", parent: "entries" },
        { type: secret, name: "entries-mail", id: "arn:of:shop/staging/mail", parent: "entries" },
        { type: "aws:iam/role:Role", name: "login-role", id: "shop-staging-esc-login", parent: "login" },
        {
          type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
          name: "oidc",
          id: "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc",
        },
        { type: "pulumiservice:index:Environment", name: "environment", id: "acme/shop/staging" },
      ],
    });
    assert.equal(
      asked[0],
      "aws secretsmanager describe-secret --secret-id shop/staging/jwt --region eu-west-1 --query ARN --output text",
    );
    assert.equal(
      asked.at(-1),
      "pulumi import --stack staging --file import.json --protect=false --generate-code=false",
    );
  });

  it("gives a URN with $ in it to the shell unharmed", async () => {
    const parent = child("escapement:index:Inner", "inner");
    const text = JSON.stringify({
      steps: [step(urn("x", "deep"), "aws:iam/role:Role", parent, { name: "deep`id`$HOME" })],
    });
    const { file } = await sh(importScript(planImport(readPreview(text), ["deep"])));
    assert.deepEqual(file, {
      nameTable: { inner: parent },
      resources: [{ type: "aws:iam/role:Role", name: "deep", id: "deep`id`$HOME", parent: "inner" }],
    });
  });

  it("reads the preview from a file, and says what could be imported", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "escapement-preview-"));
    const written: string[] = [];
    const [write, complain] = [process.stdout.write, process.stderr.write];
    try {
      const file = path.join(folder, "preview.json");
      await writeFile(file, preview);
      process.stdout.write = ((text: string) => written.push(text) > 0) as typeof write;
      process.stderr.write = (() => true) as typeof complain;
      await importCommand().parseAsync(["node", "import", file]);
      await importCommand().parseAsync(["node", "import", file, "--only", "oidc", "--json"]);
      await importCommand().parseAsync(["node", "import", file, "--only", "oidc"]);
    } finally {
      [process.stdout.write, process.stderr.write] = [write, complain];
      await rm(folder, { recursive: true });
    }
    assert.equal(written[0], `entries-jwt   ${secret}\n`);
    assert.deepEqual(JSON.parse(written.at(-2) ?? ""), { stack: "staging", script: scriptFor("oidc") });
    assert.equal(written.at(-1), scriptFor("oidc"));
    await assert.rejects(importCommand().parseAsync(["node", "import", "/nowhere"]), { exitCode: 2 });
  });

  it("says what it cannot import, and why", () => {
    assert.throws(
      () => scriptFor("there"),
      /does not create "there"; it creates entries-jwt, entries-mail, /,
    );
    assert.throws(() => scriptFor("key"), /^PreviewError: aws:kms\/key:Key: not known how its id follows/);
    assert.throws(() => readPreview("x"), /it is no JSON/);
    assert.throws(() => readPreview("{}"), /it has no `steps`/);
    const odd = JSON.stringify({ steps: [step(urn("x", "odd"), secret, root, { name: "a b" })] });
    assert.throws(() => importScript(planImport(readPreview(odd), ["odd"])), /"a b" is no name/);
    const sly = JSON.stringify({
      steps: [step(urn("x", "sly"), "aws:iam/role:Role", root, { name: "%{id}%" })],
    });
    assert.throws(() => importScript(planImport(readPreview(sly), ["sly"])), /cannot stand in a name/);
  });
});
