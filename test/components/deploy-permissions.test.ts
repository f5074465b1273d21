import assert from "node:assert/strict";
import { deployPolicy as deployPolicyFor, previewPolicy } from "../../components/deploy-permissions";
import { stageResources } from "../../components/stage-resources";
import { evaluateAccess, type PolicyDocument, renderDecision, type Verdict } from "../../trust/index";
import { ACCOUNT } from "../support/aws";

const scope = {
  partition: "aws",
  accountId: ACCOUNT,
  project: "escapement",
  stage: "staging",
  rolePath: "/",
  boundaryArn: `arn:aws:iam::${ACCOUNT}:policy/escapement-boundary-staging`,
};
const deployPolicy = (scope: Parameters<typeof deployPolicyFor>[0], httpApis = false) =>
  deployPolicyFor(scope, stageResources({ httpApis }));
const bounded = { "iam:PermissionsBoundary": scope.boundaryArn };
const roleArn = `arn:aws:iam::${ACCOUNT}:role/escapement-deploy-staging`;
const at = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`;
const iam = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;

type Question = readonly [
  verdict: Verdict,
  action: string,
  resource: string,
  context?: Readonly<Record<string, string>>,
  /** The statement that has to have decided. */
  because?: string,
];

function ask(policy: PolicyDocument, questions: readonly Question[], resourcePolicy?: PolicyDocument) {
  for (const [verdict, action, resource, context, because] of questions) {
    const decision = evaluateAccess({
      request: {
        principal: {
          kind: "session",
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/escapement-deploy-staging/ci`,
          roleArn,
        },
        action,
        resource,
        context,
      },
      identityPolicies: [policy],
      resourcePolicy,
    });
    assert.equal(decision.verdict, verdict, `${action}: ${renderDecision(decision)}`);
    if (because !== undefined) assert.equal(decision.deciding.statement?.sid, because, action);
  }
}

/** What an entry, a key or a parameter may say of itself: everybody in the account may. */
const openToAccount: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
};

const secretReads: readonly Question[] = [
  [
    "explicitly-denied",
    "secretsmanager:GetSecretValue",
    at("secretsmanager", "secret:escapement/staging/jwt-AbCdEf"),
  ],
  ["explicitly-denied", "secretsmanager:BatchGetSecretValue", "*"],
  ["explicitly-denied", "kms:Decrypt", at("kms", "key/1234")],
  ["explicitly-denied", "kms:ReEncryptFrom", at("kms", "key/1234")],
  ["explicitly-denied", "ssm:GetParameter", at("ssm", "parameter/shop/password")],
  ["explicitly-denied", "ssm:GetParameters", at("ssm", "parameter/shop/password")],
  ["explicitly-denied", "ssm:GetParametersByPath", at("ssm", "parameter/shop/")],
  ["explicitly-denied", "ssm:GetParameterHistory", at("ssm", "parameter/shop/password")],
  ["explicitly-denied", "sts:AssumeRole", iam("role/escapement-staging-adapter")],
];

describe("A deploy role", () => {
  it("can make what the components make for its stage", () => {
    ask(deployPolicy(scope), [
      ["allowed", "secretsmanager:CreateSecret", at("secretsmanager", "secret:escapement/staging/jwt")],
      [
        "allowed",
        "secretsmanager:PutResourcePolicy",
        at("secretsmanager", "secret:escapement/staging/jwt-AbCdEf"),
      ],
      ["allowed", "iam:CreateRole", iam("role/escapement-staging-esc-login"), bounded],
      ["allowed", "iam:PutRolePolicy", iam("role/escapement-staging-adapter"), bounded],
      [
        "allowed",
        "iam:PassRole",
        iam("role/escapement-staging-adapter"),
        { "iam:PassedToService": "lambda.amazonaws.com" },
      ],
      ["allowed", "lambda:CreateFunction", at("lambda", "function:escapement-staging-adapter")],
      ["allowed", "lambda:CreateFunctionUrlConfig", at("lambda", "function:escapement-staging-adapter")],
      ["allowed", "lambda:AddPermission", at("lambda", "function:escapement-staging-adapter")],
      ["allowed", "logs:CreateLogGroup", at("logs", "log-group:/aws/lambda/escapement-staging-adapter")],
      [
        "allowed",
        "logs:CreateLogGroup",
        at("logs", "log-group:/aws/vendedlogs/escapement-staging-adapter-access"),
      ],
      ["allowed", "cloudwatch:PutMetricAlarm", at("cloudwatch", "alarm:escapement-staging-adapter-refusals")],
      [
        "allowed",
        "cloudwatch:PutDashboard",
        `arn:aws:cloudwatch::${ACCOUNT}:dashboard/escapement-staging-adapter`,
      ],
      ["allowed", "dynamodb:CreateTable", at("dynamodb", "table/escapement-staging-adapter-replay")],
      ["allowed", "ssm:PutParameter", at("ssm", "parameter/escapement/staging/adapter/audience")],
      ["allowed", "ssm:GetParameter", at("ssm", "parameter/escapement/staging/adapter/audience")],
      ["allowed", "iam:GetOpenIDConnectProvider", iam("oidc-provider/api.pulumi.com/oidc")],
    ]);
  });

  it("can touch no other stage, no other project, no deploy role, and no provider", () => {
    ask(deployPolicy(scope), [
      [
        "implicitly-denied",
        "secretsmanager:CreateSecret",
        at("secretsmanager", "secret:escapement/prod/jwt"),
      ],
      ["implicitly-denied", "lambda:UpdateFunctionCode", at("lambda", "function:escapement-prod-adapter")],
      ["implicitly-denied", "lambda:UpdateFunctionCode", at("lambda", "function:shop-staging-adapter")],
      [
        "implicitly-denied",
        "cloudwatch:DeleteAlarms",
        at("cloudwatch", "alarm:escapement-prod-adapter-refusals"),
      ],
      ["implicitly-denied", "apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis"],
      ["implicitly-denied", "iam:CreateUser", iam("user/escapement-staging-x")],
      [
        "implicitly-denied",
        "secretsmanager:PutSecretValue",
        at("secretsmanager", "secret:escapement/staging/jwt-AbCdEf"),
      ],
      ["implicitly-denied", "lambda:InvokeFunction", at("lambda", "function:escapement-staging-adapter")],
    ]);
  });

  it("is refused outright whatever would let it grow, each by the statement that is for it", () => {
    const adapter = iam("role/escapement-staging-adapter");
    const boundary = scope.boundaryArn;
    const noBoundary = "DenyRolesWithoutBoundary";
    const other = { "iam:PermissionsBoundary": `arn:aws:iam::${ACCOUNT}:policy/wider` };
    const passed = (service: string) => ({ "iam:PassedToService": service });
    ask(
      deployPolicy(scope),
      [
        ["explicitly-denied", "iam:CreateRole", adapter, undefined, noBoundary],
        ["explicitly-denied", "iam:CreateRole", adapter, other, noBoundary],
        ["explicitly-denied", "iam:PutRolePolicy", adapter, undefined, noBoundary],
        ["explicitly-denied", "iam:AttachRolePolicy", adapter, undefined, noBoundary],
        ["explicitly-denied", "iam:PutRolePermissionsBoundary", adapter, other, noBoundary],
        ["explicitly-denied", "iam:DeleteRolePermissionsBoundary", adapter, bounded, "DenyUnbounding"],
        ["explicitly-denied", "iam:CreatePolicyVersion", boundary, undefined, "DenyBoundary"],
        ["explicitly-denied", "iam:SetDefaultPolicyVersion", boundary, undefined, "DenyBoundary"],
        ["explicitly-denied", "iam:DeletePolicy", boundary, undefined, "DenyBoundary"],
        [
          "explicitly-denied",
          "iam:AddClientIDToOpenIDConnectProvider",
          iam("oidc-provider/api.pulumi.com/oidc"),
          undefined,
          "DenyOidcProviders",
        ],
        [
          "explicitly-denied",
          "iam:DeleteOpenIDConnectProvider",
          iam("oidc-provider/api.pulumi.com/oidc"),
          undefined,
          "DenyOidcProviders",
        ],
        ["explicitly-denied", "iam:PutRolePolicy", roleArn, bounded, "DenyOtherRoles"],
        [
          "explicitly-denied",
          "iam:UpdateAssumeRolePolicy",
          iam("role/escapement-preview"),
          undefined,
          "DenyOtherRoles",
        ],
        [
          "explicitly-denied",
          "iam:CreateRole",
          iam("role/elsewhere/escapement-staging-adapter"),
          bounded,
          "DenyOtherRoles",
        ],
        ["explicitly-denied", "iam:PassRole", adapter, passed("ec2.amazonaws.com"), "DenyPassingRolesOn"],
        [
          "explicitly-denied",
          "iam:PassRole",
          iam("role/admin"),
          passed("lambda.amazonaws.com"),
          "DenyOtherRoles",
        ],
        ["allowed", "iam:PassRole", adapter, passed("lambda.amazonaws.com")],
        ["allowed", "iam:PutRolePermissionsBoundary", adapter, bounded],
      ],
      openToAccount,
    );
  });

  it("can make what a type with a row needs, and names the types without one", () => {
    const attach = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
    const role = iam("role/escapement-staging-adapter");
    ask(deployPolicy(scope), [["implicitly-denied", "iam:AttachRolePolicy", role, bounded]]);
    ask(deployPolicyFor(scope, [attach]), [["allowed", "iam:AttachRolePolicy", role, bounded]]);
    assert.throws(
      () => deployPolicyFor(scope, stageResources({ more: ["aws:sqs/queue:Queue"] })),
      /^RangeError: aws:sqs\/queue:Queue: no deploy role could make it.*trust\/permissions\/actions\.ts/,
    );
  });

  it("can make HTTP APIs, with their domains and access logs, when it is told to", () => {
    const api = (path: string) => `arn:aws:apigateway:eu-west-1::${path}`;
    ask(deployPolicy(scope, true), [
      ["allowed", "apigateway:POST", api("/apis")],
      ["allowed", "apigateway:PATCH", api("/apis/abc/stages/$default")],
      ["allowed", "apigateway:POST", api("/domainnames/a.example.com/apimappings")],
      ["allowed", "logs:CreateLogDelivery", "*"],
      ["implicitly-denied", "apigateway:POST", api("/restapis")],
    ]);
  });

  it("can read no secret value, whatever the secret's own policy allows", () => {
    ask(deployPolicy(scope), secretReads, openToAccount);
  });
});

describe("The preview role", () => {
  it("can look up providers, and change nothing", () => {
    ask(previewPolicy(scope), [
      ["allowed", "iam:GetOpenIDConnectProvider", iam("oidc-provider/api.pulumi.com/oidc")],
      ["allowed", "iam:ListOpenIDConnectProviders", "*"],
      ["implicitly-denied", "iam:CreateRole", iam("role/escapement-staging-adapter")],
      [
        "implicitly-denied",
        "secretsmanager:DescribeSecret",
        at("secretsmanager", "secret:escapement/staging/jwt-AbCdEf"),
      ],
    ]);
  });

  it("can read no secret value, whatever the secret's own policy allows", () => {
    const own = at("ssm", "parameter/escapement/staging/adapter/audience");
    ask(
      previewPolicy(scope),
      [...secretReads, ["explicitly-denied", "ssm:GetParameter", own]],
      openToAccount,
    );
  });
});
