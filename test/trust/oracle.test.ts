/**
 * `trust/` against iam-simulate, an independent evaluator. What it does not show: that both understand AWS; and the
 * places where AWS's own pages and iam-simulate part are left out of the generated cases and stand in the tables
 * (`ForAnyValue:…IfExists` on an absent key, `Null` on an empty list, a set operator on empty text, `NotPrincipal`, a `*` that reaches over a
 * colon of the ARN, a session policy against what a resource policy grants to the session or to everyone).
 *
 * A denial for a wrong reason would prove nothing, so each mutated case stands beside its control, which both
 * evaluators allow, and no context key may have been ignored.
 */
import assert from "node:assert/strict";
import { createValidatedPolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import fc from "fast-check";
import {
  type Decision,
  escSubject,
  escTrustPolicy,
  evaluateAccess,
  evaluateTrustPolicy,
  GITHUB_ISSUER,
  githubTrustPolicy,
  oidcProviderArn,
  type PolicyDocument,
  type PolicyStatement,
  PULUMI_ISSUER,
  type RequestContext,
  type Verdict,
} from "../../trust/index";
import { type Case, cases } from "./generate";
import { ACCOUNT, allow, deny, OTHER_ACCOUNT, policy, READ, ROLE, SECRET, SESSION, session } from "./support";

const VERDICTS: Readonly<Record<string, Verdict>> = {
  Allowed: "allowed",
  ImplicitlyDenied: "implicitly-denied",
  ExplicitlyDenied: "explicitly-denied",
};

type Simulation = Parameters<typeof runSimulation>[0];

async function simulate(simulation: Simulation): Promise<Verdict | undefined> {
  const result = await runSimulation(simulation, {});
  assert.equal(result.resultType, "single", JSON.stringify(result));
  if (result.resultType !== "single") return undefined;
  assert.deepEqual(result.result.ignoredContextKeys, []);
  return VERDICTS[result.overallResult];
}

const named = (policies: readonly PolicyDocument[]) =>
  policies.map((document, index) => ({ name: `p${index}`, policy: document }));

/** iam-simulate derives nothing from the principal, and wants only texts. */
function contextOf(context: RequestContext): Record<string, string | string[]> {
  const given = Object.entries(context).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, Array.isArray(value) ? value : String(value)] as const],
  );
  return { ...Object.fromEntries(given), "aws:PrincipalArn": ROLE };
}

function theirs(one: Case): Promise<Verdict | undefined> {
  return simulate({
    request: {
      principal: SESSION,
      action: one.action,
      resource: { resource: one.resource, accountId: one.resource.split(":")[4] ?? "" },
      contextVariables: contextOf(one.context),
    },
    // Its session's role is the one at the root path, ours has a path.
    identityPolicies: named(one.identityPolicies),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: one.resourcePolicy && atRootPath(one.resourcePolicy),
    sessionPolicy: one.sessionPolicies?.[0],
    permissionBoundaryPolicies: one.permissionsBoundary && named([one.permissionsBoundary]),
  });
}

function atRootPath(document: PolicyDocument): PolicyDocument {
  return JSON.parse(JSON.stringify(document).replaceAll("role/esc/reader", "role/reader"));
}

function ours({ action, resource, context, ...policies }: Case): Decision {
  return evaluateAccess({ ...policies, request: { principal: session, action, resource, context } });
}

/** AWS documents that a session policy does not cut this; iam-simulate lets it. */
function grantsDirectlyUnderSession({ resourcePolicy, sessionPolicies }: Case): boolean {
  const text = JSON.stringify(resourcePolicy ?? {});
  return sessionPolicies !== undefined && (text.includes('"*"') || text.includes(SESSION));
}

const SEED = 20_260_715;

describe("iam-simulate agrees", function () {
  this.timeout(20_000);
  it("on generated policies of every kind", async () => {
    const count = { allowed: 0, "implicitly-denied": 0, "explicitly-denied": 0 };
    const seen = { allowedByResource: 0, allowedAcrossAccounts: 0, cutByBoundary: 0, cutBySession: 0 };
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        fc.pre(!grantsDirectlyUnderSession(one));
        const { verdict, allowed, deciding } = ours(one);
        count[verdict]++;
        if (allowed && deciding.layer === "resource") seen.allowedByResource++;
        if (allowed && !one.resource.includes(ACCOUNT)) seen.allowedAcrossAccounts++;
        if (verdict === "implicitly-denied" && deciding.layer === "boundary") seen.cutByBoundary++;
        if (verdict === "implicitly-denied" && deciding.layer === "session") seen.cutBySession++;
        assert.equal(verdict, await theirs(one));
      }),
      { seed: SEED, numRuns: 600 },
    );
    // A generator that never reaches a rule would agree on it too.
    assert.ok(Math.min(...Object.values(count)) >= 40, JSON.stringify(count));
    assert.ok(Math.min(...Object.values(seen)) >= 3, JSON.stringify(seen));
  });

  /** What one thing changed does to a request that both evaluators allow. */
  const base: Case = {
    identityPolicies: [
      policy(
        allow({
          Resource: `arn:aws:secretsmanager:*:${ACCOUNT}:secret:app/staging/*`,
          Condition: {
            StringEquals: { "aws:PrincipalTag/team": ["a", "b"] },
            ArnLike: { "aws:SourceArn": `arn:aws:sns:*:${ACCOUNT}:*` },
            Bool: { "aws:SecureTransport": "true" },
            "ForAnyValue:StringLike": { "aws:TagKeys": ["x*"] },
            "ForAllValues:StringLike": { "aws:TagKeys": ["x*", "y"] },
          },
        }),
      ),
    ],
    permissionsBoundary: policy(allow({ Action: "secretsmanager:*" })),
    sessionPolicies: [policy({ Effect: "Allow", NotAction: "s3:*", Resource: "*" })],
    action: READ,
    resource: SECRET,
    context: {
      "aws:PrincipalTag/team": "b",
      "aws:SourceArn": `arn:aws:sns:us-east-1:${ACCOUNT}:orders`,
      "aws:SecureTransport": "true",
      "aws:TagKeys": ["x1", "y"],
    },
  };
  const withContext = (changes: RequestContext): Case => ({
    ...base,
    context: { ...base.context, ...changes },
  });
  const withStatement = (changes: Partial<PolicyStatement>): Case => {
    const [document] = base.identityPolicies;
    const statement = Array.isArray(document?.Statement) ? document.Statement[0] : document?.Statement;
    return { ...base, identityPolicies: [policy({ ...statement, ...changes } as PolicyStatement)] };
  };
  const mutations: readonly [string, Case, Verdict][] = [
    ["another tag", withContext({ "aws:PrincipalTag/team": "c" }), "implicitly-denied"],
    ["the tag in other case", withContext({ "aws:PrincipalTag/team": "B" }), "implicitly-denied"],
    ["no tag", withContext({ "aws:PrincipalTag/team": undefined }), "implicitly-denied"],
    [
      "another source",
      withContext({ "aws:SourceArn": `arn:aws:sqs:us-east-1:${ACCOUNT}:q` }),
      "implicitly-denied",
    ],
    ["no source", withContext({ "aws:SourceArn": undefined }), "implicitly-denied"],
    ["plain text", withContext({ "aws:SecureTransport": "false" }), "implicitly-denied"],
    ["transport unknown", withContext({ "aws:SecureTransport": undefined }), "implicitly-denied"],
    ["no x among the list", withContext({ "aws:TagKeys": ["y"] }), "implicitly-denied"],
    ["another in the list", withContext({ "aws:TagKeys": ["x1", "z"] }), "implicitly-denied"],
    ["no list", withContext({ "aws:TagKeys": undefined }), "implicitly-denied"],
    ["another action", { ...base, action: "secretsmanager:PutSecretValue" }, "implicitly-denied"],
    ["another stage", { ...base, resource: SECRET.replace("staging", "prod") }, "implicitly-denied"],
    ["another account", { ...base, resource: SECRET.replace(ACCOUNT, OTHER_ACCOUNT) }, "implicitly-denied"],
    ["the effect", withStatement({ Effect: "Deny" }), "explicitly-denied"],
    ["the action of the policy", withStatement({ Action: "secretsmanager:Put*" }), "implicitly-denied"],
    ["the resource of the policy", withStatement({ Resource: `${SECRET}x` }), "implicitly-denied"],
    [
      "a negated operator",
      withStatement({ Condition: { StringNotEquals: { "aws:PrincipalTag/team": "b" } } }),
      "implicitly-denied",
    ],
    [
      "a Deny beside it",
      { ...base, identityPolicies: [...base.identityPolicies, policy(deny())] },
      "explicitly-denied",
    ],
    [
      "the boundary",
      { ...base, permissionsBoundary: policy(allow({ Action: "s3:*" })) },
      "implicitly-denied",
    ],
    [
      "a Deny in the boundary",
      { ...base, permissionsBoundary: policy(allow(), deny()) },
      "explicitly-denied",
    ],
    [
      "the session policy",
      { ...base, sessionPolicies: [policy(allow({ Action: "s3:*" }))] },
      "implicitly-denied",
    ],
    [
      "a Deny in the session policy",
      { ...base, sessionPolicies: [policy(allow(), deny())] },
      "explicitly-denied",
    ],
    [
      "a Deny on the resource",
      { ...base, resourcePolicy: policy(deny({ Principal: "*" })) },
      "explicitly-denied",
    ],
    ["no policy at all", { ...base, identityPolicies: [] }, "implicitly-denied"],
  ];

  it("that the control is allowed", async () => {
    assert.equal(ours(base).verdict, "allowed");
    assert.equal(await theirs(base), "allowed");
  });

  for (const [what, mutated, expected] of mutations) {
    it(`that the control is denied with one thing changed: ${what}`, async () => {
      assert.equal(ours(mutated).verdict, expected);
      assert.equal(await theirs(mutated), expected);
    });
  }
});

const ISSUERS = [
  {
    prefix: "api.pulumi.com/oidc",
    providerArn: oidcProviderArn({ issuer: PULUMI_ISSUER, accountId: ACCOUNT }),
  },
  {
    prefix: "token.actions.githubusercontent.com",
    providerArn: oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT }),
  },
] as const;

interface TrustCase {
  readonly document: PolicyDocument;
  readonly prefix: string;
  readonly providerArn: string;
  readonly claims: Readonly<Record<string, string>>;
}

function oursOnTrust({ document, providerArn, claims }: TrustCase): Verdict {
  return evaluateTrustPolicy({ policy: document, providerArn, claims }).verdict;
}

function trustSimulation(
  { providerArn }: TrustCase,
  prefix: string,
  claims: TrustCase["claims"],
): Simulation {
  const keys = Object.entries(claims).map(([claim, value]) => [`${prefix}:${claim}`, value] as const);
  return {
    request: {
      principal: providerArn,
      action: "sts:AssumeRoleWithWebIdentity",
      resource: { resource: ROLE, accountId: ACCOUNT },
      contextVariables: Object.fromEntries(keys),
    },
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

/** The validating door knows no keys of ours, so key prefixes are renamed to an issuer that it knows. */
function theirsRenamed(one: TrustCase): Promise<Verdict | undefined> {
  const renamed = "accounts.google.com";
  const document = JSON.parse(JSON.stringify(one.document).replaceAll(`"${one.prefix}:`, `"${renamed}:`));
  return simulate({ ...trustSimulation(one, renamed, one.claims), resourcePolicy: document });
}

/** The unvalidated door takes any key, but only a policy that was validated before. */
function theirsUnsafe(one: TrustCase): Verdict | undefined {
  const validated = createValidatedPolicy(one.document, validateTrustPolicy, { name: "trust" });
  assert.deepEqual(validated.errors, []);
  return VERDICTS[
    runUnsafeSimulation({ ...trustSimulation(one, one.prefix, one.claims), resourcePolicy: validated }, {})
  ];
}

describe("iam-simulate agrees on trust policies", function () {
  this.timeout(20_000);
  const subjects = fc.constantFrom(
    ...["app/staging", "app/staging@live", "app/prod", "app2/staging", "staging"].map((environment) =>
      escSubject({ organization: "acme", environment }),
    ),
  );
  const audiences = fc.constantFrom("aws:acme", "acme", "aws:acme-evil", "AWS:acme");
  const patterns = fc.oneof(
    subjects,
    fc.constantFrom(
      "pulumi:environments:org:acme:env:*",
      "pulumi:*:env:app/*",
      "*",
      "pulumi:*prod?",
      "*staging",
    ),
  );
  const operators = fc.constantFrom(
    ...["Equals", "EqualsIgnoreCase", "Like", "NotEquals", "NotEqualsIgnoreCase", "NotLike"].flatMap(
      (name) => [
        `String${name}`,
        `String${name}IfExists`,
        `ForAnyValue:String${name}`,
        `ForAllValues:String${name}`,
      ],
    ),
  );
  const some = (values: fc.Arbitrary<string>) => fc.array(values, { minLength: 1, maxLength: 2 });

  const trustCases: fc.Arbitrary<TrustCase> = fc
    .record({
      issuer: fc.constantFrom(...ISSUERS),
      asker: fc.constantFrom(...ISSUERS),
      rows: fc.array(
        fc.record({
          effect: fc.constantFrom<"Allow" | "Deny">("Allow", "Allow", "Allow", "Deny"),
          everyone: fc.constantFrom(false, false, true),
          action: fc.constantFrom("sts:AssumeRoleWithWebIdentity", "sts:assume*", "sts:AssumeRole"),
          aud: fc.tuple(operators, some(audiences)),
          sub: fc.tuple(operators, some(patterns)),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      claims: fc.record({ aud: audiences, sub: subjects }, { requiredKeys: [] }),
    })
    .map(({ issuer, asker, rows, claims }) => ({
      ...issuer,
      providerArn: asker.providerArn,
      // Whoever asks, the claims come under the asker's prefix; where the issuers differ, so do the keys.
      claims: issuer === asker ? claims : {},
      document: policy(
        ...rows.map(({ effect, everyone, action, aud, sub }): PolicyStatement => {
          const condition: Record<string, Record<string, string[]>> = {
            [aud[0]]: { [`${issuer.prefix}:aud`]: aud[1] },
          };
          condition[sub[0]] = { ...condition[sub[0]], [`${issuer.prefix}:sub`]: sub[1] };
          return {
            Effect: effect,
            Principal: everyone ? "*" : { Federated: issuer.providerArn },
            Action: action,
            Condition: condition,
          };
        }),
      ),
    }));

  it("generated ones, at both of its doors", async () => {
    const count = { allowed: 0, "implicitly-denied": 0, "explicitly-denied": 0 };
    await fc.assert(
      fc.asyncProperty(trustCases, async (one) => {
        const verdict = oursOnTrust(one);
        count[verdict]++;
        assert.equal(verdict, theirsUnsafe(one));
        assert.equal(verdict, await theirsRenamed(one));
      }),
      { seed: SEED, numRuns: 300 },
    );
    assert.ok(Math.min(...Object.values(count)) >= 10, JSON.stringify(count));
  });

  const [pulumi, github] = ISSUERS;
  const controls: readonly TrustCase[] = [
    {
      ...pulumi,
      document: escTrustPolicy({
        providerArn: pulumi.providerArn,
        audience: "aws:acme",
        subjects: ["s:staging", "s:staging@live"],
      }),
      claims: { aud: "aws:acme", sub: "s:staging@live" },
    },
    {
      ...github,
      document: githubTrustPolicy({
        providerArn: github.providerArn,
        subjects: ["repo:o/r:environment:prod"],
      }),
      claims: { aud: "sts.amazonaws.com", sub: "repo:o/r:environment:prod" },
    },
  ];
  for (const control of controls) {
    it(`the one that is built for ${control.prefix}, with one thing changed at a time`, async () => {
      const both = async (one: TrustCase, expected: Verdict) => {
        assert.equal(oursOnTrust(one), expected);
        assert.equal(theirsUnsafe(one), expected);
        assert.equal(await theirsRenamed(one), expected);
      };
      const { claims } = control;
      const other = control.prefix === pulumi.prefix ? github : pulumi;
      for (const mutated of [
        { ...control, claims: { ...claims, sub: `${claims.sub}x` } },
        { ...control, claims: { ...claims, sub: claims.sub?.toUpperCase() ?? "" } },
        { ...control, claims: { ...claims, sub: "*" } },
        { ...control, claims: { ...claims, aud: "" } },
        { ...control, claims: { sub: claims.sub ?? "" } },
        { ...control, claims: { aud: claims.aud ?? "" } },
        { ...control, claims: {}, providerArn: other.providerArn },
        {
          ...control,
          document: JSON.parse(
            JSON.stringify(control.document).replace("AssumeRoleWithWebIdentity", "AssumeRole"),
          ),
        },
      ]) {
        await both(control, "allowed");
        await both(mutated, "implicitly-denied");
      }
    });
  }
});
