import assert from "node:assert/strict";
import {
  escTrustPolicy,
  GITHUB_ISSUER,
  githubTrustPolicy,
  oidcProviderArn,
  PULUMI_ISSUER,
  parseOidcProviderArn,
  TrustError,
  type TrustErrorCode,
} from "../../trust/index";
import { ACCOUNT } from "./support";

const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });

function refuses(code: TrustErrorCode, build: () => unknown): void {
  assert.throws(build, (error) => error instanceof TrustError && error.code === code);
}

describe("The ARN of an OIDC provider", () => {
  it("is known from issuer, account and partition", () => {
    assert.equal(pulumi, "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc");
    assert.equal(
      oidcProviderArn({ issuer: `${GITHUB_ISSUER}/acme`, accountId: ACCOUNT, partition: "aws-us-gov" }),
      "arn:aws-us-gov:iam::123456789012:oidc-provider/token.actions.githubusercontent.com/acme",
    );
    assert.deepEqual(parseOidcProviderArn(pulumi), {
      partition: "aws",
      accountId: ACCOUNT,
      keyPrefix: "api.pulumi.com/oidc",
    });
  });

  it("is refused when it is not one", () => {
    refuses("ERR_TRUST_PROVIDER", () => oidcProviderArn({ issuer: "http://x.example", accountId: ACCOUNT }));
    refuses("ERR_TRUST_PROVIDER", () => oidcProviderArn({ issuer: "https://", accountId: ACCOUNT }));
    refuses("ERR_TRUST_PROVIDER", () => oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: "12" }));
    refuses("ERR_TRUST_PROVIDER", () =>
      parseOidcProviderArn(`arn:aws:iam::${ACCOUNT}:oidc-provider/https://x.example`),
    );
  });
});

describe("A trust policy for ESC", () => {
  it("names one provider, one audience and the listed subjects, all exact", () => {
    assert.deepEqual(
      escTrustPolicy({
        providerArn: pulumi,
        audience: "aws:acme",
        subjects: ["s:app/staging", "s:app/staging@live"],
      }),
      {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "EscLogin",
            Effect: "Allow",
            Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc" },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
              StringEquals: {
                "api.pulumi.com/oidc:aud": "aws:acme",
                "api.pulumi.com/oidc:sub": ["s:app/staging", "s:app/staging@live"],
              },
            },
          },
        ],
      },
    );
  });

  it("is not written for a subject that is not exact, for none, or for <yaml>", () => {
    for (const subjects of [
      [],
      [""],
      ["s:*"],
      ["s:app/stag?ng"],
      [`s:\${aws:x}`],
      [" s"],
      ["a:env:<yaml>"],
    ]) {
      refuses("ERR_TRUST_SUBJECT", () =>
        escTrustPolicy({ providerArn: pulumi, audience: "aws:acme", subjects }),
      );
    }
    refuses("ERR_TRUST_SUBJECT", () =>
      escTrustPolicy({ providerArn: pulumi, audience: "aws:*", subjects: ["s"] }),
    );
  });

  it("is not written for another issuer's provider", () => {
    for (const providerArn of [github, `${pulumi}/v2`]) {
      refuses("ERR_TRUST_PROVIDER", () =>
        escTrustPolicy({ providerArn, audience: "aws:acme", subjects: ["s"] }),
      );
    }
  });
});

describe("A trust policy for GitHub", () => {
  const conditionOf = (args: Partial<Parameters<typeof githubTrustPolicy>[0]>) => {
    const { Statement } = githubTrustPolicy({
      providerArn: github,
      subjects: ["repo:o/r:pull_request"],
      ...args,
    });
    return Array.isArray(Statement) ? Statement[0].Condition : undefined;
  };

  it("pins audience and subjects, and each further claim that is given", () => {
    const prefix = "token.actions.githubusercontent.com";
    assert.deepEqual(conditionOf({}), {
      StringEquals: { [`${prefix}:aud`]: "sts.amazonaws.com", [`${prefix}:sub`]: "repo:o/r:pull_request" },
    });
    assert.deepEqual(
      conditionOf({
        subjects: ["a", "b"],
        audience: "own",
        repositoryId: "2",
        repositoryOwnerId: "1",
        environment: "prod EU",
        ref: "refs/heads/main",
        jobWorkflowRefs: ["o/a/.github/workflows/d.yml@refs/heads/main"],
      }),
      {
        StringEquals: {
          [`${prefix}:aud`]: "own",
          [`${prefix}:sub`]: ["a", "b"],
          [`${prefix}:repository_id`]: "2",
          [`${prefix}:repository_owner_id`]: "1",
          [`${prefix}:environment`]: "prod EU",
          [`${prefix}:ref`]: "refs/heads/main",
          [`${prefix}:job_workflow_ref`]: "o/a/.github/workflows/d.yml@refs/heads/main",
        },
      },
    );
  });

  it("takes condition keys and audience from the provider: enterprise slug, China", () => {
    const providerArn = oidcProviderArn({
      issuer: `${GITHUB_ISSUER}/acme`,
      accountId: ACCOUNT,
      partition: "aws-cn",
    });
    assert.deepEqual(conditionOf({ providerArn }), {
      StringEquals: {
        "token.actions.githubusercontent.com/acme:aud": "sts.amazonaws.com.cn",
        "token.actions.githubusercontent.com/acme:sub": "repo:o/r:pull_request",
      },
    });
  });

  it("is not written for another issuer's provider or an inexact claim", () => {
    refuses("ERR_TRUST_PROVIDER", () => conditionOf({ providerArn: pulumi }));
    refuses("ERR_TRUST_SUBJECT", () => conditionOf({ ref: "refs/heads/*" }));
  });
});
