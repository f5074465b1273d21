import assert from "node:assert/strict";
import { join } from "node:path";
import { LaptopCloud } from "../../sandbox/cloud";
import { type MainJobReport, runMainJob } from "../../sandbox/main-job";
import { renderReport } from "../../sandbox/report";

const root = join(__dirname, "..", "..");
const programs = join(__dirname, "programs");

describe("The main job, on the program of this repository", () => {
  let report: MainJobReport;
  let text: string;

  before(async function () {
    this.timeout(60_000);
    const teamPrograms = ["infra", "api"].map((name) => join(root, "examples", name));
    const cloud = await LaptopCloud.start();
    report = await runMainJob({ cloud, directory: root, teamPrograms }).finally(() => cloud.stop());
    text = renderReport(report);
  });

  it("brings up every stack and opens every environment", () => {
    assert.deepEqual(
      report.stacks.map(({ stack, ok, failure }) => [stack, ok, failure]),
      [
        ...["base", "dev", "staging", "prod"].map((stack) => `escapement/${stack}`),
        ...["infra/staging", "infra/prod", "api/staging", "api/prod"],
      ].map((stack) => [stack, true, undefined]),
    );
    assert.deepEqual(
      report.environments.map(({ id, findings, problems }) => [id, findings, problems]),
      ["base", "dev", "prod", "staging"].map((name) => [`acme/escapement/${name}`, [], []]),
    );
    assert.equal(report.ok, true);
  });

  it("raises no warning", () => {
    assert.deepEqual(
      report.stacks.flatMap(({ warnings }) => warnings),
      [],
    );
  });

  it("reports on what was provisioned, within 80 columns", () => {
    for (const line of text.split("\n")) assert.ok([...line].length <= 80, `too long: ${line}`);
    assert.match(text, /aws:secretsmanager:Secret +entries-database/);
  });

  it("shows what dev exports", () => {
    assert.match(text, /What acme\/escapement\/dev exports[\s\S]*API_URL +http:\/\/localhost:8080/);
  });
});

describe("What is broken in a program, the sandbox names", () => {
  const failure = async (directory: string, stack: string, config: Record<string, string> = {}) => {
    const cloud = await LaptopCloud.start();
    const deployment = await cloud
      .deploy({ directory, stack, operation: "preview", config })
      .finally(() => cloud.stop());
    assert.equal(deployment.ok, false);
    return deployment.failure?.message ?? "";
  };
  let messages: string[];

  before(async function () {
    this.timeout(60_000);
    // Each costs a start of Pulumi's runner, so they go side by side.
    messages = await Promise.all([
      failure(join(programs, "broken-reference"), "staging"),
      failure(join(programs, "unknown-type"), "staging"),
      failure(root, "staging", { stacks: '{"infra":{"stack":"infra/staging"}}' }),
      failure(root, "staging", { adapterUrl: "http://adapter.example.com/" }),
    ]);
  });

  it("a broken reference, by environment, line and column", () => {
    assert.match(
      messages[0] ?? "",
      /broken\/staging:3:18: unknown property "domian"; did you mean "domain"\?$/,
    );
  });

  it("a resource type that this cloud does not have", () => {
    assert.match(messages[1] ?? "", /pulumiservice:index:Team/);
  });

  it("a stack's configuration that has the wrong form", () => {
    assert.match(messages[2] ?? "", /configuration of stack staging: stacks\.infra\.outputs: /);
  });

  it("a stack's configuration that the definition refuses", () => {
    assert.match(messages[3] ?? "", /adapter.*https/);
  });

  it("a stack that there is no file for", async () => {
    await assert.rejects(failure(root, "qa"), /Pulumi\.qa\.yaml/);
  });
});
