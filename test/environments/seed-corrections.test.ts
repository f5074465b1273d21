// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of ESC look like those of JavaScript

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { awsLogin, environment, stack } from "../../esc/definition/index";
import { dev, prod, staging } from "../../esc/environments/index";
import { checked, cloud, everything, opened, project } from "./known";

const root = join(__dirname, "..", "..");
const page = "docs/decisions/0002-seed-corrections.md";

const stages = { staging: staging(everything("staging")).render(), prod: prod(everything("prod")).render() };

const documents = /\.(md|sh|ya?ml)$|(^|\/)(\.envrc|\.ci\/.*)$/;

/** A wrong form stands on the page that names it, and in no other document or script of ours. */
function onlyThePageSays(wrong: RegExp, kind = documents): void {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const found = files
    .split("\n")
    .filter((file) => kind.test(file))
    .filter((file) => {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      return lines.some((line) => wrong.test(line.replace(/^Wrong: `/, "")));
    });
  assert.deepEqual(found, [page]);
}

async function stagingValues() {
  const { diagnostics, revealedJson = "" } = await opened("staging", stages.staging, cloud().providers);
  assert.deepEqual(diagnostics, []);
  return { text: revealedJson, values: JSON.parse(revealedJson) };
}

const summaries = async (name: string, ...yaml: string[]) =>
  (await checked(name, yaml.join("\n"))).diagnostics.map(({ summary }) => summary);

/** One test for each section of docs/decisions/0002-seed-corrections.md, under the section's name. */
describe("Seed corrections", () => {
  it("1. An import names its project", async () => {
    for (const yaml of [dev({ project }).render(), stages.staging, stages.prod]) {
      assert.deepEqual(parse(yaml).imports, ["shop/base"]);
    }
    assert.throws(() => environment().import("base", environment()), { code: "ERR_DEFINITION_KEY" });
    onlyThePageSays(/^\s*- base\s*$|imports: \[base\]/);
  });

  it("2. A stack is named without its organisation", () => {
    const named = Object.values(parse(stages.staging).values.stacks["fn::open::pulumi-stacks"].stacks);
    assert.deepEqual(named, [{ stack: "infra/staging" }, { stack: "api/staging" }]);
    assert.throws(() => stack("myorg/infra/staging"), { code: "ERR_DEFINITION_INPUT" });
    onlyThePageSays(/^\s*stack: [^/\s]+\/[^/\s]+\//);
  });

  it("3. A secret that is JSON is decoded before its members are read", async () => {
    const { secrets, secretEntries } = parse(stages.staging).values;
    const wrong = await summaries(
      "staging",
      "imports: [shop/base]",
      "values:",
      `  secrets: ${JSON.stringify(secretEntries)}`,
      "  url: ${secrets.database.url}",
    );
    assert.deepEqual(wrong, ["receiver must be an array or an object"]);
    assert.deepEqual(secrets.database, { "fn::fromJSON": "${secretEntries.database}" });
    assert.equal((await stagingValues()).values.environmentVariables.DATABASE_URL, "postgresql://db/app");
  });

  it("4. Environment variables stand inside `values`", async () => {
    const beside = ["environmentVariables:", "  A: b", "values:", "  c: d"];
    const [warning, ...others] = await summaries("staging", ...beside);
    assert.match(warning ?? "", /Field 'environmentVariables' does not exist/);
    assert.deepEqual(others, []);
    assert.deepEqual(JSON.parse((await opened("x", beside.join("\n"))).revealedJson ?? ""), { c: "d" });
    for (const yaml of Object.values(stages)) {
      assert.deepEqual(Object.keys(parse(yaml)), ["description", "imports", "values"]);
      assert.ok(parse(yaml).values.environmentVariables.DATABASE_URL);
    }
    onlyThePageSays(/^environmentVariables:/);
  });

  it("5. Stack outputs answer under both names", async () => {
    const { values } = await stagingValues();
    assert.equal(values.stacks.infra.ecs_cluster_name, "app-staging");
    assert.deepEqual(values.infra, values.stacks);
    assert.deepEqual(Object.keys(values.urls), ["api", "ecr"]);
  });

  it("6. No shell evaluates what ESC quoted, and no secret lies in a shared file", () => {
    onlyThePageSays(/--format[= ]shell|-f shell|>\s*\/tmp\//);
  });

  it("7. ESC logs in to AWS by its own role", async () => {
    for (const [name, yaml] of Object.entries(stages)) {
      const { login } = parse(yaml).values.secretEntries["fn::open::aws-secrets"];
      assert.equal(
        login["fn::open::aws-login"].oidc.roleArn,
        `arn:aws:iam::123456789012:role/shop-${name}-esc`,
      );
      assert.equal(yaml.split("aws-login").length, 2);
    }
    assert.doesNotMatch((await stagingValues()).text, /SESSION-/);
    const exported = environment().value("aws", { login: awsLogin({ roleArn: "arn", sessionName: "esc" }) });
    assert.throws(() => exported.render(), { code: "ERR_DEFINITION_LOGIN" });
    onlyThePageSays(/\$\{aws\.login/);
  });

  it("8. `pulumi config get` prints plain text anyway", () => {
    onlyThePageSays(/config get\b.*--plaintext/);
  });

  it("9. `pulumi config set --secret` does not store anything in ESC", () => {
    onlyThePageSays(/config set\b.*--secret/);
  });

  it("10. Environments do not live in the project `default`", () => {
    for (const define of [dev, staging, prod]) {
      assert.throws(() => define({ project: "default" }), { code: "ERR_DEFINITION_INPUT" });
    }
    onlyThePageSays(/(^|env (open|run|get|set) |- )default\/[a-z]/);
  });

  it("11. The command is `pulumi env`", () => {
    onlyThePageSays(/(^|[\s`$(])esc (open|run|env|login|version)\b/);
  });

  it("12. The GitHub provider is `@pulumi/github`", () => {
    onlyThePageSays(/pulumi-github/, /\.(md|json)$|^(index|components\/.*)\.ts$/);
  });

  it("have one section each", function () {
    const sections = readFileSync(join(root, page), "utf8").match(/^## .*$/gm) ?? [];
    const titles = this.test?.parent?.tests.map(({ title }) => `## ${title}`).slice(0, -1);
    assert.deepEqual(titles, sections);
  });
});
