import assert from "node:assert/strict";
import { GithubDeploy, type GithubDeployArgs } from "../../components/github-deploy";
import { OidcProviderMode } from "../../components/oidc-provider";
import type { PolicyStatement } from "../../trust/index";
import { ACCOUNT, awsAccount, providerArn } from "../support/aws";
import {
  isUnknown,
  type MockOptions,
  mockPulumi,
  outputValue,
  type Recorder,
  settled,
} from "../support/pulumi";

const ROLE = "aws:iam/role:Role";
const POLICY = "aws:iam/rolePolicy:RolePolicy";
const PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
const GITHUB = "https://token.actions.githubusercontent.com";
const providers = { [GITHUB]: ["sts.amazonaws.com"] };

async function create(args: Partial<GithubDeployArgs> = {}, options: MockOptions = {}) {
  const recorder = await mockPulumi({
    calls: awsAccount({ providers }),
    outputs: (type, _, { name }): Record<string, unknown> => {
      if (options.preview) return {};
      return { arn: type === ROLE ? `arn:aws:iam::${ACCOUNT}:role/${name}` : providerArn(GITHUB) };
    },
    ...options,
  });
  const deploy = new GithubDeploy("github", {
    project: "escapement",
    repository: "acme/app",
    stages: ["staging", "prod"],
    ...args,
  });
  return { deploy, recorder };
}

const trustOf = (recorder: Recorder, name: string) =>
  JSON.parse(recorder.find(ROLE, name).inputs.assumeRolePolicy as string);
const policyOf = (recorder: Recorder, name: string) =>
  JSON.parse(recorder.find(POLICY, `${name}-permissions`).inputs.policy as string);

const trust = (subject: string | string[], more: Record<string, string> = {}) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "GithubDeploy",
      Effect: "Allow",
      Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com` },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": subject,
          ...more,
        },
      },
    },
  ],
});

/** Every way to a secret value, denied in every role. */
const denials = (parameters: Record<string, string>) => [
  {
    Sid: "DenySecretValues",
    Effect: "Deny",
    Action: ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"],
    Resource: "*",
  },
  { Sid: "DenyDecryption", Effect: "Deny", Action: ["kms:Decrypt", "kms:ReEncryptFrom"], Resource: "*" },
  {
    Sid: "DenyParameterValues",
    Effect: "Deny",
    Action: ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"],
    ...parameters,
  },
  { Sid: "DenyFurtherRoles", Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" },
];

describe("GithubDeploy's trust", () => {
  it("is exact: pull requests for the preview, the stage's GitHub environment for its deploy role", async () => {
    for (const preview of [false, true]) {
      const { recorder } = await create({}, { preview });
      await settled();
      assert.deepEqual(trustOf(recorder, "github-preview"), trust("repo:acme/app:pull_request"));
      assert.deepEqual(
        trustOf(recorder, "github-deploy-staging"),
        trust("repo:acme/app:environment:staging"),
      );
      assert.deepEqual(trustOf(recorder, "github-deploy-prod"), trust("repo:acme/app:environment:prod"));
    }
  });

  it("takes both forms of the subject, of this repository alone, once the ids are known", async () => {
    const { recorder } = await create({ repositoryId: "42", repositoryOwnerId: "7" });
    await settled();
    assert.deepEqual(
      trustOf(recorder, "github-deploy-prod"),
      trust(["repo:acme/app:environment:prod", "repo:acme@7/app@42:environment:prod"], {
        "token.actions.githubusercontent.com:repository_id": "42",
      }),
    );
  });

  it("takes the immutable subject only, when told", async () => {
    const { recorder } = await create({ repositoryId: "42", repositoryOwnerId: "7", immutableOnly: true });
    await settled();
    assert.deepEqual(
      trustOf(recorder, "github-preview"),
      trust("repo:acme@7/app@42:pull_request", {
        "token.actions.githubusercontent.com:repository_id": "42",
      }),
    );
  });
});

describe("GithubDeploy's preview role", () => {
  it("can look up OIDC providers and which entries have versions, and nothing secret whatever others allow", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(policyOf(recorder, "github-preview"), {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Entries",
          Effect: "Allow",
          Action: ["secretsmanager:ListSecretVersionIds"],
          Resource: `arn:aws:secretsmanager:*:${ACCOUNT}:secret:escapement/*`,
        },
        { Sid: "Lists", Effect: "Allow", Action: ["iam:ListOpenIDConnectProviders"], Resource: "*" },
        {
          Sid: "LookUpProviders",
          Effect: "Allow",
          Action: ["iam:GetOpenIDConnectProvider"],
          Resource: `arn:aws:iam::${ACCOUNT}:oidc-provider/*`,
        },
        ...denials({ Resource: "*" }),
      ],
    });
  });
});

describe("GithubDeploy's deploy roles", () => {
  it("can change what carries the stage's names, in the account's partition, and nothing else", async () => {
    const calls = awsAccount({ partition: "aws-us-gov", providers });
    const { recorder } = await create(
      { namePrefix: "acme-", rolePath: "/teams/web/" },
      { calls, outputs: () => ({}), preview: true },
    );
    await settled();
    const { Statement } = policyOf(recorder, "github-deploy-staging") as { Statement: PolicyStatement[] };
    const resources = Statement.filter(({ Effect }) => Effect === "Allow").map((s) => [s.Sid, s.Resource]);
    const at = (service: string, resource: string) => `arn:aws-us-gov:${service}:${ACCOUNT}:${resource}`;
    assert.deepEqual(Object.fromEntries(resources), {
      Entries: at("secretsmanager:*", "secret:acme-escapement/staging/*"),
      Roles: at("iam:", "role/teams/web/acme-escapement-staging-*"),
      BoundedRoles: at("iam:", "role/teams/web/acme-escapement-staging-*"),
      PassRoles: at("iam:", "role/teams/web/acme-escapement-staging-*"),
      Functions: at("lambda:*", "function:acme-escapement-staging-*"),
      LogGroups: ["lambda", "vendedlogs"].map((owner) =>
        at("logs:*", `log-group:/aws/${owner}/acme-escapement-staging-*`),
      ),
      Alarms: at("cloudwatch:*", "alarm:acme-escapement-staging-*"),
      Dashboards: at("cloudwatch:", "dashboard/acme-escapement-staging-*"),
      EventRules: at("events:*", "rule/acme-escapement-staging-*"),
      Tables: at("dynamodb:*", "table/acme-escapement-staging-*"),
      Parameters: at("ssm:*", "parameter/acme-escapement/staging/*"),
      LookUpProviders: at("iam:", "oidc-provider/*"),
      Lists: "*",
    });
    const denied = Statement.filter(({ Effect }) => Effect === "Deny");
    const secret = denials({ NotResource: at("ssm:*", "parameter/acme-escapement/staging/*") });
    assert.deepEqual(denied.slice(0, secret.length), secret);
    const boundary = at("iam:", "policy/teams/web/acme-escapement-boundary-staging");
    assert.deepEqual(denied.find(({ Sid }) => Sid === "DenyBoundary")?.Resource, boundary);
    assert.deepEqual(denied.find(({ Sid }) => Sid === "DenyRolesWithoutBoundary")?.Condition, {
      StringNotEquals: { "iam:PermissionsBoundary": boundary },
    });
  });

  it("take the boundary that the company has", async () => {
    const own = `arn:aws:iam::${ACCOUNT}:policy/company`;
    const { recorder } = await create({ stageBoundaryArn: own, stages: ["prod"] });
    await settled();
    const { Statement } = policyOf(recorder, "github-deploy-prod") as { Statement: PolicyStatement[] };
    assert.deepEqual(Statement.find(({ Sid }) => Sid === "BoundedRoles")?.Condition, {
      StringEquals: { "iam:PermissionsBoundary": own },
    });
  });

  it("list each action by name, and only list where AWS cannot narrow", async () => {
    const { recorder } = await create();
    await settled();
    const { Statement } = policyOf(recorder, "github-deploy-prod") as { Statement: PolicyStatement[] };
    for (const { Sid, Effect, Action, Resource } of Statement) {
      for (const action of [Action ?? []].flat()) assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, Sid);
      if (Effect === "Allow" && Resource === "*") {
        for (const action of [Action ?? []].flat()) assert.match(action, /:(List|Describe)/, Sid);
      }
    }
  });

  it("hand roles to Lambda only", async () => {
    const { recorder } = await create();
    await settled();
    const { Statement } = policyOf(recorder, "github-deploy-prod") as { Statement: PolicyStatement[] };
    const passing = Statement.filter(
      ({ Action, Effect }) => Effect === "Allow" && [Action ?? []].flat().includes("iam:PassRole"),
    );
    assert.deepEqual(passing, [
      {
        Sid: "PassRoles",
        Effect: "Allow",
        Action: ["iam:PassRole"],
        Resource: `arn:aws:iam::${ACCOUNT}:role/escapement-prod-*`,
        Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
      },
    ]);
  });

  it("are not among the roles that any of them can change", async () => {
    const { recorder } = await create();
    await settled();
    for (const { inputs } of recorder.ofType(ROLE)) {
      assert.doesNotMatch(inputs.name as string, /^escapement-(staging|prod)-/);
    }
  });

  it("fit into an inline policy, whose limit is 10,240 characters", async () => {
    const { recorder } = await create({
      project: "p".repeat(20),
      stages: ["s".repeat(20)],
      rolePath: "/a/b/c/",
      httpApis: true,
    });
    await settled();
    for (const { inputs } of recorder.ofType(POLICY)) assert.ok((inputs.policy as string).length < 10_240);
  });
});

describe("GithubDeploy", () => {
  it("is the parent of everything it creates, and names it", async () => {
    const { recorder } = await create({ stages: ["prod"], oidcProvider: OidcProviderMode.Create });
    await settled();
    const own = "escapement:index:GithubDeploy";
    assert.deepEqual(recorder.parentage(), {
      github: own,
      "github-oidc": `${own}$escapement:index:OidcProvider`,
      "github-oidc-provider": `escapement:index:OidcProvider$${PROVIDER}`,
      "github-preview": `${own}$${ROLE}`,
      "github-preview-permissions": `${own}$${POLICY}`,
      "github-deploy-prod": `${own}$${ROLE}`,
      "github-deploy-prod-permissions": `${own}$${POLICY}`,
    });
    assert.deepEqual(
      recorder
        .ofType(ROLE)
        .map(({ inputs }) => inputs.name)
        .sort(),
      ["escapement-deploy-prod", "escapement-preview"],
    );
    assert.deepEqual(recorder.find(PROVIDER, "github-oidc-provider").inputs, {
      url: GITHUB,
      clientIdLists: ["sts.amazonaws.com"],
    });
  });

  it("passes on the path, the boundary and the tags to every role", async () => {
    const limits = {
      path: "/ci/",
      permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/b`,
      tags: { team: "web" },
    };
    const { path, ...args } = limits;
    const { recorder } = await create({ ...args, rolePath: path });
    await settled();
    for (const { inputs } of recorder.ofType(ROLE)) {
      const { path, permissionsBoundary, tags } = inputs;
      assert.deepEqual({ path, permissionsBoundary, tags }, limits);
    }
  });

  it("takes the audience that China's workflows ask for", async () => {
    const audience = "sts.amazonaws.com.cn";
    const calls = awsAccount({ partition: "aws-cn", providers: { [GITHUB]: [audience] } });
    const { recorder } = await create({ audience }, { calls });
    await settled();
    const [{ Principal, Condition }] = trustOf(recorder, "github-preview").Statement;
    assert.equal(Principal.Federated, providerArn(GITHUB, "aws-cn"));
    assert.equal(Condition.StringEquals["token.actions.githubusercontent.com:aud"], audience);
  });

  it("registers its outputs", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.registeredOutputs("github"), [
      "deployRoleArns",
      "previewRoleArn",
      "providerArn",
      "pulumiLoginPolicies",
    ]);
  });

  it("publishes the roles by stage, unknown in a preview", async () => {
    const { deploy } = await create();
    assert.deepEqual(await outputValue(deploy.deployRoleArns), {
      staging: `arn:aws:iam::${ACCOUNT}:role/escapement-deploy-staging`,
      prod: `arn:aws:iam::${ACCOUNT}:role/escapement-deploy-prod`,
    });
    assert.equal(await outputValue(deploy.previewRoleArn), `arn:aws:iam::${ACCOUNT}:role/escapement-preview`);
    assert.equal(await outputValue(deploy.providerArn), providerArn(GITHUB));
    await settled();
    const preview = await create({}, { preview: true });
    assert.equal(await isUnknown(preview.deploy.deployRoleArns), true);
    await settled();
  });
});

describe("GithubDeploy's arguments", () => {
  for (const { says, args, parts } of [
    {
      says: "are refused all at once",
      args: { repository: "app", repositoryId: "x", immutableOnly: true, project: "a b", rolePath: "ci" },
      parts: [
        'repository: "app"',
        'repositoryId: "x"',
        "repositoryId: is of use only",
        'project: "a b"',
        "rolePath",
      ],
    },
    {
      says: "need ids for the immutable subject",
      args: { immutableOnly: true },
      parts: ["immutableOnly: needs repositoryId and repositoryOwnerId"],
    },
    {
      says: "name stages whose names do not reach into each other's, nor into the deploy roles'",
      args: { stages: ["prod", "prod-eu", "deploy", "a b", "dev", "dev", "deploy-x"] },
      parts: [
        'stages[0]: "prod" would have power over "prod-eu"',
        "stages[2]",
        'stages[3]: "a b"',
        "stages[5]",
        "stages[6]",
      ],
    },
    {
      says: "name resource types that have a row in the table of actions",
      args: { resourceTypes: ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:sqs/queue:Queue"] },
      parts: ["resourceTypes[1]: aws:sqs/queue:Queue: no deploy role could make it"],
    },
    { says: "name a stage", args: { stages: [] }, parts: ["stages: must name at least one"] },
  ]) {
    it(says, async () => {
      await assert.rejects(create(args), (error: Error) => {
        for (const part of parts)
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        return true;
      });
      await settled();
    });
  }
});
