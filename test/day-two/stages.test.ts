import assert from "node:assert/strict";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { createEscClient, type EscClient } from "../../cli/esc-client";
import { type VerifyResult, verify } from "../../cli/verify";
import { openAdministratorSession } from "../../sandbox/aws";
import { createOidcProvider } from "../../sandbox/aws/iam";
import { secretsManagerClient } from "../../sandbox/aws-clients";
import { type DeployStackOptions, LaptopCloud } from "../../sandbox/cloud";
import { deployRoleOf } from "../../sandbox/deploy-roles";
import { renderDeployment } from "../../sandbox/deployment-report";
import type { Deployment, Operation } from "../../sandbox/engine";
import { createEscServer } from "../../sandbox/pulumi";
import { PULUMI_ISSUER } from "../../trust";
import { startInline } from "../support/inline";
import { copyProgram, type Edit, type ProgramCopy } from "./program";

/** One more line in the inventory: an entry that nobody has put a value into. */
const mail: Edit = [
  "esc/inventory.ts",
  /( {2}items: \[\n)/,
  `$1    {
      name: "mail", description: "Mail", kind: "secret", livesIn: "aws-secrets", stages: ["staging"],
      values: [{ form: "text", variable: "MAIL_KEY" }],
      owner: "team", obtain: "Ask", rotateWithinDays: 30, consumers: ["API"],
    },
`,
];
const tighterRule: Edit = [
  "index.ts",
  /(const open = \{\n)/,
  "$1    rootEnvironment: `${project}/${name}`,\n",
];
const jwt = /( {4}\{\n {6}name: ")jwt(",\n[^}]+\}\],\n[^}]+)( {4}\},\n)/;
const retiredJwt = / {4}\{\n {6}name: "jwt",\n[^}]+\}\],\n[^}]+ {6}retired: true,\n {4}\},\n/;
/** Its name changes: what was is kept until a revision that reads the new one is live. */
const renamed: Edit = ["esc/inventory.ts", jwt, "$1jwt$2      retired: true,\n$3$1session-key$2$3"];
const removed: Edit = ["esc/inventory.ts", retiredJwt, ""];

describe("Day two, on the program of this repository", () => {
  let cloud: LaptopCloud;
  let program: ProgramCopy;
  let changedStaging: ProgramCopy;
  let changedProd: ProgramCopy;
  let client: EscClient;
  let stopServer: () => Promise<void>;
  const results: Record<string, Deployment> = {};
  const verified: Record<string, VerifyResult> = {};
  const told: Record<string, unknown> = {};

  const run = (
    stack: string,
    operation: Operation,
    directory = program.directory,
    options: Pick<DeployStackOptions, "startRunner" | "signal" | "onEvent"> = { startRunner: startInline },
  ) =>
    cloud.deploy({
      directory,
      stack,
      operation,
      // As CI does it; people bring up what has no role.
      as: deployRoleOf(cloud, { project: "escapement", stack, operation }),
      ...options,
    });
  /** In a process of its own, which is ended once something of this type is there. */
  const runUntil = (stack: string, type: string) => {
    const kill = new AbortController();
    return run(stack, "up", program.directory, {
      signal: kill.signal,
      onEvent(event) {
        if (event.kind === "resource" && event.phase === "done" && event.resource.type === type) kill.abort();
      },
    });
  };
  const target = (name: string, version?: string) => ({
    organization: "acme",
    project: "escapement",
    name,
    version,
  });
  const opens = async (name: string, version?: string) =>
    (await verify(client, target(name, version), { promote: false })).opens;
  const promote = (name: string) => verify(client, target(name), { promote: true });

  const putValues = async () => {
    const administrator = openAdministratorSession(cloud.account);
    for (const { name, arn, region, versions, deletion } of cloud.account.secrets.values()) {
      if (versions.size > 0 || deletion) continue;
      const text = name.endsWith("database") ? '{"url":"postgresql://x"}' : '{"secret":"s","apiKey":"k"}';
      const aws = secretsManagerClient(cloud.awsClientOptions(region), administrator);
      await aws.send(new PutSecretValueCommand({ SecretId: arn, SecretString: text }));
    }
  };

  /** In an account where somebody has registered Pulumi's issuer for another organization. */
  const previewElsewhere = async () => {
    const other = await LaptopCloud.start();
    createOidcProvider(other.account, { url: PULUMI_ISSUER, audiences: ["aws:other"] });
    return other
      .deploy({ directory: program.directory, stack: "staging", operation: "preview" })
      .finally(() => other.stop());
  };

  /** Everything happens once, in the order of a project's life; what comes of it is looked at afterwards. */
  before(async function () {
    this.timeout(120_000);
    program = await copyProgram();
    [changedStaging, changedProd] = await Promise.all([program.copy(mail), program.copy(tighterRule)]);
    cloud = await LaptopCloud.start();
    const accessToken = "pul-test-of-day-two";
    const server = createEscServer({ service: cloud.esc, accessToken });
    client = await createEscClient({ url: await server.start({}), accessToken });
    stopServer = () => server.stop();

    const all = async (operation: Operation, stacks: readonly string[], named = (stack: string) => stack) => {
      const deployments = await Promise.all(stacks.map((stack) => run(stack, operation)));
      for (const deployment of deployments) results[named(deployment.stack)] = deployment;
    };
    [results["dev first"], results["staging first"], results.audience] = await Promise.all([
      // What fails, fails in Pulumi's own runner.
      run("dev", "preview", program.directory, {}),
      run("staging", "preview", program.directory, {}),
      previewElsewhere(),
    ]);
    await all("up", ["base"]);
    await all("up", ["prod", "dev", "staging"]);
    await all("up", ["base", "prod", "dev", "staging"], (stack) => `${stack} again`);
    told.tagsAfterUp = cloud.esc.store.tags(target("staging")).map(({ name }) => name);

    verified.empty = await promote("staging");
    await putValues();
    verified.filled = await promote("staging");
    verified.prod = await promote("prod");
    verified.twice = await promote("prod");

    [results.mailPreview, results.rule] = await Promise.all([
      run("staging", "preview", changedStaging.directory),
      run("prod", "up", changedProd.directory),
    ]);
    await changedProd.edit(renamed);
    [results.mail, results.renamed] = await Promise.all([
      run("staging", "up", changedStaging.directory),
      run("prod", "up", changedProd.directory),
    ]);
    told.liveWithMail = await opens("staging", "live");
    verified.mail = await promote("staging");
    told.liveAfterRename = await opens("prod", "live");
    verified.renamedEmpty = await promote("prod");
    await putValues();
    verified.mailFilled = await promote("staging");
    verified.renamed = await promote("prod");

    results.destroyed = await run("staging", "destroy");
    told.prodAfterDestroy = [await opens("prod", "live"), await opens("prod")];
    results.baseDestroy = await run("base", "destroy");

    // As after their recovery window: the names of deleted entries are free again.
    for (const { arn, deletion } of cloud.account.secrets.values())
      if (deletion) cloud.account.secrets.delete(arn);
    [results.killed, results.removed] = await Promise.all([
      runUntil("staging", "aws:dynamodb/table:Table"),
      changedProd.edit(removed).then(() => run("prod", "up", changedProd.directory)),
    ]);
    told.liveAfterRemoval = await opens("prod", "live");
    told.stateAfterKill = cloud.state().stacks.get("escapement/staging")?.resources.length;
    results.converged = await run("staging", "up");
    await putValues();
    verified.converged = await promote("staging");
  });

  after(async () => {
    await stopServer?.();
    await cloud?.stop();
    await Promise.all([program, changedStaging, changedProd].map((copy) => copy?.remove()));
  });

  const result = (name: string): Deployment => {
    const found = results[name];
    assert.ok(found, name);
    return found;
  };
  const changesOf = (name: string) =>
    result(name).resources.flatMap(({ change, type, name }) =>
      ["same", "read"].includes(change) || type.startsWith("escapement:") ? [] : [`${change} ${name}`],
    );
  const errorsOf = (name: string) =>
    result(name).diagnostics.flatMap(({ severity, message }) => (severity === "error" ? [message] : []));

  it("a stage before base fails with one line that says what to run", () => {
    for (const name of ["dev first", "staging first"]) {
      const errors = errorsOf(name);
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0] ?? "", /: run "pulumi up -s base" first, which creates it \(/);
    }
    assert.match(
      result("dev first").failure?.message ?? "",
      /no environment acme\/escapement\/base to import/,
    );
    assert.match(
      result("staging first").failure?.message ?? "",
      /no IAM OIDC provider for https:\/\/api\.pulumi\.com\/oidc/,
    );
  });

  it("a stage is previewed, brought up twice, changed and destroyed by its deploy role alone", () => {
    const sessions = new Set(cloud.aws.decisions.map(({ who }) => who.replace(/\/[^/]*$/, "")));
    const role = (name: string) => `arn:aws:sts::123456789012:assumed-role/escapement-${name}`;
    for (const name of ["preview", "deploy-staging", "deploy-prod"])
      assert.ok(sessions.has(role(name)), name);
    for (const name of ["staging again", "mailPreview", "mail", "rule", "destroyed", "removed", "converged"])
      assert.equal(result(name).failure, undefined, name);
    const refused = cloud.aws.decisions.filter(({ who, allowed }) => !allowed && /deploy|preview/.test(who));
    assert.deepEqual(refused, []);
  });

  it("stages come up after base in any order", () => {
    for (const name of ["base", "prod", "dev", "staging"]) assert.equal(result(name).failure, undefined);
  });

  it("a second up of all changes nothing", () => {
    for (const name of ["base", "prod", "dev", "staging"]) {
      assert.deepEqual(Object.keys(result(`${name} again`).changes), ["same"], name);
    }
  });

  it("an up writes revisions and moves no tag; live is moved by verify, to what opened", () => {
    assert.deepEqual(told.tagsAfterUp, ["latest"]);
    assert.deepEqual([verified.filled?.liveWas, verified.filled?.live], [null, 2]);
    assert.deepEqual(verified.filled?.variables.toSorted(), [
      "API_URL",
      "DATABASE_URL",
      "JWT_SECRET",
      "PARTNER_API_KEY",
    ]);
    assert.deepEqual([verified.twice?.ok, verified.twice?.liveWas], [true, undefined]);
  });

  it("entries without a value keep verify from promoting, and are named by it", () => {
    assert.deepEqual(
      [verified.empty?.ok, verified.empty?.opens, verified.empty?.live],
      [false, false, undefined],
    );
    const problems = verified.empty?.problems.join("\n") ?? "";
    for (const name of ["database", "jwt"])
      assert.match(problems, new RegExp(`get\\.${name}: ResourceNotFoundException`));
  });

  it("a secret added without a value is warned of by name at preview", () => {
    const warnings = result("mailPreview").diagnostics.filter(({ severity }) => severity === "warning");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.message ?? "", /no value yet: escapement\/staging\/mail\. Until/);
    // A preview does not know which of the ARNs is the new one, so it may name more than then changes.
    for (const line of changesOf("mail")) assert.ok(changesOf("mailPreview").includes(line), line);
  });

  it("a secret added without a value leaves @live opening, and is named by verify", () => {
    assert.deepEqual(changesOf("mail"), [
      "create entries-mail",
      "create entries-mail-tls",
      "update esc-login-role-permissions",
      "update environments-staging",
    ]);
    assert.equal(told.liveWithMail, true);
    assert.deepEqual([verified.mail?.opens, verified.mail?.live], [false, 2]);
    assert.match(verified.mail?.problems.join("\n") ?? "", /get\.mail: ResourceNotFoundException/);
    assert.deepEqual([verified.mailFilled?.live, verified.mailFilled?.liveWas], [3, 2]);
  });

  it("a rule of the adapter changed is one update, and its diff says which rule", () => {
    assert.deepEqual(changesOf("rule"), ["update adapter-function"]);
    const changed = result("rule").resources.find(({ name }) => name === "adapter-function");
    assert.deepEqual(changed?.diff, [
      { path: 'code["config.json"].access[0].rootEnvironment', new: '"escapement/prod"' },
    ]);
    assert.match(renderDeployment(result("rule")), /~ aws:lambda:Function +adapter-function\n +code\[/);
  });

  it("an entry renamed is a new one beside the old one, and @live opens until the new one has a value", () => {
    assert.deepEqual(changesOf("renamed"), [
      "create entries-session-key",
      "create entries-session-key-tls",
      "update esc-login-role-permissions",
      "update environments-prod",
    ]);
    assert.equal(told.liveAfterRename, true);
    assert.deepEqual([verified.renamedEmpty?.opens, verified.renamedEmpty?.live], [false, 2]);
    assert.deepEqual([verified.renamed?.ok, verified.renamed?.live], [true, 3]);
  });

  it("the old entry goes when its line does, after the new one is live, which opens throughout", () => {
    assert.deepEqual(changesOf("removed"), [
      "update esc-login-role-permissions",
      "delete entries-jwt-tls",
      "delete entries-jwt",
    ]);
    assert.equal(told.liveAfterRemoval, true);
  });

  it("destroy of staging leaves prod opening", () => {
    const { ok, changes } = result("destroyed");
    assert.deepEqual([ok, Object.keys(changes)], [true, ["delete"]]);
    assert.deepEqual(told.prodAfterDestroy, [true, true]);
  });

  it("destroy of base is refused while it is protected, and deletes nothing", () => {
    const { failure, changes } = result("baseDestroy");
    assert.equal(failure?.code, "ERR_ENGINE_PROTECTED");
    assert.deepEqual(changes, {});
    assert.match(renderDeployment(result("baseDestroy")), /\d+ resources that would go are protected/);
  });

  it("an up that was killed half way is finished by the next one, which makes nothing twice", () => {
    const made = (name: string) => changesOf(name).filter((line) => line.startsWith("create "));
    assert.equal(result("killed").failure?.code, "ERR_ENGINE_ABORTED");
    assert.ok(Number(told.stateAfterKill) > 5);
    assert.equal(result("converged").failure, undefined);
    const [before, after] = [new Set(made("killed")), new Set(made("converged"))];
    assert.ok(before.size > 0 && after.size > 0);
    assert.deepEqual(verified.converged?.problems, []);
    const all = made("staging");
    for (const line of all) assert.ok(before.has(line) || after.has(line), line);
  });

  it("an adopted provider without the audience fails the preview with the AWS CLI command that adds it", () => {
    const errors = errorsOf("audience");
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.ok(
      errors[0]?.endsWith(
        "does not accept the audience aws:acme: run aws iam add-client-id-to-open-id-connect-provider " +
          "--open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc --client-id aws:acme",
      ),
      errors[0],
    );
  });

  it("reads well at 80 columns, and shows no secret", () => {
    for (const [name, deployment] of Object.entries(results)) {
      const text = renderDeployment(deployment);
      for (const line of text.split("\n"))
        assert.ok(line.length <= 80 || !/ /.test(line.trim()), `${name}: ${line}`);
      assert.ok(!text.includes("postgresql://x"));
    }
  });
});
