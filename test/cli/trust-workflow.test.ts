import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { trustWorkflowCommand } from "../../cli/commands/trust-workflow";
import { CommandFailure, EXIT } from "../../cli/exit";
import { githubTrustPolicy } from "../../trust";

const providerArn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
const role = (subjects: string[]) =>
  JSON.stringify({
    Role: {
      RoleName: "deploy",
      Arn: "arn:aws:iam::123456789012:role/deploy",
      AssumeRolePolicyDocument: githubTrustPolicy({ providerArn, subjects }),
    },
  });
const workflow = (environment: string) => `on: push
jobs:
  deploy:
    permissions: { id-token: write }
    environment: ${environment}
    steps:
      - uses: aws-actions/configure-aws-credentials@0123
        with:
          role-to-assume: \${{ vars.ROLE }}
`;
const files = {
  "role.json": role(["repo:acme/app:environment:prod"]),
  "others.json": role(["repo:acme/app:environment:prod", "repo:acme/other:environment:prod"]),
  "good.yml": workflow("prod"),
  "bad.yml": workflow("staging"),
  "no.yml": "values: {}\n",
};

describe("escapement trust workflow", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "escapement-workflow-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function run(file: string, ...more: string[]) {
    let output = "";
    const { write } = process.stdout;
    process.stdout.write = (text: string | Uint8Array) => {
      output += String(text);
      return true;
    };
    const trust = more.includes("--trust") ? [] : ["--trust", join(folder, "role.json")];
    try {
      const args = [join(folder, file), ...trust, "--var", "ROLE=deploy", ...more];
      await trustWorkflowCommand().exitOverride().parseAsync(args, { from: "user" });
      return { code: EXIT.good as number, output, message: "" };
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      return { code: error.exitCode as number, output, message: error.message };
    } finally {
      process.stdout.write = write;
    }
  }

  it("is good where each job gets what it asks for, by roles in files and variables by hand", async () => {
    const { code, output } = await run("good.yml");
    assert.equal(code, EXIT.good);
    assert.match(output, /presents {4}repo:acme\/app:environment:prod\n/);
    assert.match(output, /asks for {4}deploy: allowed \(line 7;/);
  });

  it("exits with 1 for a finding, with file, line and fix; --json has the same", async () => {
    const { code, output } = await run("bad.yml");
    assert.equal(code, EXIT.finding);
    assert.match(
      output,
      /bad\.yml:5: deploy: deploy would refuse this job: .*\n {2}fix {2}write environment: prod/,
    );
    const json = JSON.parse((await run("bad.yml", "--json")).output);
    assert.deepEqual(
      json.findings.map(({ code: which, line }: { code: string; line: number }) => [which, line]),
      [["role-refused", 5]],
    );
    assert.equal(json.jobs[0].subjects[0], "repo:acme/app:environment:staging");
  });

  it("judges for the repository that it is told, with ids when it presents those", async () => {
    assert.equal((await run("good.yml", "--repository", "acme/app")).code, EXIT.good);
    const withIds = await run("good.yml", "--repository", "repo:acme@7/app@42");
    assert.equal(withIds.code, EXIT.finding);
    assert.match(withIds.output, /repositoryId and repositoryOwnerId/);
    assert.equal((await run("good.yml", "--repository", "acme/fork")).code, EXIT.finding);
  });

  it("exits with 2 where it cannot run, and says why", async () => {
    for (const [args, expected] of [
      [["no.yml"], /not a GitHub workflow/],
      [["missing.yml"], /ENOENT/],
      [["good.yml", "--repository", "app"], /must be owner\/name/],
      [["good.yml", "--trust", join(tmpdir(), "no-such-role.json")], /ENOENT/],
    ] as const) {
      const [file, ...more] = args;
      const { code, message } = await run(file, ...more);
      assert.equal(code, EXIT.cannotRun, message);
      assert.match(message, expected);
    }
    const several = await run("good.yml", "--trust", join(folder, "others.json"));
    assert.match(several.message, /trust no repository, or several/);
  });
});
