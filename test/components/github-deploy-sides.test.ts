import assert from "node:assert/strict";
import { GithubDeploy, type GithubDeployArgs } from "../../components/github-deploy";
import { OidcIssuerMode } from "../../components/pulumi-login";
import { ACCOUNT, awsAccount, providerArn } from "../support/aws";
import { mockPulumi, outputValue, type Recorder, settled } from "../support/pulumi";

const ROLE = "aws:iam/role:Role";
const GITHUB = "https://token.actions.githubusercontent.com";
const DEPLOY = "acme/app/.github/workflows/deploy.yml@refs/heads/main";

async function create(args: Partial<GithubDeployArgs> = {}) {
  const recorder = await mockPulumi({
    calls: awsAccount({ providers: { [GITHUB]: ["sts.amazonaws.com"] } }),
    outputs: (type, _, { name }): Record<string, unknown> => ({
      arn: type === ROLE ? `arn:aws:iam::${ACCOUNT}:role/${name}` : providerArn(GITHUB),
    }),
  });
  const deploy = new GithubDeploy("github", {
    project: "escapement",
    repository: "acme/app",
    stages: ["staging", "prod"],
    ...args,
  });
  return { deploy, recorder };
}

function conditions(recorder: Recorder, name: string): Record<string, unknown> {
  const policy = JSON.parse(recorder.find(ROLE, name).inputs.assumeRolePolicy as string);
  const { StringEquals } = policy.Statement[0].Condition;
  return Object.fromEntries(
    Object.entries(StringEquals).map(([key, value]) => [key.replace(/^.*:/, ""), value]),
  );
}

describe("GithubDeploy's preview environment", () => {
  it("takes the preview role from pull requests: their code runs with it after somebody has seen it", async () => {
    const { recorder } = await create({ previewEnvironment: "preview" });
    await settled();
    assert.equal(conditions(recorder, "github-preview").sub, "repo:acme/app:environment:preview");
    for (const { inputs } of recorder.ofType(ROLE)) {
      assert.ok(!(inputs.assumeRolePolicy as string).includes("pull_request"));
    }
  });
});

describe("GithubDeploy's workflow files", () => {
  it("are a condition of every deploy role, exact, and of no other", async () => {
    const { recorder } = await create({ jobWorkflowRefs: [DEPLOY] });
    await settled();
    assert.equal(conditions(recorder, "github-deploy-staging").job_workflow_ref, DEPLOY);
    assert.equal(conditions(recorder, "github-deploy-prod").job_workflow_ref, DEPLOY);
    assert.ok(!("job_workflow_ref" in conditions(recorder, "github-preview")));
  });
});

describe("GithubDeploy's GitHub side", () => {
  it("tells each environment the role of its jobs, and the repository what all need", async () => {
    const { recorder } = await create({
      previewEnvironment: "preview",
      environments: [{ name: "preview" }, { name: "prod", branches: ["main"] }, { name: "verify" }],
      variables: { AWS_REGION: "eu-west-1" },
      pulumiLogin: {
        organization: "acme-org",
        policies: [{ environment: "prod", team: "deployers" }, { environment: "verify" }],
      },
    });
    await settled();
    const variables = recorder
      .ofType("github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable")
      .map(({ inputs }) => [inputs.environment, inputs.variableName, inputs.value]);
    const arn = (role: string) => `arn:aws:iam::${ACCOUNT}:role/${role}`;
    assert.deepEqual(variables.sort(), [
      ["preview", "AWS_ROLE_ARN", arn("escapement-preview")],
      ["prod", "AWS_ROLE_ARN", arn("escapement-deploy-prod")],
      ["prod", "PULUMI_TOKEN_SCOPE", "team:deployers"],
      ["prod", "PULUMI_TOKEN_TYPE", "urn:pulumi:token-type:access_token:team"],
      ["verify", "PULUMI_TOKEN_TYPE", "urn:pulumi:token-type:access_token:organization"],
    ]);
    assert.deepEqual(
      recorder.ofType("github:index/actionsVariable:ActionsVariable").map(({ inputs }) => inputs.value),
      ["eu-west-1"],
    );
    const [, ...parents] = (recorder.parentage()["github-environments"] ?? "").split("$").reverse();
    assert.deepEqual(parents, ["escapement:index:GithubDeploy"]);
  });

  it("is not touched unless it is asked for", async () => {
    const { recorder } = await create();
    await settled();
    assert.ok(recorder.resources.every(({ type }) => !type.includes("github:")));
  });
});

describe("GithubDeploy's Pulumi side", () => {
  it("registers the issuer for the same repository", async () => {
    const { deploy, recorder } = await create({
      repositoryId: "42",
      repositoryOwnerId: "7",
      immutableOnly: true,
      pulumiLogin: {
        organization: "acme-org",
        mode: OidcIssuerMode.Create,
        policies: [{ environment: "prod", team: "deployers" }],
      },
    });
    const policies = JSON.parse(await outputValue(deploy.pulumiLoginPolicies));
    assert.equal(policies[0].rules.sub, "repo:acme@7/app@42:environment:prod");
    await settled();
    assert.equal(recorder.ofType("pulumiservice:index:OidcIssuer").length, 1);
  });
});

describe("GithubDeploy's further arguments", () => {
  it("are refused all at once", async () => {
    const args = {
      previewEnvironment: "prod",
      jobWorkflowRefs: ["deploy.yml@main"],
      variables: { A: "x" },
    };
    await assert.rejects(create(args), (error: Error) => {
      for (const part of [
        'previewEnvironment: "prod" is a stage',
        "jobWorkflowRefs[0]",
        "variables: are of use only together with environments",
      ])
        assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
      return true;
    });
    await settled();
    const unreviewed = {
      previewEnvironment: "preview",
      environments: [{ name: "preview" }],
      pulumiLogin: { organization: "acme-org", policies: [{ environment: "preview" }] },
    };
    await assert.rejects(create(unreviewed), /pulumiLogin\.policies\[0\]: is for previews of pull requests/);
    await settled();
    await create({ ...unreviewed, environments: [{ name: "preview", reviewerUsers: [1] }] });
    await settled();
    await assert.rejects(create({ environments: [{ name: "a:b" }] }), /environments\[0\]\.name/);
    await settled();
  });
});
