import assert from "node:assert/strict";
import { GithubEnvironments, type GithubEnvironmentsArgs } from "../../components/github-environments";
import { mockPulumi, outputValue, settled } from "../support/pulumi";

const ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment";
const POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";

async function create(args: Partial<GithubEnvironmentsArgs> = {}) {
  const recorder = await mockPulumi();
  const github = new GithubEnvironments("github", {
    repository: "acme/app",
    environments: [{ name: "prod" }],
    ...args,
  });
  return { github, recorder };
}

describe("GithubEnvironments", () => {
  it("gives an environment its reviewers, who may not approve themselves nor be passed over, and its branches", async () => {
    const { recorder, github } = await create({
      environments: [
        {
          name: "prod",
          reviewerTeams: [7],
          reviewerUsers: [8],
          branches: ["main", "release/*"],
          waitMinutes: 5,
        },
      ],
    });
    assert.deepEqual(await outputValue(github.names), ["prod"]);
    await settled();
    assert.deepEqual(recorder.find(ENVIRONMENT, "github-prod").inputs, {
      repository: "app",
      environment: "prod",
      reviewers: [{ teams: [7], users: [8] }],
      preventSelfReview: true,
      canAdminsBypass: false,
      waitTimer: 5,
      deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
    });
    assert.deepEqual(
      recorder.ofType(POLICY).map(({ inputs }) => inputs),
      ["main", "release/*"].map((branchPattern) => ({
        repository: "app",
        environment: "prod",
        branchPattern,
      })),
    );
    assert.equal(recorder.find("pulumi:providers:github", "github-provider").inputs.owner, "acme");
  });

  it("asks for no rule that is not given: free plans refuse them on private repositories", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.find(ENVIRONMENT, "github-prod").inputs, {
      repository: "app",
      environment: "prod",
    });
    assert.deepEqual(recorder.ofType(POLICY), []);
  });

  it("lets those pass over the rules that it is told to", async () => {
    const { recorder } = await create({
      environments: [{ name: "prod", reviewerUsers: [8], selfReview: true, adminsCanBypass: true }],
    });
    await settled();
    const { preventSelfReview, canAdminsBypass } = recorder.find(ENVIRONMENT, "github-prod").inputs;
    assert.deepEqual(
      { preventSelfReview, canAdminsBypass },
      { preventSelfReview: false, canAdminsBypass: true },
    );
  });

  it("sets variables of an environment and of the repository, and never a secret", async () => {
    const { recorder } = await create({
      environments: [{ name: "prod", variables: { AWS_ROLE_ARN: "arn:aws:iam::1:role/x" } }],
      variables: { AWS_REGION: "eu-west-1" },
    });
    await settled();
    assert.deepEqual(
      recorder.find(
        "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
        "github-prod-AWS_ROLE_ARN",
      ).inputs,
      {
        repository: "app",
        environment: "prod",
        variableName: "AWS_ROLE_ARN",
        value: "arn:aws:iam::1:role/x",
      },
    );
    assert.deepEqual(
      recorder.find("github:index/actionsVariable:ActionsVariable", "github-AWS_REGION").inputs,
      {
        repository: "app",
        variableName: "AWS_REGION",
        value: "eu-west-1",
      },
    );
    assert.ok(recorder.resources.every(({ type }) => !/secret/i.test(type)));
  });

  it("refuses arguments all at once", async () => {
    const environments = [
      { name: "a:b", branches: [], reviewerUsers: [1, 2, 3, 4], reviewerTeams: [5, 6, 0.5], waitMinutes: -1 },
      { name: "prod", variables: { lower: "x" } },
      { name: "Prod" },
    ];
    await assert.rejects(
      create({ repository: "app", environments, variables: { GITHUB_X: "x" } }),
      (error: Error) => {
        for (const part of [
          'repository: "app"',
          'environments[0].name: "a:b"',
          "environments[0].branches",
          "more than GitHub's six",
          "0.5 must be an id",
          "environments[0].waitMinutes",
          "environments[1].variables.lower",
          'environments[2].name: "Prod" is listed twice',
          "variables.GITHUB_X",
        ]) {
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        }
        return true;
      },
    );
    await settled();
  });
});
