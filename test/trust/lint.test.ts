import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  escSubjects,
  escTrustPolicy,
  GITHUB_ISSUER,
  githubSubjects,
  githubTrustPolicy,
  joinTrustInputs,
  lintTrust,
  oidcProviderArn,
  type PolicyCondition,
  type PolicyStatement,
  PULUMI_ISSUER,
  RULES,
  type RuleId,
  renderFindings,
  type TrustAdapter,
  type TrustEnvironment,
  type TrustInput,
  type TrustProvider,
  type TrustRole,
  toSarif,
  unusedSuppressions,
  type WorkflowJob,
} from "../../trust/index";
import { FORTY, stages } from "./stages";
import { ACCOUNT, policy } from "./support";

const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const G = "token.actions.githubusercontent.com";
const P = "api.pulumi.com/oidc";
const place = { text: "here" };
const repository = { owner: "acme", name: "shop", ownerId: "11", repositoryId: "22" };
const WRITE = {
  name: "p",
  document: policy({ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::b/*" }),
};
const READ = {
  name: "p",
  document: policy({ Effect: "Allow", Action: ["s3:GetObject", "s3:ListBucket"], Resource: "*" }),
};

function role(trustPolicy: unknown, rest: Partial<TrustRole> = {}): TrustInput {
  const whole: TrustRole = {
    place,
    name: "r",
    arn: `arn:aws:iam::${ACCOUNT}:role/r`,
    trustPolicy,
    policies: [],
    managedPolicyArns: [],
    ...rest,
  };
  return joinTrustInputs([{ organization: "acme", roles: [whole] }]);
}

const federated = (Federated: string, Condition: PolicyCondition, rest: Partial<PolicyStatement> = {}) =>
  policy({
    Effect: "Allow",
    Principal: { Federated },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition,
    ...rest,
  });

/** GitHub's with the right audience and id, and the given conditions on top. */
function onGithub(condition: PolicyCondition, rest: Partial<TrustRole> = {}): TrustInput {
  const { StringEquals, ...others } = condition;
  const right = { [`${G}:aud`]: "sts.amazonaws.com", [`${G}:repository_id`]: "22" };
  return role(federated(github, { StringEquals: { ...right, ...StringEquals }, ...others }), rest);
}

/** ESC's with the right audience. */
function onEsc(condition: PolicyCondition): TrustInput {
  const { StringEquals, ...others } = condition;
  return role(federated(pulumi, { StringEquals: { [`${P}:aud`]: "aws:acme", ...StringEquals }, ...others }));
}

const subjects = (context: Parameters<typeof githubSubjects>[0]["context"]) =>
  githubSubjects({ repository, forms: ["legacy", "immutable"], context });
const goodGithub = githubTrustPolicy({
  providerArn: github,
  subjects: subjects({ kind: "environment", name: "prod" }),
  repositoryId: "22",
});
const escSubject = (
  environment: string,
  subjectAttributes: TrustEnvironment["logins"][number]["subjectAttributes"],
) => escSubjects({ organization: "acme", environment, subjectAttributes });
const goodEsc = escTrustPolicy({
  providerArn: pulumi,
  audience: "aws:acme",
  subjects: escSubject("shop/prod", ["currentEnvironment.name"]),
});
const ATTRIBUTES = "pulumi:environments:pulumi.organization.login:acme";

function provider(rest: Partial<TrustProvider>): TrustInput {
  const whole = {
    place,
    url: GITHUB_ISSUER,
    audiences: [],
    thumbprints: [],
    retained: true,
    keepsAudiences: true,
    ...rest,
  };
  return joinTrustInputs([{ providers: [whole] }]);
}

function login(rest: Partial<TrustEnvironment["logins"][number]>, most = 3600): TrustInput {
  const own = {
    roleArn: `arn:aws:iam::${ACCOUNT}:role/r`,
    subjectAttributes: ["currentEnvironment.name"],
    durationSeconds: 3600,
  } as const;
  const environment = {
    place,
    name: "shop/prod",
    logins: [{ ...own, ...rest }],
    adapterUrls: [],
    imports: [],
  };
  const permission = { place, environment: "shop/prod", who: "team ops", permission: "open" };
  return joinTrustInputs([
    role(goodEsc, { maxSessionSeconds: most }),
    { environments: [environment], permissions: [permission] },
  ]);
}

function job(rest: Partial<WorkflowJob>, trusted = goodGithub): TrustInput {
  const own: WorkflowJob = {
    place,
    name: "deploy",
    events: ["push"],
    branches: ["main"],
    tags: [],
    roleArn: `arn:aws:iam::${ACCOUNT}:role/r`,
  };
  return joinTrustInputs([role(trusted), { jobs: [{ ...own, ...rest }] }]);
}

const CONFIG = {
  organization: "acme",
  routes: [{ path: "/open", audience: "https://x.example/open" }],
  access: [],
};
const adapter = (rest: Partial<TrustAdapter>): TrustInput =>
  joinTrustInputs([{ adapters: [{ place, name: "adapter", ...rest }] }]);

/** In the shape of the published reference adapter: audience from Host, no organization. */
const REFERENCE_HANDLER = `
  const audience = "https://" + event.headers.host + event.path;
  const claims = jwt.verify(token, key, { audience, algorithms: ["RS256"] });
  if (claims.body_hash !== hash(event.body)) throw new Error("body");`;

function environmentOf(name: string, permitted: boolean): TrustInput {
  const environment = { place, organization: "acme", name, logins: [], adapterUrls: [], imports: [] };
  const permission = { place, environment: name, who: "team ops", permission: "open" };
  return joinTrustInputs([{ environments: [environment], permissions: permitted ? [permission] : [] }]);
}

const FUNCTION = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:adapter`;
const lambda = (Action: string[], Resource: string) => ({
  name: "p",
  document: policy({ Effect: "Allow", Action, Resource }),
});
const deployer = (resource: string) =>
  joinTrustInputs([
    role(goodGithub, { policies: [lambda(["lambda:UpdateFunctionCode"], resource)] }),
    adapter({ functionArn: FUNCTION, config: CONFIG }),
  ]);

type Case = readonly [what: string, input: TrustInput];
interface RuleCases {
  readonly wild: readonly Case[];
  readonly neighbours: readonly Case[];
}

const sub = (value: string | string[], rest: Partial<TrustRole> = {}) =>
  onGithub({ StringEquals: { [`${G}:sub`]: value } }, rest);
const like = (value: string | string[], rest: Partial<TrustRole> = {}) =>
  onGithub({ StringLike: { [`${G}:sub`]: value } }, rest);
const PROD = "repo:acme/shop:environment:prod";

/** For each rule the form that is found in the wild, and the nearest that is right. */
const CASES: Readonly<Record<RuleId, RuleCases>> = {
  T01: {
    wild: [
      ["GitHub, aud alone", role(federated(github, { StringEquals: { [`${G}:aud`]: "sts.amazonaws.com" } }))],
      ["sub is *", like("*")],
      [
        "Pulumi, sub alone",
        role(
          federated(pulumi, {
            StringEquals: { [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod` },
          }),
        ),
      ],
      [
        "GitLab, aud alone",
        role(
          federated(oidcProviderArn({ issuer: "https://gitlab.com", accountId: ACCOUNT }), {
            StringEquals: { "gitlab.com:aud": "x" },
          }),
        ),
      ],
    ],
    neighbours: [
      ["GitHub, exact", role(goodGithub)],
      ["Pulumi, exact", role(goodEsc)],
    ],
  },
  T02: {
    wild: [
      ["repo:*", like("repo:*")],
      ["the whole organization", like("repo:acme/*")],
      ["a prefix of the organization", like("repo:acme*")],
      ["a prefix of the repository", like("repo:acme/shop*:ref:refs/heads/main")],
      ["any repository's environment", like("*:environment:prod")],
    ],
    neighbours: [
      ["a pattern behind the repository", like("repo:acme/shop:ref:refs/tags/v*")],
      ["a customised template", sub("repository_id:22")],
    ],
  },
  T03: {
    wild: [
      ["names and ids in one", like("repo:acme*/shop*:environment:prod")],
      ["ids as wildcards", like("repo:acme@*/shop@*:environment:prod")],
    ],
    neighbours: [["two exact subjects", role(goodGithub)]],
  },
  T04: {
    wild: [
      [
        "none",
        role(federated(github, { StringEquals: { [`${G}:sub`]: PROD, [`${G}:repository_id`]: "22" } })),
      ],
      [
        "contoso*",
        onEsc({
          StringEquals: { [`${P}:aud`]: [] },
          StringLike: {
            [`${P}:aud`]: "aws:acme*",
            [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod`,
          },
        }),
      ],
      [
        "GitHub's default",
        role(
          federated(github, {
            StringEquals: { [`${G}:aud`]: "https://github.com/acme", [`${G}:sub`]: PROD },
          }),
        ),
      ],
      [
        "the bare organization",
        role(
          federated(pulumi, {
            StringEquals: {
              [`${P}:aud`]: "acme",
              [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod`,
            },
          }),
        ),
      ],
      [
        "another organization's",
        role(
          federated(pulumi, {
            StringEquals: {
              [`${P}:aud`]: "aws:evil",
              [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod`,
            },
          }),
        ),
      ],
    ],
    neighbours: [
      ["aws:ORG", role(goodEsc)],
      [
        "the legacy project's",
        role(
          federated(pulumi, {
            StringEquals: {
              [`${P}:aud`]: "acme",
              [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:prod`,
            },
          }),
        ),
      ],
      [
        "China's",
        role(
          federated(github, { StringEquals: { [`${G}:aud`]: "sts.amazonaws.com.cn", [`${G}:sub`]: PROD } }),
        ),
      ],
    ],
  },
  T05: {
    wild: [
      ["ForAllValues", onGithub({ "ForAllValues:StringEquals": { [`${G}:sub`]: PROD } })],
      [
        "IfExists",
        onGithub({
          StringEquals: { [`${G}:sub`]: PROD },
          StringEqualsIfExists: { [`${G}:environment`]: "prod" },
        }),
      ],
    ],
    neighbours: [["the plain operator", sub(PROD)]],
  },
  T06: {
    wild: [
      ["v2's key for v1", onEsc({ StringEquals: { [`${P}/v2:sub`]: "x" } })],
      ["the scheme left in", onGithub({ StringEquals: { [`https://${G}:sub`]: PROD } })],
      [
        "the slug missing",
        role(
          federated(`${github}/acme`, {
            StringEquals: { [`${G}:aud`]: "sts.amazonaws.com", [`${G}:sub`]: PROD },
          }),
        ),
      ],
      [
        "the slug twice",
        role(federated(`${github}/acme`, { StringEquals: { [`${G}/acme/acme:sub`]: PROD } })),
      ],
    ],
    neighbours: [
      [
        "the slug once",
        role(
          federated(`${github}/acme`, {
            StringEquals: { [`${G}/acme:aud`]: "sts.amazonaws.com", [`${G}/acme:sub`]: PROD },
          }),
        ),
      ],
      [
        "a key of AWS's own",
        onGithub({ StringEquals: { [`${G}:sub`]: PROD, "aws:RequestedRegion": "eu-west-1" } }),
      ],
    ],
  },
  T07: {
    wild: [
      [
        "repository_owner",
        onGithub({ StringEquals: { [`${G}:sub`]: PROD, [`${G}:repository_owner`]: "acme" } }),
      ],
      ["event_name", onGithub({ StringEquals: { [`${G}:sub`]: PROD, [`${G}:event_name`]: "push" } })],
      [
        "current_env at Pulumi's",
        onEsc({
          StringEquals: {
            [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod`,
            [`${P}:current_env`]: "shop/prod",
          },
        }),
      ],
    ],
    neighbours: [
      [
        "job_workflow_ref",
        onGithub({
          StringEquals: {
            [`${G}:sub`]: PROD,
            [`${G}:job_workflow_ref`]: "acme/ci/.github/workflows/d.yml@refs/heads/main",
          },
        }),
      ],
    ],
  },
  T08: {
    wild: [
      ["<yaml>", onEsc({ StringEquals: { [`${P}:sub`]: "pulumi:environments:org:acme:env:<yaml>" } })],
      ["env:*", onEsc({ StringLike: { [`${P}:sub`]: "pulumi:environments:org:acme:env:*" } })],
      ["no subject", onEsc({})],
      [
        "the organization alone",
        onEsc({ StringEquals: { [`${P}:sub`]: `${ATTRIBUTES}:pulumi.organization.login:acme` } }),
      ],
    ],
    neighbours: [["one environment", role(goodEsc)]],
  },
  T09: {
    wild: [
      ["a login without attributes", login({ subjectAttributes: [] })],
      ["another order", login({ subjectAttributes: ["rootEnvironment.name", "currentEnvironment.name"] })],
      [
        "only rootEnvironment.name",
        onEsc({ StringEquals: { [`${P}:sub`]: `${ATTRIBUTES}:rootEnvironment.name:shop/prod` } }),
      ],
    ],
    neighbours: [["the same on both sides", login({})]],
  },
  T10: {
    wild: [
      [
        "a subject without project",
        role(
          federated(pulumi, {
            StringEquals: { [`${P}:aud`]: "acme", [`${P}:sub`]: "pulumi:environments:org:acme:env:prod" },
          }),
        ),
      ],
    ],
    neighbours: [
      [
        "a subject with project",
        onEsc({ StringEquals: { [`${P}:sub`]: "pulumi:environments:org:acme:env:shop/prod" } }),
      ],
    ],
  },
  T11: {
    wild: [
      [
        "environment: added to a job",
        job(
          { environment: "prod" },
          githubTrustPolicy({ providerArn: github, subjects: subjects({ kind: "branch", name: "main" }) }),
        ),
      ],
      ["a pull request", job({ events: ["pull_request"] })],
      ["a branch", job({})],
      ["a tag", job({ branches: [], tags: ["v1"] })],
      ["another case", job({ environment: "Prod" })],
      ["whichever role", job({ events: ["pull_request"], roleArn: undefined })],
    ],
    neighbours: [
      ["the trusted environment", job({ environment: "prod" })],
      ["whichever role, one of which fits", job({ environment: "prod", roleArn: undefined })],
      ["a role that is not known", job({ roleArn: "arn:aws:iam::999999999999:role/x" })],
    ],
  },
  T12: {
    wild: [
      [
        "names only",
        role(federated(github, { StringEquals: { [`${G}:aud`]: "sts.amazonaws.com", [`${G}:sub`]: PROD } })),
      ],
    ],
    neighbours: [
      ["with repository_id", sub(PROD)],
      [
        "with ids",
        role(
          federated(github, {
            StringEquals: {
              [`${G}:aud`]: "sts.amazonaws.com",
              [`${G}:sub`]: "repo:acme@11/shop@22:environment:prod",
            },
          }),
        ),
      ],
    ],
  },
  T13: {
    wild: [
      ["a pull request that writes", sub("repo:acme/shop:pull_request", { policies: [WRITE] })],
      ["any ref", like("repo:acme/shop:ref:refs/*", { policies: [WRITE] })],
      [
        "anything of the repository",
        like("repo:acme/shop:*", { managedPolicyArns: ["arn:aws:iam::aws:policy/PowerUserAccess"] }),
      ],
    ],
    neighbours: [
      [
        "a pull request that reads",
        sub("repo:acme/shop:pull_request", {
          policies: [READ],
          managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        }),
      ],
      ["an environment that writes", sub(PROD, { policies: [WRITE] })],
    ],
  },
  T14: {
    wild: [
      ["pulumi.user.login", onEsc({ StringEquals: { [`${P}:sub`]: `${ATTRIBUTES}:pulumi.user.login:ada` } })],
      [
        "actor",
        onGithub({ StringLike: { [`${G}:sub`]: "repo:acme/*" }, StringEquals: { [`${G}:actor`]: "ada" } }),
      ],
    ],
    neighbours: [
      [
        "pulumi.user.login beside the environment",
        onEsc({
          StringEquals: {
            [`${P}:sub`]: `${ATTRIBUTES}:currentEnvironment.name:shop/prod:pulumi.user.login:ada`,
          },
        }),
      ],
      [
        "actor beside the environment",
        onGithub({ StringEquals: { [`${G}:sub`]: PROD, [`${G}:actor`]: "ada" } }),
      ],
    ],
  },
  T15: {
    wild: [["workflow", onGithub({ StringEquals: { [`${G}:sub`]: PROD, [`${G}:workflow`]: "deploy" } })]],
    neighbours: [
      [
        "job_workflow_ref",
        onGithub({
          StringEquals: {
            [`${G}:sub`]: PROD,
            [`${G}:job_workflow_ref`]: "acme/shop/.github/workflows/d.yml@refs/heads/main",
          },
        }),
      ],
    ],
  },
  T16: {
    wild: [
      ["sts:AssumeRole", role(federated(github, goodCondition(), { Action: "sts:AssumeRole" }))],
      [
        "everyone",
        role(
          policy({
            Effect: "Allow",
            Principal: "*",
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: goodCondition(),
          }),
        ),
      ],
      [
        "everyone in AWS",
        role(policy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" })),
      ],
      ["any action", role(federated(github, goodCondition(), { Action: "sts:*" }))],
    ],
    neighbours: [
      ["a token's action", role(goodGithub)],
      [
        "tags of the session",
        role(
          federated(github, goodCondition(), { Action: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"] }),
        ),
      ],
      [
        "a service",
        role(
          policy({
            Effect: "Allow",
            Principal: { Service: "lambda.amazonaws.com" },
            Action: "sts:AssumeRole",
          }),
        ),
      ],
    ],
  },
  T17: {
    wild: [["an exact value beside a pattern", like([PROD, "repo:acme/shop:*"])]],
    neighbours: [
      ["two exact values", role(goodGithub)],
      ["one pattern", like("repo:acme/shop:ref:refs/tags/v*")],
    ],
  },
  T18: {
    wild: [["ESC's two hours at a role of one", login({ durationSeconds: 7200 })]],
    neighbours: [
      ["an hour", login({})],
      ["two hours at a role of two", login({ durationSeconds: 7200 }, 7200)],
    ],
  },
  T19: {
    wild: [["GitHub's", provider({ thumbprints: ["6938fd4d98bab03faadb97b34396831e3780aea1"] })]],
    neighbours: [
      ["none", provider({})],
      [
        "a private issuer's",
        provider({
          url: "https://oidc.example.com",
          thumbprints: ["6938fd4d98bab03faadb97b34396831e3780aea1"],
        }),
      ],
    ],
  },
  T20: {
    wild: [
      [
        "AdministratorAccess",
        sub(PROD, { managedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
      ],
      [
        "everything on everything",
        sub(PROD, {
          policies: [{ name: "p", document: policy({ Effect: "Allow", Action: "*", Resource: "*" }) }],
        }),
      ],
      [
        "an invoker that deploys",
        sub(PROD, { policies: [lambda(["lambda:InvokeFunction", "lambda:UpdateFunctionCode"], FUNCTION)] }),
      ],
    ],
    neighbours: [
      ["an invoker", sub(PROD, { policies: [lambda(["lambda:InvokeFunction"], FUNCTION)] })],
      [
        "an invoker of one that deploys another",
        sub(PROD, {
          policies: [
            lambda(["lambda:InvokeFunction"], FUNCTION),
            lambda(["lambda:UpdateFunctionCode"], `${FUNCTION}-2`),
          ],
        }),
      ],
    ],
  },
  T21: {
    wild: [
      ["not retained", provider({ retained: false })],
      ["audiences replaced", provider({ keepsAudiences: false })],
    ],
    neighbours: [["retained, audiences left", provider({})]],
  },
  T22: {
    wild: [
      ["the reference handler", adapter({ code: REFERENCE_HANDLER })],
      ["no organization", adapter({ config: { ...CONFIG, organization: undefined } })],
      ["no audience", adapter({ config: { ...CONFIG, routes: [{ path: "/open" }] } })],
    ],
    neighbours: [
      ["a configuration with both", adapter({ config: CONFIG })],
      [
        "an audience in a parameter",
        adapter({ config: { ...CONFIG, routes: [{ path: "/open", audienceParameter: "/a" }] } }),
      ],
      [
        "a handler that compares both",
        adapter({
          code: REFERENCE_HANDLER.replace(
            /const audience.*/,
            'const audience = config.audience;\n  if (claims.org !== "acme") throw new Error("org");',
          ),
        }),
      ],
      ["a function that takes no token of ESC's", adapter({ code: "exports.handler = async () => 200" })],
    ],
  },
  T23: {
    wild: [["a colon as it is", sub("repo:acme/shop:environment:eu:prod")]],
    neighbours: [
      ["a colon as %3A", sub("repo:acme/shop:environment:eu%3Aprod")],
      [
        "a claim that a template adds",
        sub("repo:acme/shop:environment:prod:job_workflow_ref:acme/ci/d.yml@main"),
      ],
    ],
  },
  T24: {
    wild: [["prod, no permission declared", environmentOf("shop/prod", false)]],
    neighbours: [
      ["prod, for a team", environmentOf("shop/prod", true)],
      ["staging", environmentOf("shop/staging", false)],
    ],
  },
  T25: {
    wild: [
      ["who deploys it", deployer(FUNCTION)],
      ["who deploys everything", deployer("*")],
    ],
    neighbours: [["who deploys another function", deployer(`${FUNCTION}-2`)]],
  },
};

function goodCondition(): PolicyCondition {
  const [statement] = [goodGithub.Statement].flat();
  return (statement as PolicyStatement).Condition ?? {};
}

const rulesIn = (input: TrustInput) => [...new Set(lintTrust(input).map(({ rule }) => rule))];

describe("The trust lint", () => {
  for (const [rule, { wild, neighbours }] of Object.entries(CASES) as [RuleId, RuleCases][]) {
    for (const [what, input] of wild) {
      it(`${rule} finds: ${what}`, () => assert.ok(rulesIn(input).includes(rule), `found ${rulesIn(input)}`));
    }
    for (const [what, input] of neighbours) {
      it(`${rule} leaves alone: ${what}`, () =>
        assert.ok(!rulesIn(input).includes(rule), JSON.stringify(lintTrust(input))));
    }
  }

  it("has for every rule a severity, why and fix, and finds nothing in what the builders make", () => {
    for (const { severity, why, fix } of Object.values(RULES)) assert.ok(severity && why && fix);
    assert.deepEqual(rulesIn(role(goodGithub)), []);
    assert.deepEqual(rulesIn(role(goodEsc)), []);
    // Stages of a project: what remains is what the program cannot decide.
    assert.deepEqual(rulesIn(stages(FORTY)), ["T24", "T25"]);
  });

  it("warns, and no more, about a claim on which AWS's pages disagree", () => {
    const disputed = lintTrust(
      onGithub({ StringEquals: { [`${G}:sub`]: PROD, [`${G}:repository_owner_id`]: "11" } }),
    );
    assert.deepEqual(
      disputed.map(({ rule, severity }) => [rule, severity]),
      [["T07", "warning"]],
    );
  });

  it("survives what is no policy at all", () => {
    for (const document of [
      undefined,
      null,
      1,
      "x",
      [],
      {},
      { Statement: 1 },
      { Statement: [null, { Effect: "Allow" }] },
    ]) {
      assert.doesNotThrow(() => lintTrust(role(document)));
    }
  });

  it("says where, why and how to mend it, and shows an accepted finding with its reason", () => {
    const accepted = { rule: "T24", on: "shop/prod", reason: "the organization's default is none" } as const;
    const unused = { rule: "T24", on: "shop/other", reason: "it was there once" } as const;
    const open = lintTrust(environmentOf("shop/prod", false));
    const text = renderFindings(open);
    assert.match(text, /^T24 warning shop\/prod: .*every member of acme/);
    assert.match(text, /\n {2}at {3}here\n {2}why {2}\S.*\n {2}fix {2}\S/);
    assert.match(text, /1 finding\n$/);
    const findings = lintTrust(environmentOf("shop/prod", false), [accepted, unused]);
    assert.deepEqual(findings[0]?.suppressed, { reason: accepted.reason });
    assert.match(renderFindings(findings), /T24 accepted on shop\/prod: the organization's default is none/);
    assert.match(renderFindings(findings), /no findings, 1 accepted with a reason/);
    assert.deepEqual(unusedSuppressions(findings, [accepted, unused]), [unused]);
  });
});

interface SarifLog {
  readonly version: string;
  readonly $schema: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
      readonly suppressions?: readonly { readonly kind: string; readonly justification: string }[];
    }[];
  }[];
}

describe("SARIF of the trust lint", () => {
  const input = joinTrustInputs([
    environmentOf("shop/prod", false),
    {
      roles: like("*").roles.map((one) => ({
        ...one,
        place: { text: "trust.json", file: "trust.json", line: 7 },
      })),
    },
  ]);
  const findings = lintTrust(input, [
    { rule: "T24", on: "shop/prod", reason: "the organization's default is none" },
  ]);
  const log = toSarif(findings) as SarifLog;
  const [run] = log.runs;
  assert.ok(run);

  it("has the shape that 2.1.0 demands", () => {
    assert.equal(log.version, "2.1.0");
    assert.match(log.$schema, /sarif-2\.1\.0/);
    assert.equal(log.runs.length, 1);
    assert.equal(typeof run.tool.driver.name, "string");
    assert.equal(run.results.length, findings.length);
    assert.ok(findings.length >= 2);
    for (const { ruleId, ruleIndex, level, message, locations } of run.results) {
      assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
      assert.ok(["error", "warning", "note", "none"].includes(level));
      assert.ok(message.text.length > 0);
      const [location] = locations;
      assert.ok(location && !/^(?:\/|file:)/.test(location.physicalLocation.artifactLocation.uri));
      assert.ok(location.physicalLocation.region.startLine >= 1);
    }
  });

  it("points at file and line, and carries the reasons of what is accepted", () => {
    const found = run.results.find(({ ruleId }) => ruleId === "T01");
    assert.deepEqual(found?.locations[0]?.physicalLocation, {
      artifactLocation: { uri: "trust.json" },
      region: { startLine: 7 },
    });
    assert.equal(found?.suppressions, undefined);
    assert.deepEqual(run.results.find(({ ruleId }) => ruleId === "T24")?.suppressions, [
      { kind: "external", justification: "the organization's default is none" },
    ]);
  });
});

describe("The page of rules", () => {
  it("lists every rule with its severity, and no other", () => {
    const page = readFileSync(join(__dirname, "..", "..", "docs", "trust-lint.md"), "utf8");
    const rows = [...page.matchAll(/^\| (T\d\d) \| ([EWI]) \|/gm)].map(
      ([, rule, letter]) => `${rule} ${letter}`,
    );
    const rules = Object.entries(RULES).map(
      ([rule, { severity }]) => `${rule} ${severity[0]?.toUpperCase()}`,
    );
    assert.deepEqual(rows, rules);
  });
});
