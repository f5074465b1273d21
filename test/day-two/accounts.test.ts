import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { LaptopCloud } from "../../sandbox/cloud";
import type { Deployment, Operation } from "../../sandbox/engine";
import { startInline } from "../support/inline";
import { copyProgram, type ProgramCopy } from "./program";

const accountId = "210987654321";

/** As `docs/adopt.md` has it. */
const stackFile = `config:
  escapement:stages: [prod]
  escapement:github:
    repository: acme/escapement
`;

describe("A stage in an account of its own", () => {
  let program: ProgramCopy;
  let cloud: LaptopCloud;
  const results: Deployment[] = [];
  const run = async (stack: string, operation: Operation, as?: string) => {
    results.push(
      await cloud.deploy({ directory: program.directory, stack, operation, as, startRunner: startInline }),
    );
  };

  before(async function () {
    this.timeout(60_000);
    program = await copyProgram();
    await writeFile(path.join(program.directory, "Pulumi.base-prod.yaml"), stackFile);
    cloud = await LaptopCloud.start({ accountId });
    // ESC is the same for all accounts: base, brought up elsewhere, has put its environment there.
    const base = { organization: "acme", project: "escapement", name: "base" };
    cloud.esc.store.create(base);
    await cloud.esc.update(base, "values: { domain: example.com, aws: { region: eu-west-1 } }");
    await assert.rejects(run("prod", "up", "nobody"), /there is no role nobody in the account/);
    await run("base-prod", "up");
    await run("prod", "up", "escapement-deploy-prod");
    await run("prod", "destroy", "escapement-deploy-prod");
  });
  after(async () => {
    await cloud?.stop();
    await program?.remove();
  });

  it("is set up as docs/adopt.md says", async () => {
    const page = await readFile(path.join(__dirname, "..", "..", "docs", "adopt.md"), "utf8");
    for (const line of stackFile.trim().split("\n")) assert.ok(page.includes(line.trim()), line);
  });

  it("has the providers, the boundary and the roles of its stage, and no environment of base's", () => {
    const [account] = results;
    assert.equal(account?.failure, undefined);
    const made = account?.resources.filter(({ type }) => !/^(pulumi|escapement):/.test(type)) ?? [];
    assert.deepEqual(made.map(({ name }) => name).sort(), [
      "boundary-prod-policy",
      "esc-oidc-provider",
      "github-deploy-prod",
      "github-deploy-prod-permissions",
      "github-oidc-provider",
      "github-preview",
      "github-preview-permissions",
    ]);
    const roles = [...cloud.account.roles.values()].map(({ arn }) => arn);
    assert.ok(roles.length > 0 && roles.every((arn) => arn.startsWith(`arn:aws:iam::${accountId}:role/`)));
  });

  it("comes up and goes in the name of the deploy role of that account", () => {
    const [, up, destroyed] = results;
    assert.deepEqual([up?.failure, destroyed?.failure], [undefined, undefined]);
    assert.ok(
      cloud.aws.decisions.some(({ who }) => who.startsWith(`arn:aws:sts::${accountId}:assumed-role/`)),
    );
    const { loginRoleArn, definitions } = (up?.outputs ?? {}) as {
      loginRoleArn?: string;
      definitions?: object;
    };
    assert.equal(loginRoleArn, `arn:aws:iam::${accountId}:role/escapement-prod-esc-login`);
    assert.ok(JSON.stringify(definitions).includes(`roleArn: ${loginRoleArn}`));
  });
});
