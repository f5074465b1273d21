import assert from "node:assert/strict";
import {
  type Claims,
  type Decision,
  escAudience,
  escSubject,
  escSubjects,
  escTrustPolicy,
  evaluateTrustPolicy,
  GITHUB_ISSUER,
  type GithubContext,
  githubSubject,
  githubSubjects,
  githubTrustPolicy,
  oidcProviderArn,
  type PolicyCondition,
  PULUMI_ISSUER,
  TrustError,
} from "../../trust/index";
import { ACCOUNT, OTHER_ACCOUNT, policy } from "./support";

const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });

const organization = "acme";
const environment = "app/staging";
const subjectAttributes = ["currentEnvironment.name"] as const;

describe("The trust of a stage's ESC role", () => {
  const trust = escTrustPolicy({
    providerArn: pulumi,
    audience: escAudience({ organization, environment }),
    subjects: escSubjects({ organization, environment, subjectAttributes, tags: ["live"] }),
  });
  const right = { aud: "aws:acme", sub: escSubject({ organization, environment, subjectAttributes }) };
  const sub = (changed: Partial<Parameters<typeof escSubject>[0]>) =>
    escSubject({ organization, environment, subjectAttributes, ...changed });
  const decide = (claims: Claims, providerArn = pulumi) =>
    evaluateTrustPolicy({ policy: trust, providerArn, claims });

  it("lets exactly its environment in, with and without @live", () => {
    assert.equal(decide(right).verdict, "allowed");
    assert.equal(decide({ ...right, sub: sub({ environment: "app/staging@live" }) }).verdict, "allowed");
  });

  const refused: [string, Claims, string][] = [
    ["another stage", { ...right, sub: sub({ environment: "app/prod" }) }, "sub"],
    ["another project", { ...right, sub: sub({ environment: "other/staging" }) }, "sub"],
    ["another tag", { ...right, sub: sub({ environment: "app/staging@next" }) }, "sub"],
    ["another organisation's subject", { ...right, sub: sub({ organization: "evil" }) }, "sub"],
    ["the default form of subject", { ...right, sub: escSubject({ organization, environment }) }, "sub"],
    ["the stack's own <yaml>", { ...right, sub: sub({ environment: "<yaml>" }) }, "sub"],
    ["other case", { ...right, sub: right.sub.toUpperCase() }, "sub"],
    ["another audience", { ...right, aud: "aws:evil" }, "aud"],
    ["the legacy audience", { ...right, aud: "acme" }, "aud"],
    ["no subject", { aud: right.aud }, "sub"],
    ["no audience", { sub: right.sub }, "aud"],
  ];
  for (const [what, claims, claim] of refused) {
    it(`refuses ${what}, and names ${claim}`, () => {
      const { verdict, deciding } = decide(claims);
      assert.equal(verdict, "implicitly-denied");
      assert.equal(deciding.statement?.sid, "EscLogin");
      assert.equal(deciding.check?.operator, "StringEquals");
      assert.equal(deciding.check?.key, `api.pulumi.com/oidc:${claim}`);
      assert.deepEqual(
        deciding.statement.checks.filter(({ matched }) => !matched),
        [deciding.check],
      );
    });
  }

  it("refuses another provider, another account's, and another action, and names them", () => {
    const others = [
      github,
      `${pulumi}/v2`,
      oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: OTHER_ACCOUNT }),
    ];
    for (const providerArn of others)
      assert.equal(decide(right, providerArn).deciding.check?.element, "Principal");
    const tag = { policy: trust, providerArn: pulumi, claims: right, action: "sts:TagSession" };
    assert.equal(evaluateTrustPolicy(tag).deciding.check?.element, "Action");
  });
});

describe("The trust of a stage's GitHub role", () => {
  const repository = { owner: "acme", name: "app", ownerId: "11", repositoryId: "22" };
  const context: GithubContext = { kind: "environment", name: "staging" };
  const trust = githubTrustPolicy({
    providerArn: github,
    subjects: githubSubjects({ repository, context, forms: ["legacy", "immutable"] }),
    repositoryId: "22",
  });
  const claims = (changes: {
    repository?: Partial<typeof repository>;
    context?: GithubContext;
    form?: "legacy" | "immutable";
  }): Claims => {
    const changed = { ...repository, ...changes.repository };
    return {
      iss: GITHUB_ISSUER,
      aud: "sts.amazonaws.com",
      sub: githubSubject({
        repository: changed,
        form: changes.form ?? "immutable",
        context: changes.context ?? context,
      }),
      repository: `${changed.owner}/${changed.name}`,
      repository_id: changed.repositoryId,
      repository_owner: changed.owner,
    };
  };
  const decide = (changed: Claims) =>
    evaluateTrustPolicy({ policy: trust, providerArn: github, claims: changed });

  it("lets the job of its environment in, whichever form of subject the repository has", () => {
    assert.equal(decide(claims({})).verdict, "allowed");
    assert.equal(decide(claims({ form: "legacy" })).verdict, "allowed");
  });

  const refused: [string, Claims, string[]][] = [
    ["a pull request", claims({ context: { kind: "pull_request" } }), ["sub"]],
    ["a branch", claims({ context: { kind: "branch", name: "main" } }), ["sub"]],
    ["a tag", claims({ context: { kind: "tag", name: "v1" } }), ["sub"]],
    ["another environment", claims({ context: { kind: "environment", name: "prod" } }), ["sub"]],
    [
      "a fork",
      claims({ repository: { owner: "eve", ownerId: "66", repositoryId: "77" } }),
      ["sub", "repository_id"],
    ],
    ["the recycled name", claims({ form: "legacy", repository: { repositoryId: "99" } }), ["repository_id"]],
    ["GitHub's default audience", { ...claims({}), aud: "https://github.com/acme" }, ["aud"]],
  ];
  for (const [what, changed, keys] of refused) {
    it(`refuses ${what}, and names ${keys.join(" and ")}`, () => {
      const { verdict, deciding } = decide(changed);
      assert.equal(verdict, "implicitly-denied");
      const failed = deciding.statement?.checks.filter(({ matched }) => !matched).map(({ key }) => key);
      assert.deepEqual(
        failed,
        keys.map((key) => `token.actions.githubusercontent.com:${key}`),
      );
    });
  }
});

describe("Claims", () => {
  const decide = (
    providerArn: string,
    prefix: string,
    condition: PolicyCondition,
    claims: Claims,
  ): Decision => {
    const prefixed = Object.fromEntries(
      Object.entries(condition).map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${prefix}:${key}`, value])),
      ]),
    );
    const statement = {
      Effect: "Allow",
      Principal: { Federated: providerArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: prefixed,
    } as const;
    return evaluateTrustPolicy({ policy: policy(statement), providerArn, claims });
  };
  const onGithub = (condition: PolicyCondition, claims: Claims) =>
    decide(github, "token.actions.githubusercontent.com", condition, claims);
  const onPulumi = (condition: PolicyCondition, claims: Claims) =>
    decide(pulumi, "api.pulumi.com/oidc", condition, claims);

  it("match only where STS offers a key for them", () => {
    for (const claim of ["ref", "environment", "repository_id", "job_workflow_ref", "actor", "workflow"]) {
      assert.equal(onGithub({ StringEquals: { [claim]: "x" } }, { [claim]: "x" }).allowed, true, claim);
      assert.equal(onPulumi({ StringEquals: { [claim]: "x" } }, { [claim]: "x" }).allowed, false, claim);
    }
    for (const claim of ["repository_owner", "runner_environment", "event_name", "head_ref"]) {
      const { allowed, deciding } = onGithub({ StringEquals: { [claim]: "x" } }, { [claim]: "x" });
      assert.equal(allowed, false, claim);
      assert.match(deciding.check?.note ?? "", /STS offers no key/);
    }
    assert.equal(
      onPulumi({ StringEquals: { current_env: "app/staging" } }, { current_env: "app/staging" }).allowed,
      false,
    );
  });

  it("that STS does not offer count as absent for every operator", () => {
    assert.equal(
      onGithub({ StringNotEquals: { repository_owner: "evil" } }, { repository_owner: "evil" }).allowed,
      true,
    );
    assert.equal(
      onGithub({ Null: { repository_owner: "true" } }, { repository_owner: "evil" }).allowed,
      true,
    );
    assert.equal(
      onGithub({ StringEqualsIfExists: { event_name: "push" } }, { event_name: "x" }).allowed,
      true,
    );
  });

  it("have one audience: the authorised party where there is one", () => {
    const condition = { StringEquals: { aud: "a" } };
    assert.equal(onPulumi(condition, { aud: "a" }).allowed, true);
    assert.equal(onPulumi(condition, { aud: ["a"] }).allowed, true);
    assert.equal(onPulumi(condition, { aud: ["x", "y"], azp: "a" }).allowed, true);
    assert.equal(onPulumi(condition, { aud: "a", azp: "x" }).allowed, false);
    const isClaimError = (error: unknown) => error instanceof TrustError && error.code === "ERR_TRUST_CLAIM";
    assert.throws(() => onPulumi(condition, { aud: ["a", "b"] }), isClaimError);
    assert.throws(() => onPulumi(condition, { aud: "a", sub: { nested: true } }), isClaimError);
  });

  it("that are null are absent", () => {
    assert.equal(onPulumi({ Null: { sub: "true" } }, { aud: "a", sub: null }).allowed, true);
    assert.equal(onPulumi({ Null: { sub: "true" } }, { aud: "a", sub: "s" }).allowed, false);
  });

  it("with a list are for the set operators", () => {
    const condition = { "ForAnyValue:StringEquals": { amr: "authenticated" } };
    assert.equal(onPulumi(condition, { amr: ["authenticated", "x"] }).allowed, true);
    assert.equal(onPulumi(condition, { amr: ["x"] }).allowed, false);
  });

  it("of an issuer whose key prefix is another's never match", () => {
    const wrong = decide(pulumi, "api.pulumi.com/oidc/v2", { StringEquals: { sub: "s" } }, { sub: "s" });
    assert.equal(wrong.allowed, false);
  });

  it("cannot be overridden by the request's other keys", () => {
    const context = { "API.pulumi.com/oidc:sub": "s" };
    const asked = { policy: policy(), providerArn: pulumi, claims: { sub: "x" }, context };
    assert.throws(
      () => evaluateTrustPolicy(asked),
      (error) => error instanceof TrustError && error.code === "ERR_TRUST_REQUEST",
    );
  });
});

describe("The trust of a service's role", () => {
  const trust = policy({
    Effect: "Allow",
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } },
  });
  const decide = (name: string, account: string) =>
    evaluateTrustPolicy({
      policy: trust,
      principal: { kind: "service", name },
      context: { "aws:SourceAccount": account },
    });

  it("lets that service in, and names what refuses another", () => {
    assert.equal(decide("lambda.amazonaws.com", ACCOUNT).allowed, true);
    assert.equal(decide("ec2.amazonaws.com", ACCOUNT).deciding.check?.element, "Principal");
    assert.equal(decide("lambda.amazonaws.com", OTHER_ACCOUNT).deciding.check?.key, "aws:SourceAccount");
  });
});
