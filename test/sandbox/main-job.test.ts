import assert from "node:assert/strict";
import { join } from "node:path";
import { createAgeReader, createAskAws } from "../../cli/entry-ages";
import { createEscClient } from "../../cli/esc-client";
import { verifyAll } from "../../cli/verify";
import { inventory } from "../../esc/inventory";
import { openAdministratorSession } from "../../sandbox/aws";
import type { LambdaFunction } from "../../sandbox/aws/functions";
import { secretsManagerClient } from "../../sandbox/aws-clients";
import { LaptopCloud } from "../../sandbox/cloud";
import { type MainJobReport, runMainJob, tryEnvironment } from "../../sandbox/main-job";
import { createEscServer } from "../../sandbox/pulumi";
import { renderReport } from "../../sandbox/report";
import { describeProgramTrust } from "../trust/program";
import { describeProgramWorkflows } from "../workflows/program";

const root = join(__dirname, "..", "..");
const programs = join(__dirname, "programs");
const staging = { organization: "acme", project: "escapement", name: "staging" };

describe("The main job, on the program of this repository", () => {
  let cloud: LaptopCloud;
  let report: MainJobReport;
  let text: string;

  before(async function () {
    this.timeout(90_000);
    // As docs/trust.md has administrators set it; without that, every member's token opens everything.
    cloud = await LaptopCloud.start({ memberPermission: "none" });
    report = await runMainJob({ cloud, directory: root });
    text = renderReport(report);
  });
  after(() => cloud.stop());

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
  });

  it("raises no warning", () => {
    assert.deepEqual(
      report.stacks.flatMap(({ warnings }) => warnings),
      [],
    );
  });

  it("takes at least 20 trust decisions, each as expected and for the reason expected", () => {
    assert.ok(report.trust.length >= 20);
    assert.deepEqual(
      report.trust.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(report.trust.every(({ because }) => because.length > 0));
  });

  it("brings stages up by their deploy roles, and refuses those whatever would widen them", () => {
    assert.deepEqual(
      report.stacks.flatMap(({ role }) => role ?? []),
      ["escapement-deploy-staging", "escapement-deploy-prod"],
    );
    assert.ok(report.denials.length >= 10);
    assert.deepEqual(
      report.denials.filter(({ ok }) => !ok),
      [],
    );
  });

  it("shows what the adapter refuses, and that it answers who may ask", () => {
    assert.deepEqual(
      report.adapter.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(report.adapter.filter(({ code }) => code === "ok").length, 1);
    assert.ok(report.adapter.length >= 10);
  });

  it("rotates a PostgreSQL credential twice while two clients query with it, and no query fails", () => {
    const { ok, problems, rotations, queries } = report.rotation;
    assert.deepEqual({ ok, problems, failed: queries.failed }, { ok: true, problems: [], failed: 0 });
    assert.ok(queries.current >= 5 && queries.previous >= 5, JSON.stringify(queries));
    assert.deepEqual(
      rotations.map(({ slot }) => slot),
      ["a", "b", "a"],
    );
    assert.equal(new Set(rotations.map(({ version }) => version)).size, 3);
  });

  it("reads an old HTTP system and Parameter Store, and starts a Northflank job with what it was given", () => {
    const { ok, problems, steps } = report.sources;
    assert.deepEqual({ ok, problems }, { ok: true, problems: [] });
    assert.ok(steps.length >= 8);
    assert.deepEqual(
      steps.filter((step) => !step.ok),
      [],
    );
    assert.match(text, /job starts with 2 variables and 2 files +as given/);
    assert.match(text, /database\.key +mode 0400, owner/);
  });

  it("leaves each state of the credential as a revision of its own, with ciphertext alone", () => {
    const id = { organization: "acme", project: "orders", name: "rotated-staging-database" };
    const [latest] = cloud.esc.store.revisions(id);
    assert.equal(latest?.number, report.rotation.rotations.at(-1)?.revision);
    assert.match(
      String(latest?.yaml),
      /state:\n\s+current:\n\s+fn::fromJSON:\n\s+fn::secret:\n\s+ciphertext: /,
    );
  });

  it("is well, and says so", () => {
    assert.equal(report.ok, true);
    assert.match(text, /All well: 8 stacks/);
  });

  it("opens staging with everything an application needs, secrets redacted", () => {
    const exports = report.environments.find(({ id }) => id === "acme/escapement/staging")?.exports ?? [];
    assert.deepEqual(
      exports.map(({ name, value }) => [name, value]),
      [
        ["API_URL", "https://api-staging.example.com"],
        ["DATABASE_URL", "[secret]"],
        ["ECR_REPOSITORY_URL", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app-staging"],
        ["ECS_CLUSTER", "app-staging"],
        ["ECS_SERVICE", "api-staging"],
        ["JWT_SECRET", "[secret]"],
        ["PARTNER_API_KEY", "[secret]"],
      ],
    );
  });

  it("answers what the seeds ask: .urls and .stacks.infra of the opened staging", async () => {
    const session = await cloud.esc.open(staging);
    const read = (path: string) =>
      JSON.parse(cloud.esc.readSession(staging, session.id, path)) as { value: object };
    assert.deepEqual(Object.keys(read("urls").value), ["api", "ecr"]);
    assert.deepEqual(Object.keys(read("stacks.infra").value), ["ecr_repository_url", "ecs_cluster_name"]);
    assert.deepEqual(Object.keys(read("infra.infra").value), ["ecr_repository_url", "ecs_cluster_name"]);
  });

  it("passes escapement verify, every line of the inventory in every stage", async () => {
    const server = createEscServer({ service: cloud.esc, accessToken: "pul-of-the-test" });
    try {
      const client = await createEscClient({ url: await server.start(), accessToken: "pul-of-the-test" });
      const session = openAdministratorSession(cloud.account);
      const ask = createAskAws((region) => secretsManagerClient(cloud.awsClientOptions(region), session));
      const targets = ["dev", "staging", "prod"].map((name) => ({ ...staging, name, version: undefined }));
      const agesOf = createAgeReader(inventory, ask);
      const results = await verifyAll(client, targets, { promote: false, inventory, agesOf });
      const lines = results.flatMap((result) => result.lines);
      assert.deepEqual(
        lines.filter(({ problems, unknown }) => problems.length > 0 || unknown !== undefined),
        [],
      );
      assert.equal(lines.length, inventory.items.flatMap(({ stages }) => stages).length);
      assert.ok(results.every(({ ok }) => ok));
    } finally {
      await server.stop();
    }
  });

  it("reads well at 80 columns", () => {
    for (const line of text.split("\n")) assert.ok([...line].length <= 80, `too long: ${line}`);
    assert.match(text, /aws:secretsmanager:Secret +entries-database/);
  });

  it("shows no secret, in the report or as JSON", () => {
    const json = JSON.stringify(report);
    const values = [...cloud.account.secrets.values()].flatMap(({ versions }) =>
      [...versions.values()].map(({ value }) => ("text" in value ? value.text : "")),
    );
    assert.ok(values.length >= 6);
    const texts = values.flatMap((each) =>
      each.startsWith("{") ? Object.values(JSON.parse(each) as Record<string, string>) : each,
    );
    for (const value of texts) {
      assert.ok(!json.includes(value) && !text.includes(value), "a secret value is in the report");
    }
  });

  describeProgramTrust(() => ({ cloud, report }));
  describeProgramWorkflows(() => ({ cloud, report }));

  // Each of these breaks one thing of the stage that is up, opens it again, and mends it.
  describe("when a part of the stage is broken", () => {
    const adapterFunction = () => {
      const found = [...cloud.account.functions.values()].find(
        ({ name }) => name === "escapement-staging-adapter",
      );
      return found as LambdaFunction;
    };
    const role = (name: string) => {
      const found = [...cloud.account.roles.values()].find((each) => each.name === name);
      assert.ok(found, `there is no role ${name}`);
      return found;
    };
    const problems = async () => (await tryEnvironment(cloud, staging)).problems.join("\n");
    /** Deploys the function's code with one file changed, and its own again afterwards. */
    const withFile = async (name: string, change: (text: string) => string, job: () => Promise<void>) => {
      const fn = adapterFunction();
      const { code } = fn;
      const changed = Buffer.from(change(Buffer.from(code.files.get(name) ?? []).toString()));
      fn.code = { ...code, files: new Map([...code.files, [name, changed]]) };
      await job().finally(() => {
        fn.code = code;
      });
    };
    afterEach(async () => assert.equal(await problems(), ""));

    it("names the adapter's rule", async () => {
      await withFile(
        "config.json",
        (json) => json.replaceAll("escapement/staging/partner", "escapement/staging/other"),
        async () => {
          assert.match(
            await problems(),
            /adapter.*403 access_denied[\s\S]*access_denied: no access rule allows this/,
          );
        },
      );
    });

    it("names the adapter's bundle", async () => {
      await withFile(
        "index.mjs",
        () => "export const handler = ;",
        async () => {
          assert.match(await problems(), /adapter.*502[\s\S]*SyntaxError/);
        },
      );
    });

    it("names the action that the adapter's role lacks", async () => {
      const { inlinePolicies } = role("escapement-staging-adapter");
      const [[name, policy] = ["", ""]] = inlinePolicies;
      inlinePolicies.set(
        name,
        policy.replace("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
      );
      assert.match(
        await problems(),
        /adapter.*source_denied[\s\S]*AWS refused .*escapement-staging-adapter.* secretsmanager:GetSecretValue/,
      );
      inlinePolicies.set(name, policy);
    });

    it("names the subject that the login role does not trust", async () => {
      const login = role("escapement-staging-esc-login");
      const { trustPolicy } = login;
      login.trustPolicy = trustPolicy.replaceAll("escapement/staging", "escapement/elsewhere");
      assert.match(
        await problems(),
        /AccessDenied[\s\S]*AWS refused .*StringEquals api\.pulumi\.com\/oidc:sub/,
      );
      login.trustPolicy = trustPolicy;
    });
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

  it("a stack that there is no file for", async () => {
    await assert.rejects(failure(root, "qa"), /Pulumi\.qa\.yaml/);
  });
});
