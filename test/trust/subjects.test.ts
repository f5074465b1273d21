import assert from "node:assert/strict";
import {
  escAudience,
  escSubject,
  escSubjects,
  type GithubContext,
  githubSubject,
  githubSubjects,
  TrustError,
} from "../../trust/index";

const repository = { owner: "octo-org", name: "octo-repo", ownerId: "123456", repositoryId: "456789" };

function refusesSubject(build: () => unknown): void {
  assert.throws(build, (error) => error instanceof TrustError && error.code === "ERR_TRUST_SUBJECT");
}

describe("A GitHub subject", () => {
  // Examples of docs.github.com/en/actions/reference/security/oidc.
  const cases: [GithubContext, string][] = [
    [{ kind: "environment", name: "Production" }, "environment:Production"],
    [{ kind: "environment", name: "Production:V1" }, "environment:Production%3AV1"],
    [{ kind: "pull_request" }, "pull_request"],
    [{ kind: "branch", name: "demo-branch" }, "ref:refs/heads/demo-branch"],
    [{ kind: "branch", name: "feature/a" }, "ref:refs/heads/feature/a"],
    [{ kind: "tag", name: "demo-tag" }, "ref:refs/tags/demo-tag"],
  ];
  for (const [context, expected] of cases) {
    it(`ends in ${expected}, after the repository by name or by name and id`, () => {
      assert.deepEqual(githubSubjects({ repository, context, forms: ["legacy", "immutable"] }), [
        `repo:octo-org/octo-repo:${expected}`,
        `repo:octo-org@123456/octo-repo@456789:${expected}`,
      ]);
    });
  }

  const context: GithubContext = { kind: "environment", name: "prod" };
  const job_workflow_ref = "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main";

  it("follows a customised template, in its order", () => {
    const template = ["repo", "context", "job_workflow_ref"];
    assert.equal(
      githubSubject({ repository, form: "legacy", context, template, claims: { job_workflow_ref } }),
      `repo:octo-org/octo-repo:environment:prod:job_workflow_ref:${job_workflow_ref}`,
    );
    assert.equal(
      githubSubject({
        repository,
        form: "immutable",
        context,
        template: ["repo", "job_workflow_ref"],
        claims: { job_workflow_ref },
      }),
      `repo:octo-org@123456/octo-repo@456789:job_workflow_ref:${job_workflow_ref}`,
    );
  });

  it("is refused where a part could pass for another, or is missing", () => {
    const form = "legacy";
    refusesSubject(() => githubSubject({ repository: { ...repository, owner: "a/b" }, form, context }));
    refusesSubject(() => githubSubject({ repository: { ...repository, name: "a:b" }, form, context }));
    refusesSubject(() => githubSubject({ repository, form, context: { kind: "branch", name: "" } }));
    refusesSubject(() => githubSubject({ repository, form, context: { kind: "branch", name: "a\nb" } }));
    refusesSubject(() => githubSubject({ repository, form, context, template: ["actor"] }));
    refusesSubject(() => githubSubject({ repository, form, context, template: ["toString"] }));
    const { ownerId, ...withoutId } = repository;
    refusesSubject(() => githubSubject({ repository: withoutId, form: "immutable", context }));
    refusesSubject(() =>
      githubSubject({ repository: { ...withoutId, ownerId: `${ownerId}x` }, form: "immutable", context }),
    );
  });
});

describe("An ESC subject", () => {
  // Examples of pulumi.com/docs/esc/guides/configuring-oidc.
  const organization = "contoso";
  const environment = "project/development";

  it("names what was opened in its default form", () => {
    assert.equal(
      escSubject({ organization, environment }),
      "pulumi:environments:org:contoso:env:project/development",
    );
    assert.equal(
      escSubject({ organization, environment, rootEnvironment: "<yaml>" }),
      "pulumi:environments:org:contoso:env:<yaml>",
    );
  });

  it("lists its attributes in the order of the login block", () => {
    const opener = { "pulumi.user.login": "personA" };
    const prefix = "pulumi:environments:pulumi.organization.login:contoso";
    assert.equal(
      escSubject({
        organization,
        environment,
        subjectAttributes: ["currentEnvironment.name", "pulumi.user.login"],
        opener,
      }),
      `${prefix}:currentEnvironment.name:project/development:pulumi.user.login:personA`,
    );
    assert.equal(
      escSubject({
        organization,
        environment,
        rootEnvironment: "app/web",
        subjectAttributes: ["pulumi.user.login", "rootEnvironment.name", "currentEnvironment.name"],
        opener,
      }),
      `${prefix}:pulumi.user.login:personA:rootEnvironment.name:app/web:currentEnvironment.name:project/development`,
    );
  });

  it("leaves the legacy default project out", () => {
    for (const legacy of ["default/development", "development"]) {
      assert.equal(
        escSubject({ organization, environment: legacy }),
        "pulumi:environments:org:contoso:env:development",
      );
      assert.equal(
        escSubject({ organization, environment: legacy, subjectAttributes: ["currentEnvironment.name"] }),
        "pulumi:environments:pulumi.organization.login:contoso:currentEnvironment.name:development",
      );
    }
  });

  it("comes with and without each tag", () => {
    const prefix = "pulumi:environments:pulumi.organization.login:contoso:currentEnvironment.name";
    const subjectAttributes = ["currentEnvironment.name"] as const;
    assert.deepEqual(escSubjects({ organization, environment, subjectAttributes, tags: ["live"] }), [
      `${prefix}:project/development`,
      `${prefix}:project/development@live`,
    ]);
    assert.deepEqual(escSubjects({ organization, environment }), [
      "pulumi:environments:org:contoso:env:project/development",
    ]);
  });

  it("is refused where a part could pass for another, or is missing", () => {
    refusesSubject(() => escSubject({ organization: "a:env:x/y", environment }));
    refusesSubject(() => escSubject({ organization, environment: "a/b/c" }));
    refusesSubject(() => escSubject({ organization, environment: "project/*" }));
    refusesSubject(() =>
      escSubject({ organization, environment, subjectAttributes: ["pulumi.user.login"], opener: {} }),
    );
    refusesSubject(() =>
      escSubject({
        organization,
        environment,
        subjectAttributes: ["pulumi.user.login"],
        opener: { "pulumi.user.login": "x:currentEnvironment.name:project/prod" },
      }),
    );
  });

  it("has the organisation for its audience, with aws: except in the legacy project", () => {
    assert.equal(escAudience({ organization, environment }), "aws:contoso");
    assert.equal(escAudience({ organization, environment: "<yaml>" }), "aws:contoso");
    assert.equal(escAudience({ organization, environment: "default/development" }), "contoso");
    assert.equal(escAudience({ organization, environment: "development@live" }), "contoso");
  });
});
