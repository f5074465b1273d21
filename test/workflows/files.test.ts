import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const root = join(__dirname, "..", "..");
const folder = join(root, ".github", "workflows");
const sources = readFileSync(join(root, "docs", "decisions", "0005-workflows.md"), "utf8");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly "timeout-minutes"?: number;
}

interface WorkflowFile {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly concurrency?: { readonly "cancel-in-progress": unknown };
  readonly defaults?: { readonly run?: { readonly shell?: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

// What `npm run soak` and the workflow `ci` leave to actionlint is not repeated here: syntax, expressions, contexts.
describe("This repository's workflows", () => {
  const files = readdirSync(folder).sort();

  it("are those that the pages speak of", () => {
    assert.deepEqual(files, [
      "ci.yml",
      "deploy-stage.yml",
      "deploy.yml",
      "preview.yml",
      "rotate.yml",
      "verify.yml",
    ]);
  });

  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");
    const workflow = parse(text) as WorkflowFile;
    const jobs = Object.entries(workflow.jobs);
    const steps = jobs.flatMap(([, job]) => job.steps ?? []);

    describe(file, () => {
      it("pins each action to a commit that the decisions give a source for, with its version beside it", () => {
        const uses = [...text.matchAll(/uses: (\S+)(.*)$/gm)].filter(([, name]) => !name?.startsWith("./"));
        for (const [line, name = "", rest = ""] of uses) {
          assert.match(name, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, line);
          assert.match(rest, /^ # v\d/, line);
          assert.ok(sources.includes(`\`${name}\` (${rest.slice(3)})`), `${name}${rest} has no source`);
        }
      });

      it("asks for no more than it needs: no permission by default, a token only where somebody logs in", () => {
        assert.ok(
          JSON.stringify(workflow.permissions) === "{}" ||
            JSON.stringify(workflow.permissions) === '{"contents":"read"}',
        );
        for (const [name, { permissions = {}, steps = [], uses }] of jobs) {
          const logsIn =
            uses !== undefined || steps.some((step) => /credentials@|auth-actions@/.test(step.uses ?? ""));
          assert.equal(permissions["id-token"], logsIn ? "write" : undefined, name);
          for (const [scope, level] of Object.entries(permissions)) {
            assert.ok(scope === "id-token" || level === "read", `${name}: ${scope}: ${level}`);
          }
        }
      });

      it("stores no credential: no secret, no key, nothing left by the checkout, and masks the token", () => {
        assert.doesNotMatch(text, /secrets\.|aws-access-key-id|aws-secret-access-key|PULUMI_ACCESS_TOKEN:/);
        for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
          assert.equal(step.with?.["persist-credentials"], false);
        }
        for (const [name, { steps: own = [] }] of jobs) {
          const login = own.findIndex(({ uses }) => uses?.startsWith("pulumi/auth-actions@"));
          if (login < 0) continue;
          assert.equal(own[login + 1]?.run, 'echo "::add-mask::$PULUMI_ACCESS_TOKEN"', name);
        }
      });

      it("puts nothing that others write into a script, and lets no script go on after a failure", () => {
        for (const { run = "" } of steps) assert.ok(!run.includes("${{"), run);
        if (steps.some(({ run }) => run !== undefined)) assert.equal(workflow.defaults?.run?.shell, "bash");
        for (const [name, job] of jobs) {
          if (job.uses === undefined) assert.ok((job["timeout-minutes"] ?? 0) > 0, name);
        }
      });

      it("leaves what verify prints to the runner, for it holds masks: no pipe, no file, no summary", () => {
        for (const { run = "" } of steps) {
          if (run.includes("escapement verify")) assert.doesNotMatch(run, /[|>]|\$\(|`/);
        }
      });

      it("never refreshes, and never runs for what a fork wants with this repository's rights", () => {
        assert.doesNotMatch(text, /--refresh|pulumi refresh|pull_request_target|workflow_run/);
      });

      it("has one run at a time where two would get in each other's way, and cuts no deployment off", () => {
        if ("workflow_call" in workflow.on && !("schedule" in workflow.on)) return;
        assert.ok(workflow.concurrency, "no concurrency");
        const deploys = /deploy-stage|escapement verify|escapement rotate/.test(text);
        if (deploys) assert.equal(workflow.concurrency["cancel-in-progress"], false);
      });
    });
  }
});
