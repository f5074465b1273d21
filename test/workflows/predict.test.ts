import assert from "node:assert/strict";
import { parseWorkflow } from "../../sandbox/trust/workflow";
import {
  GITHUB_ISSUER,
  githubSubjects,
  githubTrustPolicy,
  oidcProviderArn,
  type PredictArgs,
  predictWorkflows,
  pulumiLoginPolicies,
  renderPrediction,
  type TrustRole,
} from "../../trust";

const ACCOUNT = "123456789012";
const providerArn = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const repository = { owner: "acme", name: "shop", ownerId: "11", repositoryId: "22" };
const forms = ["legacy", "immutable"] as const;
const arnOf = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const CALLED = ".github/workflows/deploy-stage.yml";

function role(name: string, args: Partial<Parameters<typeof githubTrustPolicy>[0]>): TrustRole {
  return {
    place: { text: name },
    name,
    arn: arnOf(name),
    trustPolicy: githubTrustPolicy({ providerArn, subjects: [], ...args }),
    policies: [],
    managedPolicyArns: [],
  };
}

const inProd = githubSubjects({ repository, forms, context: { kind: "environment", name: "prod" } });
const onMain = githubSubjects({ repository, forms, context: { kind: "branch", name: "main" } });
const deployProd = role("deploy-prod", { subjects: inProd, repositoryId: "22" });
const publish = role("publish", { subjects: onMain, repositoryId: "22" });
const guarded = role("guarded", {
  subjects: inProd,
  repositoryId: "22",
  jobWorkflowRefs: [`acme/shop/${CALLED}@refs/heads/main`],
});

/** The workflows' files, and what is found in them: `file:line code`. */
function predict(files: Readonly<Record<string, string>>, more: Partial<PredictArgs> = {}) {
  const workflows = Object.entries(files).map(([file, yaml]) => parseWorkflow(file, yaml));
  const prediction = predictWorkflows({
    workflows,
    roles: [deployProd, publish, guarded],
    repository,
    forms,
    ...more,
  });
  const found = prediction.findings.map(({ file, line, code }) => `${file}:${line} ${code}`);
  return { ...prediction, found, text: renderPrediction(prediction) };
}

const job = (name: string, { environment = "", uses = `\${{ vars.ROLE }}`, more = "" } = {}) => `
  ${name}:
    permissions: { id-token: write }
${environment && `    environment: ${environment}\n`}    runs-on: ubuntu-24.04
${more}    steps:
      - run: make
      - uses: aws-actions/configure-aws-credentials@0123 # v1
        with:
          aws-region: eu-west-1
          role-to-assume: ${uses}
`;
const asks = (environment: string, role: string, on = "{ push: { branches: [main] } }") =>
  `on: ${on}\njobs:${job("deploy", { environment, uses: arnOf(role) })}`;

describe("A workflow's job presents", () => {
  const subjectsOf = (yaml: string) =>
    predict({ "x.yml": yaml }).jobs.map(({ job: name, subjects }) => `${name} ${subjects[1]}`);
  const under = (context: string) => `repo:acme@11/shop@22:${context}`;

  for (const [says, yaml, expected] of [
    [
      "its environment, whatever started it",
      asks("prod", "publish", "[push, pull_request]"),
      ["environment:prod", "environment:prod"],
    ],
    ["pull_request, for a pull request", asks("", "publish", "pull_request"), ["pull_request"]],
    [
      "the branch that a push names",
      asks("", "publish", "{ push: { branches: [trunk] } }"),
      ["ref:refs/heads/trunk"],
    ],
    ["the tag that a push names", asks("", "publish", "{ push: { tags: [v1] } }"), ["ref:refs/tags/v1"]],
    [
      "the default branch, on a schedule and by hand",
      asks("", "publish", "{ schedule: [{ cron: '1 1 * * *' }], workflow_dispatch: }"),
      ["ref:refs/heads/main", "ref:refs/heads/main"],
    ],
    ["a colon of its environment's name as %3A", asks("'prod:eu'", "publish"), ["environment:prod%3Aeu"]],
  ] as const) {
    it(says, () => {
      assert.deepEqual(
        subjectsOf(yaml),
        expected.map((context) => `deploy ${under(context)}`),
      );
    });
  }

  it("each choice of an input and each value of a matrix, in turn", () => {
    const byHand = `on:
  workflow_dispatch:
    inputs: { stage: { type: choice, options: [qa, prod] } }
jobs:${job("deploy", { environment: "${{ inputs.stage }}" })}`;
    assert.deepEqual(
      subjectsOf(byHand),
      ["qa", "prod"].map((stage) => `deploy ${under(`environment:${stage}`)}`),
    );
    const matrix = `on: push\njobs:${job("deploy", {
      environment: "${{ matrix.stage }}",
      more: "    strategy: { matrix: { stage: [qa, prod] } }\n",
    })}`;
    assert.deepEqual(
      subjectsOf(matrix),
      ["qa", "prod"].map((stage) => `deploy (${stage}) ${under(`environment:${stage}`)}`),
    );
  });

  it("nothing for an event that its if: excludes; what cannot be read excludes nothing", () => {
    const on = "{ push: { branches: [main] }, pull_request: }";
    const runs = (condition: string) =>
      predict({
        "x.yml": `on: ${on}\njobs:${job("deploy", { uses: arnOf("publish"), more: `    if: ${condition}\n` })}`,
      }).jobs.map(({ event }) => event);
    assert.deepEqual(runs("github.event_name == 'push'"), ["push"]);
    assert.deepEqual(runs("${{ github.ref == 'refs/heads/main' && vars.ON != '' }}"), ["push"]);
    assert.deepEqual(runs("github.event_name != 'push'"), ["pull_request"]);
    assert.deepEqual(runs("github.event_name == 'push' || always()"), ["push", "pull_request"]);
    assert.deepEqual(runs("success()"), ["push", "pull_request"]);
  });
});

describe("trust workflow", () => {
  it("is content with a job that gets what it asks for, and tells which roles it could take", () => {
    const { found, jobs, text } = predict({ "x.yml": asks("prod", "deploy-prod") });
    assert.deepEqual(found, []);
    assert.deepEqual(
      jobs[0]?.roles.map(({ name, allowed }) => [name, allowed]),
      [
        ["deploy-prod", true],
        ["publish", false],
        ["guarded", false],
      ],
    );
    assert.match(text, /could take {2}deploy-prod\n {4}refused by {2}publish, guarded\n/);
  });

  it("fails when environment: was added to a job whose role trusts the branch: at that line, with the fix", () => {
    assert.deepEqual(predict({ "x.yml": asks("", "publish") }).found, []);
    const { found, findings, text } = predict({ "x.yml": asks("prod", "publish") });
    assert.deepEqual(found, ["x.yml:5 role-refused"]);
    assert.match(
      findings[0]?.message ?? "",
      /the job runs for the environment prod, the role trusts the branch main/,
    );
    assert.match(findings[0]?.fix ?? "", /^take environment: prod out of the job/);
    assert.match(text, /^x\.yml:5: deploy: publish would refuse this job/m);
  });

  it("fails when environment: is missing or another, and names the one to write", () => {
    const missing = predict({ "x.yml": asks("", "deploy-prod") });
    assert.deepEqual(missing.found, ["x.yml:3 role-refused"]);
    assert.equal(missing.findings[0]?.fix, "write environment: prod in the job");
    assert.deepEqual(predict({ "x.yml": asks("production", "deploy-prod") }).found, ["x.yml:5 role-refused"]);
  });

  it("fails when a branch was renamed: at the trigger's line", () => {
    const yaml = asks("", "publish", "\n  push:\n    branches: [trunk]");
    const { found, findings } = predict({ "x.yml": yaml });
    assert.deepEqual(found, ["x.yml:3 role-refused"]);
    assert.match(findings[0]?.message ?? "", /the branch trunk, the role trusts the branch main/);
    // The environment of the job keeps its subject; then GitHub itself refuses, by the environment's rules.
    const inEnvironment = predict(
      { "x.yml": asks("prod", "deploy-prod", "\n  push:\n    branches: [trunk]") },
      { environments: [{ name: "prod", branches: ["main", "release/*"], reviewed: false }] },
    );
    assert.deepEqual(inEnvironment.found, ["x.yml:3 branch-not-allowed"]);
  });

  const called = (role: string, on = "workflow_call:\n    inputs: { stage: { type: string } }") =>
    `on:\n  ${on}\njobs:${job("deploy", { environment: "${{ inputs.stage }}", uses: arnOf(role) })}`;
  const calling = (uses: string, branch = "main") => `on:
  push:
    branches: [${branch}]
jobs:
  prod:
    permissions: { id-token: write }
    uses: ./${uses}
    with: { stage: prod }
`;

  it("goes into reusable workflows, and fails when one was moved: at the line that calls it", () => {
    const files = (path: string, branch?: string) => ({
      ".github/workflows/deploy.yml": calling(path, branch),
      [path]: called("guarded"),
    });
    const kept = predict(files(CALLED));
    assert.deepEqual(kept.found, []);
    assert.deepEqual(
      kept.jobs.map(({ job: name, jobWorkflowRef }) => [name, jobWorkflowRef]),
      [["prod / deploy", `acme/shop/${CALLED}@refs/heads/main`]],
    );
    const moved = predict(files(".github/workflows/ship.yml"));
    assert.deepEqual(moved.found, [".github/workflows/deploy.yml:7 role-refused"]);
    assert.match(moved.findings[0]?.message ?? "", /written in acme\/shop\/\.github\/workflows\/ship\.yml/);
    assert.match(
      moved.findings[0]?.fix ?? "",
      /^call the trusted file: acme\/shop\/\.github\/workflows\/deploy-stage\.yml@/,
    );
    const renamed = predict(files(CALLED, "trunk"));
    assert.deepEqual(renamed.found, [".github/workflows/deploy.yml:7 role-refused"]);
    assert.match(renamed.findings[0]?.message ?? "", /as trunk has it, the role trusts it as of main/);
  });

  it("fails for a repository with immutable subjects whose role trusts names only, and tells what to give", () => {
    const byName = role("by-name", {
      subjects: githubSubjects({
        repository,
        forms: ["legacy"],
        context: { kind: "environment", name: "prod" },
      }),
    });
    const yaml = asks("prod", "by-name");
    assert.deepEqual(predict({ "x.yml": yaml }, { roles: [byName], forms: ["legacy"] }).found, []);
    const { found, findings } = predict({ "x.yml": yaml }, { roles: [byName], forms: ["immutable"] });
    assert.deepEqual(found, ["x.yml:9 role-refused"]);
    assert.match(findings[0]?.fix ?? "", /repositoryId and repositoryOwnerId/);
  });

  it("fails when a job may not ask for a token, a reusable one by what its caller may too", () => {
    const without = asks("prod", "deploy-prod").replace(/ *permissions:.*\n/, "");
    assert.deepEqual(predict({ "x.yml": without }).found, ["x.yml:8 no-id-token"]);
    const nested = predict({
      ".github/workflows/deploy.yml": calling(CALLED).replace(/ *permissions:.*\n/, ""),
      [CALLED]: called("guarded"),
    });
    assert.deepEqual(nested.found, [`${CALLED}:11 no-id-token`]);
  });

  it("reads variables: the environment's before the repository's; one that is not set is found", () => {
    const yaml = `on: push\njobs:${job("deploy", { environment: "prod" })}`;
    const variables = [
      { name: "ROLE", value: arnOf("publish") },
      { environment: "prod", name: "ROLE", value: arnOf("deploy-prod") },
      { environment: "qa", name: "ROLE", value: arnOf("guarded") },
    ];
    const { found, jobs } = predict({ "x.yml": yaml }, { variables });
    assert.deepEqual(found, []);
    assert.equal(jobs[0]?.logins[0]?.asksFor, "deploy-prod");
    assert.deepEqual(predict({ "x.yml": yaml }).found, ["x.yml:12 role-unknown"]);
    assert.deepEqual(predict({ "x.yml": asks("prod", "nobody") }).found, ["x.yml:12 role-unknown"]);
  });

  it("fails for an environment that nobody declared: GitHub would make it, without rules", () => {
    const environments = [{ name: "staging", branches: undefined, reviewed: false }];
    const { found } = predict({ "x.yml": asks("prod", "deploy-prod") }, { environments });
    assert.deepEqual(found, ["x.yml:5 environment-unknown"]);
  });

  it("judges what a job asks of Pulumi by the issuer's policies", () => {
    const login = (environment: string, scope: string) => `on: push
jobs:
  deploy:
    permissions: { id-token: write }
    environment: ${environment}
    steps:
      - uses: pulumi/auth-actions@0123 # v1
        with:
          organization: acme
          requested-token-type: urn:pulumi:token-type:access_token:team
          scope: ${scope}
`;
    const pulumiPolicies = pulumiLoginPolicies({ organization: "acme", subjects: inProd, team: "deployers" });
    const found = (environment: string, scope: string) =>
      predict({ "x.yml": login(environment, scope) }, { pulumiPolicies }).found;
    assert.deepEqual(found("prod", "team:deployers"), []);
    assert.deepEqual(found("qa", "team:deployers"), ["x.yml:5 pulumi-refused"]);
    assert.deepEqual(found("prod", "team:admins"), ["x.yml:7 pulumi-refused"]);
    assert.deepEqual(found("prod", ""), ["x.yml:7 pulumi-refused"]);
  });

  it("says what it cannot see, and does not judge it", () => {
    const unknown = predict({ "x.yml": asks("${{ needs.plan.outputs.stage }}", "deploy-prod") });
    assert.deepEqual(unknown.found, []);
    assert.match(unknown.text, /note {8}environment \$\{\{ needs\.plan\.outputs\.stage \}\} cannot be told/);
    const elsewhere = predict({
      "x.yml": calling(CALLED).replace(`./${CALLED}`, "acme/ci/.github/workflows/d.yml@main"),
    });
    assert.deepEqual(elsewhere.found, []);
    assert.equal(elsewhere.jobs[0]?.jobWorkflowRef, "acme/ci/.github/workflows/d.yml@refs/heads/main");
    assert.match(elsewhere.text, /is not read: what its jobs ask for cannot be seen/);
  });
});
