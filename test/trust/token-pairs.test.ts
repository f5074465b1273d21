// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt so
/**
 * Tokens at trust policies, the classic mistakes among them, judged by `trust/` and by iam-simulate. Each denial
 * stands beside the allowed control from which it differs in one thing. What it does not show: which claims AWS
 * offers keys for (iam-simulate takes any key).
 */
import assert from "node:assert/strict";
import {
  escSubject,
  escTrustPolicy,
  GITHUB_ISSUER,
  type GithubContext,
  githubSubject,
  githubTrustPolicy,
  oidcProviderArn,
  type PolicyCondition,
  type PolicyDocument,
  type PolicyStatement,
  PULUMI_ISSUER,
} from "../../trust/index";
import { oursOf, type Pair, theirsOf } from "./simulator";
import { ACCOUNT, OTHER_ACCOUNT, policy } from "./support";

const pulumi = oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT });
const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const G = "token.actions.githubusercontent.com";
const P = "api.pulumi.com/oidc";

const repository = { owner: "acme", name: "shop", ownerId: "11", repositoryId: "22" };
const contexts: readonly GithubContext[] = [
  { kind: "environment", name: "prod" },
  { kind: "branch", name: "main" },
  { kind: "tag", name: "v1" },
  { kind: "pull_request" },
];

function statementOf(document: PolicyDocument): PolicyStatement {
  return [document.Statement].flat()[0] as PolicyStatement;
}

function with1(pair: Pair, change: Partial<PolicyStatement>): Pair {
  return { ...pair, document: policy({ ...statementOf(pair.document), ...change }) };
}

function withCondition(pair: Pair, condition: PolicyCondition): Pair {
  return with1(pair, { Condition: condition });
}

/** What people get wrong in a policy or a token, whichever issuer it is of; undefined where it does not apply. */
function classics(pair: Pair): [string, Pair][] {
  const { claims, document } = pair;
  const { sub = "", aud = "" } = claims;
  const condition = statementOf(document).Condition ?? {};
  const equals = condition.StringEquals ?? {};
  const subKey = Object.keys(equals).find((key) => key.endsWith(":sub")) ?? "";
  const prefix = subKey.slice(0, -":sub".length);
  const without = (claim: string) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim));
  const rename = (to: string): PolicyCondition => ({
    StringEquals: Object.fromEntries(
      Object.entries(equals).map(([key, value]) => [key.replace(prefix, to), value]),
    ),
  });
  const other = pair.providerArn === pulumi ? github : pulumi;
  return [
    ["another subject", { ...pair, claims: { ...claims, sub: `${sub}x` } }],
    ["a subject cut short", { ...pair, claims: { ...claims, sub: sub.slice(0, -1) } }],
    ["the subject in other case", { ...pair, claims: { ...claims, sub: sub.toUpperCase() } }],
    ["a space behind the subject", { ...pair, claims: { ...claims, sub: `${sub} ` } }],
    ["a star for a subject", { ...pair, claims: { ...claims, sub: "*" } }],
    ["no subject", { ...pair, claims: without("sub") }],
    ["another audience", { ...pair, claims: { ...claims, aud: `${aud}-malicious` } }],
    ["no audience", { ...pair, claims: without("aud") }],
    ["an empty audience", { ...pair, claims: { ...claims, aud: "" } }],
    ["a space in the policy", withCondition(pair, { StringEquals: { ...equals, [subKey]: ` ${sub}` } })],
    [
      "a pattern under StringEquals",
      withCondition(pair, { StringEquals: { ...equals, [subKey]: `${sub.slice(0, -2)}*` } }),
    ],
    ["keys with the scheme left in", withCondition(pair, rename(`https://${prefix}`))],
    ["keys of the other version", withCondition(pair, rename(`${prefix}/v2`))],
    ["a misspelt claim", withCondition(pair, { StringEquals: { ...equals, [`${prefix}:subject`]: sub } })],
    ["the action of AWS principals", with1(pair, { Action: "sts:AssumeRole" })],
    ["the provider of another issuer", with1(pair, { Principal: { Federated: other } })],
    [
      "the provider of another account",
      with1(pair, { Principal: { Federated: pair.providerArn.replace(ACCOUNT, OTHER_ACCOUNT) } }),
    ],
    ["an AWS principal", with1(pair, { Principal: { AWS: ACCOUNT } })],
    ["a negated operator", withCondition(pair, { StringNotEquals: { [subKey]: sub } })],
    ["a Deny", with1(pair, { Effect: "Deny" })],
  ];
}

const githubControls = contexts.flatMap((context) =>
  (["legacy", "immutable"] as const).map((form): [string, Pair] => {
    const sub = githubSubject({ repository, form, context });
    return [
      `GitHub, ${context.kind}, ${form}`,
      {
        providerArn: github,
        document: githubTrustPolicy({ providerArn: github, subjects: [sub], repositoryId: "22" }),
        claims: { sub, aud: "sts.amazonaws.com", repository_id: "22" },
      },
    ];
  }),
);

const escControls = (
  [
    [["currentEnvironment.name"], "shop/prod"],
    [["currentEnvironment.name"], "shop/prod@live"],
    [["rootEnvironment.name", "currentEnvironment.name"], "shop/prod"],
    [[], "shop/prod"],
  ] as const
).map(([subjectAttributes, environment]): [string, Pair] => {
  const sub = escSubject({ organization: "acme", environment, subjectAttributes });
  return [
    `ESC, ${environment}, ${subjectAttributes.join(" and ") || "default"}`,
    {
      providerArn: pulumi,
      document: escTrustPolicy({ providerArn: pulumi, audience: "aws:acme", subjects: [sub] }),
      claims: { sub, aud: "aws:acme" },
    },
  ];
});

/** A control's policy, and tokens that differ from its own in one claim, or its own at another policy. */
function wild(providerArn: string, condition: PolicyCondition, claims: Pair["claims"]): Pair {
  const base = {
    Effect: "Allow",
    Principal: { Federated: providerArn },
    Action: "sts:AssumeRoleWithWebIdentity",
  } as const;
  return { providerArn, document: policy({ ...base, Condition: condition }), claims };
}

const GITHUB_CLAIMS = { sub: "repo:acme/shop:ref:refs/heads/main", aud: "sts.amazonaws.com" };
const ESC_CLAIMS = { sub: "pulumi:environments:org:acme:env:shop/prod", aud: "aws:acme" };

/** Patterns and operators as they are found in the wild: what they let in, and the nearest that they do not. */
const WILD: readonly (readonly [string, Pair, Pair["claims"]])[] = [
  [
    "an organization's wildcard lets any repository in",
    wild(github, { StringLike: { [`${G}:sub`]: "repo:acme/*" } }, GITHUB_CLAIMS),
    { ...GITHUB_CLAIMS, sub: "repo:acme-evil/shop:ref:refs/heads/main" },
  ],
  [
    "one without a slash lets other owners in",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: "repo:acme*" } },
      { ...GITHUB_CLAIMS, sub: "repo:acme-evil/x:pull_request" },
    ),
    { ...GITHUB_CLAIMS, sub: "repo:other/x:pull_request" },
  ],
  [
    "a pattern for both forms lets other owners and repositories in",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: "repo:acme*/shop*:environment:prod" } },
      { ...GITHUB_CLAIMS, sub: "repo:acme-evil/shop-x:environment:prod" },
    ),
    { ...GITHUB_CLAIMS, sub: "repo:evil/shop:environment:prod" },
  ],
  [
    "ids as wildcards let the recycled name in",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: "repo:acme@*/shop@*:environment:prod" } },
      { ...GITHUB_CLAIMS, sub: "repo:acme@66/shop@77:environment:prod" },
    ),
    { ...GITHUB_CLAIMS, sub: "repo:acme/shop:environment:prod" },
  ],
  [
    "a prefix of an audience admits others",
    wild(pulumi, { StringLike: { [`${P}:aud`]: "aws:acme*" } }, { ...ESC_CLAIMS, aud: "aws:acme-malicious" }),
    { ...ESC_CLAIMS, aud: "aws:other" },
  ],
  [
    "every environment of the organization",
    wild(
      pulumi,
      { StringLike: { [`${P}:sub`]: "pulumi:environments:org:acme:env:*" } },
      { ...ESC_CLAIMS, sub: "pulumi:environments:org:acme:env:<yaml>" },
    ),
    { ...ESC_CLAIMS, sub: "pulumi:environments:org:evil:env:shop/prod" },
  ],
  [
    "ForAllValues holds for an absent claim",
    wild(github, { "ForAllValues:StringEquals": { [`${G}:environment`]: "prod" } }, GITHUB_CLAIMS),
    { ...GITHUB_CLAIMS, environment: "dev" },
  ],
  [
    "IfExists holds for an absent claim",
    wild(github, { StringEqualsIfExists: { [`${G}:environment`]: "prod" } }, GITHUB_CLAIMS),
    { ...GITHUB_CLAIMS, environment: "dev" },
  ],
  [
    "of several values the weakest decides",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: ["repo:acme/shop:environment:prod", "repo:acme/*"] } },
      GITHUB_CLAIMS,
    ),
    { ...GITHUB_CLAIMS, sub: "repo:evil/shop:environment:prod" },
  ],
  [
    "a colon in a name is %3A",
    wild(
      github,
      { StringEquals: { [`${G}:sub`]: "repo:acme/shop:environment:a%3Ab" } },
      { ...GITHUB_CLAIMS, sub: "repo:acme/shop:environment:a%3Ab" },
    ),
    { ...GITHUB_CLAIMS, sub: "repo:acme/shop:environment:a:b" },
  ],
  [
    "case is ignored where the operator says so",
    wild(
      github,
      { StringEqualsIgnoreCase: { [`${G}:environment`]: "Prod" } },
      { ...GITHUB_CLAIMS, environment: "PROD" },
    ),
    { ...GITHUB_CLAIMS, environment: "prods" },
  ],
  [
    "a number below a limit",
    wild(
      github,
      { NumericLessThan: { [`${G}:repository_id`]: "100" } },
      { ...GITHUB_CLAIMS, repository_id: "22" },
    ),
    { ...GITHUB_CLAIMS, repository_id: "100" },
  ],
  [
    "a number that is equal",
    wild(
      github,
      { NumericEquals: { [`${G}:repository_id`]: "22" } },
      { ...GITHUB_CLAIMS, repository_id: "22" },
    ),
    { ...GITHUB_CLAIMS, repository_id: "222" },
  ],
  [
    "a number that is no other",
    wild(
      github,
      { NumericNotEquals: { [`${G}:repository_id`]: ["1", "2"] } },
      { ...GITHUB_CLAIMS, repository_id: "22" },
    ),
    { ...GITHUB_CLAIMS, repository_id: "2" },
  ],
  [
    "a variable that repeats another claim",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: "repo:${token.actions.githubusercontent.com:repository}:*" } },
      { ...GITHUB_CLAIMS, repository: "acme/shop" },
    ),
    { ...GITHUB_CLAIMS, repository: "acme/other" },
  ],
  [
    "a star that a variable brings along",
    wild(
      github,
      { StringLike: { [`${G}:sub`]: "repo:${token.actions.githubusercontent.com:repository}:ref:*" } },
      { ...GITHUB_CLAIMS, repository: "acme/shop" },
    ),
    { ...GITHUB_CLAIMS, repository: "*" },
  ],
  [
    "a variable without a value",
    wild(
      github,
      { StringEquals: { [`${G}:ref`]: "${token.actions.githubusercontent.com:workflow, 'main'}" } },
      { ...GITHUB_CLAIMS, ref: "main" },
    ),
    { ...GITHUB_CLAIMS, ref: "${token.actions.githubusercontent.com:workflow, 'main'}" },
  ],
];

const NOW = "aws:CurrentTime";
const dated = (condition: PolicyCondition, now: string): Pair => ({
  ...wild(github, condition, GITHUB_CLAIMS),
  context: { [NOW]: now },
});

/** A role that is open for a time: within it, and just outside. */
const DATES: readonly (readonly [PolicyCondition, string, string])[] = [
  [{ DateLessThan: { [NOW]: "2026-12-01T00:00:00Z" } }, "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"],
  [{ DateLessThanEquals: { [NOW]: "2026-12-01T00:00:00Z" } }, "2026-12-01T00:00:00Z", "2026-12-01T00:00:01Z"],
  [{ DateGreaterThan: { [NOW]: "2026-12-01T00:00:00Z" } }, "2026-12-01T00:00:01Z", "2026-12-01T00:00:00Z"],
  [
    { DateGreaterThanEquals: { [NOW]: "2026-12-01T00:00:00Z" } },
    "2026-12-01T00:00:00Z",
    "2026-11-30T23:59:59Z",
  ],
  [{ DateEquals: { [NOW]: "2026-12-01T00:00:00Z" } }, "2026-12-01T01:00:00+01:00", "2026-12-01T01:00:00Z"],
  [{ DateNotEquals: { [NOW]: "2026-12-01T00:00:00Z" } }, "2026-12-02T00:00:00Z", "2026-12-01T00:00:00Z"],
];

describe("Tokens at trust policies, judged by trust/ and by iam-simulate", () => {
  const bothSay = (pair: Pair, expected: "allowed" | "denied") => {
    const [ours, theirs] = [oursOf(pair), theirsOf(pair)];
    assert.equal(ours, theirs);
    assert.equal(ours === "allowed" ? "allowed" : "denied", expected);
  };

  for (const [what, control] of [...githubControls, ...escControls]) {
    it(`${what}: allowed, and denied with any one thing wrong`, () => {
      bothSay(control, "allowed");
      for (const [, mistaken] of classics(control)) bothSay(mistaken, "denied");
    });
  }

  for (const [what, control, refused] of WILD) {
    it(`in the wild: ${what}`, () => {
      bothSay(control, "allowed");
      bothSay({ ...control, claims: refused }, "denied");
    });
  }

  for (const [condition, inside, outside] of DATES) {
    it(`${Object.keys(condition)[0]} opens a role for a time`, () => {
      bothSay(dated(condition, inside), "allowed");
      bothSay(dated(condition, outside), "denied");
    });
  }

  it("are at least 200", () => {
    const controls = [...githubControls, ...escControls];
    const pairs = controls.flatMap(([, control]) => [control, ...classics(control)]).length;
    assert.ok(pairs + 2 * (WILD.length + DATES.length) >= 200);
  });
});
