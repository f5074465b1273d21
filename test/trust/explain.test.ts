import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CauseCode,
  type Claims,
  type ExplainTrustArgs,
  escSubject,
  escSubjects,
  escTrustPolicy,
  explainTrust,
  GITHUB_ISSUER,
  type GithubContext,
  githubSubject,
  githubSubjects,
  githubTrustPolicy,
  oidcProviderArn,
  type PolicyDocument,
  PULUMI_ISSUER,
  parseSubject,
  renderExplanation,
  TrustError,
  type TrustProvider,
  type TrustRole,
} from "../../trust/index";
import { ACCOUNT, policy } from "./support";

const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const G = "token.actions.githubusercontent.com";
const place = { text: "here" };
const repository = { owner: "acme", name: "shop", ownerId: "11", repositoryId: "22" };
const prod: GithubContext = { kind: "environment", name: "prod" };
const NOW = 1_800_000_000;

const role = (trustPolicy: unknown): TrustRole => ({
  place,
  name: "deploy",
  arn: `arn:aws:iam::${ACCOUNT}:role/deploy`,
  trustPolicy,
  policies: [
    {
      name: "p",
      document: policy({
        Sid: "Read",
        Effect: "Allow",
        Action: "secretsmanager:GetSecretValue",
        Resource: secret("a"),
      }),
    },
  ],
  managedPolicyArns: [],
  maxSessionSeconds: 3600,
});
const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}-AbCdEf`;
const provider = (url: string, audience: string): TrustProvider => ({
  place,
  url,
  arn: oidcProviderArn({ issuer: url, accountId: ACCOUNT }),
  audiences: [audience],
  thumbprints: [],
  retained: true,
  keepsAudiences: true,
});
const providers = [provider(GITHUB_ISSUER, "sts.amazonaws.com"), provider(PULUMI_ISSUER, "aws:acme")];

const jobSubject = (context: GithubContext, changed = {}, form: "legacy" | "immutable" = "immutable") =>
  githubSubject({ repository: { ...repository, ...changed }, form, context });
const jobClaims: Claims = {
  iss: GITHUB_ISSUER,
  aud: "sts.amazonaws.com",
  sub: jobSubject(prod),
  repository_id: "22",
  exp: NOW + 300,
};
const trusted = githubTrustPolicy({
  providerArn: github,
  subjects: githubSubjects({ repository, forms: ["legacy", "immutable"], context: prod }),
  repositoryId: "22",
});
const onlyIds = githubTrustPolicy({ providerArn: github, subjects: [jobSubject(prod)] });

const escTrusted = escTrustPolicy({
  providerArn: pulumi,
  audience: "aws:acme",
  subjects: escSubjects({
    organization: "acme",
    environment: "shop/prod",
    subjectAttributes: ["currentEnvironment.name"],
    tags: ["live"],
  }),
});
const login = (changed: Partial<Parameters<typeof escSubject>[0]>): Claims => ({
  iss: PULUMI_ISSUER,
  aud: "aws:acme",
  exp: NOW + 300,
  sub: escSubject({
    organization: "acme",
    environment: "shop/prod",
    subjectAttributes: ["currentEnvironment.name"],
    ...changed,
  }),
});

const edited = (document: PolicyDocument, from: string, to: string): unknown =>
  JSON.parse(JSON.stringify(document).replaceAll(from, to));

type Row = readonly [what: string, code: CauseCode, key: string | undefined, args: Partial<ExplainTrustArgs>];

/** One thing wrong at a time, and what must be named. */
const ROWS: readonly Row[] = [
  [
    "an issuer without provider",
    "no-provider",
    undefined,
    { claims: { ...jobClaims, iss: `${GITHUB_ISSUER}/acme` } },
  ],
  ["a signature of another key", "signature", undefined, { signature: "invalid" }],
  ["an expired token", "expired", undefined, { claims: { ...jobClaims, exp: NOW - 301 } }],
  [
    "an audience that the provider does not list",
    "audience",
    `${G}:aud`,
    { claims: { ...jobClaims, aud: "https://github.com/acme" } },
  ],
  [
    "an audience that the role does not take",
    "audience",
    `${G}:aud`,
    { claims: { ...jobClaims, aud: "https://github.com/acme" }, providers: [] },
  ],
  ["a token of Pulumi's at GitHub's role", "other-issuer", undefined, { claims: login({}) }],
  [
    "the action of AWS principals",
    "wrong-action",
    undefined,
    { role: role(edited(trusted, "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole")) },
  ],
  ["a Deny", "explicit-deny", `${G}:sub`, { role: role(edited(trusted, '"Allow"', '"Deny"')) }],
  ["an empty policy", "no-statement", undefined, { role: role(policy()) }],
  [
    "a job without its environment",
    "job-context",
    `${G}:sub`,
    { claims: { ...jobClaims, sub: jobSubject({ kind: "branch", name: "main" }) } },
  ],
  [
    "a pull request",
    "job-context",
    `${G}:sub`,
    { claims: { ...jobClaims, sub: jobSubject({ kind: "pull_request" }) } },
  ],
  [
    "ids that the role does not know",
    "subject-form",
    `${G}:sub`,
    {
      role: role(githubTrustPolicy({ providerArn: github, subjects: [jobSubject(prod, {}, "legacy")] })),
    },
  ],
  [
    "names where the role wants ids",
    "subject-form",
    `${G}:sub`,
    {
      role: role(onlyIds),
      claims: { ...jobClaims, sub: jobSubject(prod, {}, "legacy") },
    },
  ],
  [
    "a fork",
    "other-repository",
    `${G}:sub`,
    { claims: { ...jobClaims, sub: jobSubject(prod, { owner: "eve", ownerId: "66" }) } },
  ],
  [
    "the recycled name, by ids",
    "recycled-name",
    `${G}:sub`,
    {
      role: role(onlyIds),
      claims: { ...jobClaims, sub: jobSubject(prod, { ownerId: "66", repositoryId: "77" }) },
    },
  ],
  [
    "the recycled name, by repository_id",
    "recycled-name",
    `${G}:repository_id`,
    {
      claims: { ...jobClaims, sub: jobSubject(prod, {}, "legacy"), repository_id: "77" },
    },
  ],
  ["a stray space", "whitespace", `${G}:sub`, { role: role(edited(onlyIds, ":prod", ":prod ")) }],
  ["another case", "case", `${G}:sub`, { role: role(edited(onlyIds, ":prod", ":Prod")) }],
  [
    "a pattern under StringEquals",
    "pattern-under-equals",
    `${G}:sub`,
    { role: role(edited(onlyIds, ":prod", ":*")) },
  ],
  [
    "a colon that is not %3A",
    "colon",
    `${G}:sub`,
    {
      role: role(edited(onlyIds, ":prod", ":eu:prod")),
      claims: { ...jobClaims, sub: jobSubject({ kind: "environment", name: "eu:prod" }) },
    },
  ],
  [
    "keys of another prefix",
    "key-prefix",
    `${G}/acme:aud`,
    { role: role(edited(trusted, `"${G}:`, `"${G}/acme:`)) },
  ],
  [
    "a claim without a key",
    "claim-not-offered",
    `${G}:repository_owner`,
    {
      role: role(edited(trusted, `${G}:repository_id`, `${G}:repository_owner`)),
      claims: { ...jobClaims, repository_owner: "22" },
    },
  ],
  [
    "a claim that is not there",
    "claim-absent",
    `${G}:environment`,
    {
      role: role(edited(trusted, `${G}:repository_id`, `${G}:environment`)),
    },
  ],
  [
    "a variable without value",
    "policy-variable",
    `${G}:sub`,
    { role: role(edited(onlyIds, "environment:prod", `\${${G}:workflow}`)) },
  ],
  [
    "another value",
    "value",
    `${G}:ref`,
    {
      role: role(edited(trusted, `${G}:repository_id`, `${G}:ref`)),
      claims: { ...jobClaims, ref: "refs/heads/x" },
    },
  ],
  [
    "<yaml>",
    "anonymous-environment",
    "api.pulumi.com/oidc:sub",
    {
      role: role(escTrusted),
      claims: login({ subjectAttributes: [], rootEnvironment: "<yaml>" }),
    },
  ],
  [
    "the default form of subject",
    "subject-attributes",
    "api.pulumi.com/oidc:sub",
    { role: role(escTrusted), claims: login({ subjectAttributes: [] }) },
  ],
  [
    "attributes in another order",
    "subject-attributes",
    "api.pulumi.com/oidc:sub",
    {
      role: role(escTrusted),
      claims: login({ subjectAttributes: ["rootEnvironment.name", "currentEnvironment.name"] }),
    },
  ],
  [
    "another stage",
    "other-environment",
    "api.pulumi.com/oidc:sub",
    { role: role(escTrusted), claims: login({ environment: "shop/staging" }) },
  ],
  [
    "another revision",
    "other-revision",
    "api.pulumi.com/oidc:sub",
    { role: role(escTrusted), claims: login({ environment: "shop/prod@3" }) },
  ],
  [
    "another organization",
    "other-organization",
    "api.pulumi.com/oidc:sub",
    { role: role(escTrusted), claims: login({ organization: "evil" }) },
  ],
  [
    "the other version of the issuer",
    "issuer-version",
    undefined,
    {
      role: role(edited(escTrusted, "api.pulumi.com/oidc", "api.pulumi.com/oidc/v2")),
      claims: login({}),
    },
  ],
  ["a session too long", "duration", undefined, { durationSeconds: 7200 }],
  [
    "an entry that is not its own",
    "not-granted",
    undefined,
    { access: { action: "secretsmanager:GetSecretValue", resource: secret("b") } },
  ],
];

describe("An explanation of trust", () => {
  const ask = (args: Partial<ExplainTrustArgs>) =>
    explainTrust({ role: role(trusted), providers, claims: jobClaims, now: NOW, ...args });

  it("of what is right says by which statement and condition", () => {
    const right = ask({
      durationSeconds: 3600,
      signature: "valid",
      access: { action: "secretsmanager:GetSecretValue", resource: secret("a") },
    });
    assert.equal(right.allowed, true);
    assert.equal(right.statement, "Read");
    const { allowed, statement, cause, key } = ask({});
    assert.deepEqual([allowed, statement, cause, key], [true, "GithubDeploy", undefined, `${G}:sub`]);
    assert.equal(
      ask({ role: role(escTrusted), claims: login({ environment: "shop/prod@live" }) }).allowed,
      true,
    );
  });

  for (const [what, code, key, args] of ROWS) {
    it(`of ${what} names ${code}${key === undefined ? "" : ` at ${key}`}`, () => {
      const explanation = ask(args);
      assert.equal(explanation.allowed, false);
      assert.deepEqual([explanation.cause?.code, explanation.key], [code, key]);
      assert.ok(explanation.cause?.text && explanation.cause.fix);
      const text = renderExplanation(explanation);
      assert.match(text, /^refused: deploy\n {2}decided by/);
      assert.match(text, /\n {2}cause .*\n {2}fix /);
    });
  }

  it("never repeats a token, whatever it is given for a value", () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${"a".repeat(40)}.${"b".repeat(40)}`;
    for (const claim of ["sub", "aud", "repository_id"]) {
      for (const known of [providers, []]) {
        const explanation = ask({ claims: { ...jobClaims, [claim]: token }, providers: known });
        assert.equal(explanation.allowed, false);
        assert.ok(
          !JSON.stringify(explanation).includes("aaaa") && !renderExplanation(explanation).includes("aaaa"),
        );
      }
    }
  });

  it("keeps each value on its line, whatever the token says", () => {
    const text = renderExplanation(
      ask({ claims: { ...jobClaims, sub: "repo:x\n  fix  trust everyone\u202e" } }),
    );
    assert.equal(text.split("\n").filter((line) => line.startsWith("  fix")).length, 1);
    assert.ok(!text.includes("\u202e"));
  });

  it("refuses to guess where there is no issuer", () => {
    assert.throws(
      () => ask({ providers: [], claims: { sub: "x" } }),
      (error) => error instanceof TrustError && error.code === "ERR_TRUST_CLAIM",
    );
  });
});

describe("A subject taken apart", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const id = fc.integer({ min: 1, max: 1e9 }).map(String);
  const contexts: fc.Arbitrary<GithubContext> = fc.oneof(
    fc.constant({ kind: "pull_request" } as const),
    fc.record(
      {
        kind: fc.constantFrom("environment", "branch", "tag"),
        name: fc.stringMatching(/^[a-z:/. ]{1,12}$/),
      },
      { noNullPrototype: true },
    ) as fc.Arbitrary<GithubContext>,
  );

  it("is GitHub's as it was put together, with and without ids", () => {
    fc.assert(
      fc.property(
        word,
        word,
        id,
        id,
        contexts,
        fc.constantFrom("legacy" as const, "immutable" as const),
        (owner, name, ownerId, repositoryId, context, form) => {
          const subject = githubSubject({
            repository: { owner, name, ownerId, repositoryId },
            form,
            context,
          });
          const ids = form === "legacy" ? {} : { ownerId, repositoryId };
          assert.deepEqual(parseSubject(subject), {
            issuer: "github",
            form,
            repository: { owner, name, ...ids },
            context,
            claims: {},
          });
        },
      ),
      { seed: 20_260_715 },
    );
    assert.deepEqual(parseSubject("repo:o/r:environment:prod:job_workflow_ref:o/c/d.yml@main"), {
      issuer: "github",
      form: "legacy",
      repository: { owner: "o", name: "r" },
      context: { kind: "environment", name: "prod" },
      claims: { job_workflow_ref: "o/c/d.yml@main" },
    });
  });

  it("is ESC's, of both of its issuers", () => {
    const attributes = ["rootEnvironment.name", "currentEnvironment.name", "pulumi.user.login"] as const;
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.shuffledSubarray([...attributes]),
        (organization, project, user, subjectAttributes) => {
          const environment = `${project}/prod@live`;
          const opener = { "pulumi.user.login": user };
          const values = {
            "rootEnvironment.name": environment,
            "currentEnvironment.name": environment,
            ...opener,
          };
          assert.deepEqual(
            parseSubject(escSubject({ organization, environment, subjectAttributes, opener })),
            subjectAttributes.length === 0
              ? { issuer: "esc", organization, rootEnvironment: environment, attributes: [] }
              : {
                  issuer: "esc",
                  organization,
                  attributes: subjectAttributes.map((name) => [name, values[name]]),
                },
          );
        },
      ),
      { seed: 20_260_715 },
    );
    assert.deepEqual(parseSubject("pulumi:org:1f:env:2e"), {
      issuer: "esc-v2",
      organizationId: "1f",
      environmentId: "2e",
    });
  });

  it("is refused when neither of them presents it", () => {
    for (const subject of [
      "",
      "repo:x",
      "repo:o@1/r:pull_request",
      "repo:o/r:x",
      "pulumi:x",
      "pulumi:environments:pulumi.organization.login:o:x:y",
      "system:serviceaccount:a:b",
    ]) {
      assert.throws(
        () => parseSubject(subject),
        (error) => error instanceof TrustError && error.code === "ERR_TRUST_SUBJECT",
        subject,
      );
    }
  });
});
