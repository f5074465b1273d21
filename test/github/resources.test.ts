import assert from "node:assert/strict";
import type { ResourceRequest, UpdateRequest } from "../../sandbox/engine/cloud";
import { createGithubCloud, GithubRepositories } from "../../sandbox/github";

const ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment";
const POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";
const VARIABLE = "github:index/actionsVariable:ActionsVariable";
const ENVIRONMENT_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable";

const acme = { package: "github", urn: "urn", inputs: { owner: "acme" } };
const request = (type: string, inputs: Record<string, unknown>, provider: object | undefined = acme) =>
  ({ type, name: "it", inputs, provider }) as unknown as ResourceRequest;
const branches = (own: boolean) => ({
  deploymentBranchPolicy: { protectedBranches: !own, customBranchPolicies: own },
});

describe("GitHub's resources in the sandbox", () => {
  let repositories: GithubRepositories;
  const create = async (type: string, inputs: Record<string, unknown>) =>
    resource(type).create(request(type, { repository: "app", ...inputs }));
  const resource = (type: string) => {
    const found = createGithubCloud(repositories).resources[type];
    assert.ok(found, type);
    return found;
  };
  beforeEach(() => {
    repositories = new GithubRepositories();
  });

  it("make an environment with its rules, branches and variables, and keep what others set when rules change", async () => {
    const rules = { reviewers: [{ teams: [1], users: [] }], preventSelfReview: true, ...branches(true) };
    assert.equal((await create(ENVIRONMENT, { environment: "prod", ...rules })).id, "app:prod");
    const policy = await create(POLICY, { environment: "prod", branchPattern: "main" });
    assert.equal(policy.id, "app:prod:1");
    await create(ENVIRONMENT_VARIABLE, { environment: "prod", variableName: "A", value: "1" });
    await create(VARIABLE, { variableName: "B", value: "2" });

    const changed = { repository: "app", environment: "prod", waitTimer: 5, ...branches(true) };
    await resource(ENVIRONMENT).update?.({
      ...request(ENVIRONMENT, changed),
      old: { id: "app:prod", inputs: {}, outputs: {} },
    } as UpdateRequest);
    const prod = repositories.environment("acme/app", "prod");
    assert.deepEqual(prod.rules, { waitTimer: 5, ...branches(true) });
    assert.deepEqual([...prod.policies.values()], ["main"]);
    assert.deepEqual([...prod.variables], [["A", "1"]]);
    assert.deepEqual([...repositories.repository("acme/app").variables], [["B", "2"]]);
  });

  it("take away what they made, and are content when it is gone", async () => {
    await create(ENVIRONMENT, { environment: "prod", ...branches(true) });
    const { id } = await create(POLICY, { environment: "prod", branchPattern: "main" });
    const removal = (type: string, inputs: Record<string, unknown>, own: string) =>
      resource(type).delete?.({ ...request(type, { repository: "app", ...inputs }), id: own, outputs: {} });
    await removal(POLICY, { environment: "prod" }, id);
    assert.equal(repositories.environment("acme/app", "prod").policies.size, 0);
    await removal(ENVIRONMENT, { environment: "prod" }, "app:prod");
    await removal(ENVIRONMENT_VARIABLE, { environment: "prod", variableName: "A" }, "app:prod:A");
    assert.throws(() => repositories.environment("acme/app", "prod"), /no environment prod/);
  });

  it("go on from what another cloud was", async () => {
    await create(ENVIRONMENT, { environment: "prod", ...branches(true) });
    await create(POLICY, { environment: "prod", branchPattern: "main" });
    const next = new GithubRepositories(structuredClone(repositories.content()));
    assert.deepEqual(next.content(), repositories.content());
    assert.equal(next.addPolicy("acme/app", "prod", "release/*"), 2);
  });

  for (const [says, type, inputs, expected] of [
    [
      "branch rules of both kinds, or of none",
      ENVIRONMENT,
      {
        environment: "prod",
        deploymentBranchPolicy: { protectedBranches: true, customBranchPolicies: true },
      },
      /cannot be the same \(422\)/,
    ],
    [
      "seven reviewers",
      ENVIRONMENT,
      { environment: "prod", reviewers: [{ teams: [1, 2, 3], users: [4, 5, 6, 7] }] },
      /at most six/,
    ],
    [
      "a branch of an environment that takes none",
      POLICY,
      { environment: "open", branchPattern: "main" },
      /no custom branch policies/,
    ],
    [
      "a policy that says nothing",
      POLICY,
      { environment: "open" },
      /takes one of branchPattern and tagPattern/,
    ],
    [
      "a variable of an environment that is not there",
      ENVIRONMENT_VARIABLE,
      { environment: "qa", variableName: "A", value: "1" },
      /no environment qa/,
    ],
    ["a variable twice", VARIABLE, { variableName: "THERE", value: "1" }, /already \(409/],
    [
      "an input that the sandbox does not know",
      VARIABLE,
      { variableName: "A", value: "1", secret: true },
      /does not know the input secret/,
    ],
  ] as const) {
    it(`refuse ${says}`, async () => {
      await create(ENVIRONMENT, { environment: "open" });
      await create(VARIABLE, { variableName: "THERE", value: "0" });
      await assert.rejects(create(type, inputs), expected);
    });
  }

  it("refuse a provider without an owner, which would look elsewhere", async () => {
    const wrong = request(VARIABLE, { repository: "app", variableName: "A", value: "1" }, { inputs: {} });
    await assert.rejects(async () => resource(VARIABLE).create(wrong), /has no owner/);
  });
});
