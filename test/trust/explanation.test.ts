import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Decision,
  evaluateAccess,
  evaluateTrustPolicy,
  type PolicyCondition,
  type PolicyStatement,
  renderDecision,
  type StatementTrace,
  type Verdict,
} from "../../trust/index";
import { cases, contexts, statements } from "./generate";
import { ACCOUNT, allow, ask, deny, policy, READ, ROLE, ROOT, SECRET, session } from "./support";

const SEED = 20_260_715;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;

/** The verdict that the explanation's own data amount to, without looking at what it says the verdict is. */
function verdictOf({ deciding, layers }: Decision): Verdict {
  const traces = layers.flatMap((layer) => layer.statements);
  const matched = (trace: StatementTrace) => trace.checks.every((check) => check.matched);
  if (traces.some((trace) => trace.effect === "Deny" && matched(trace))) return "explicitly-denied";
  const { statement } = deciding;
  return statement?.effect === "Allow" && matched(statement) ? "allowed" : "implicitly-denied";
}

describe("An explanation", () => {
  it("always amounts to the decision", () => {
    fc.assert(
      fc.property(cases, ({ action, resource, context, ...policies }) => {
        const decision = evaluateAccess({
          ...policies,
          request: { principal: session, action, resource, context },
        });
        const { verdict, allowed, deciding, layers } = decision;
        assert.equal(verdict, verdictOf(decision));
        assert.equal(allowed, verdict === "allowed");
        for (const { statements: traces } of layers) {
          for (const { matched, checks } of traces)
            assert.equal(
              matched,
              checks.every((check) => check.matched),
            );
        }
        const { statement, check } = deciding;
        assert.ok(statement === undefined || layers.some((layer) => layer.statements.includes(statement)));
        if (verdict === "implicitly-denied")
          assert.equal(
            check,
            statement?.checks.find(({ matched }) => !matched),
          );
        else assert.ok(check?.matched && statement?.checks.includes(check));
        assert.equal(statement?.effect ?? "Allow", verdict === "explicitly-denied" ? "Deny" : "Allow");
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it("names what really stood in the way: without the conditions that failed, the statement allows", () => {
    let repaired = 0;
    fc.assert(
      fc.property(fc.array(statements, { minLength: 1, maxLength: 4 }), contexts, (list, context) => {
        const allows = list.map((statement): PolicyStatement => ({ ...statement, Effect: "Allow" }));
        const { verdict, deciding } = ask({ identityPolicies: [policy(...allows)] }, { context });
        const failed = deciding.statement?.checks.filter(({ matched }) => !matched) ?? [];
        if (verdict === "allowed" || failed.some(({ element }) => element !== "Condition")) return;
        const index = deciding.statement?.index ?? -1;
        const statement = allows[index];
        assert.ok(statement?.Condition);
        const condition = without(
          statement.Condition,
          failed.map(({ operator, key }) => `${operator} ${key}`),
        );
        allows[index] = { ...statement, Condition: condition };
        assert.equal(ask({ identityPolicies: [policy(...allows)] }, { context }).allowed, true);
        repaired++;
      }),
      { seed: SEED, numRuns: 600 },
    );
    assert.ok(repaired > 20, `${repaired}`);
  });

  it("is plain data", () => {
    const decision = ask({ resourcePolicy: policy(deny({ Principal: "*" })) });
    assert.deepEqual(JSON.parse(JSON.stringify(decision)), decision);
  });

  it("of a denial picks the statement that came closest", () => {
    const near = allow({
      Sid: "Near",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "a", "aws:PrincipalTag/site": "b" } },
    });
    const statementsOf = (...list: PolicyStatement[]) =>
      ask({ identityPolicies: [policy(...list)] }).deciding;
    const otherAction = allow({ Sid: "OtherAction", Action: "s3:GetObject" });
    const otherResource = allow({ Sid: "OtherResource", Resource: SECRET.replace("staging", "prod") });
    // A failed condition is nearer than a wrong resource, that is nearer than a wrong action.
    assert.equal(statementsOf(otherAction, otherResource, near).statement?.sid, "Near");
    assert.equal(statementsOf(otherAction, otherResource).statement?.sid, "OtherResource");
    const elsewhere = allow({ Sid: "Elsewhere", Resource: "arn:aws:s3:::bucket" });
    const almost = allow({ Sid: "Almost", Action: `${READ}s` });
    assert.equal(statementsOf(almost, elsewhere).statement?.sid, "Elsewhere");
    // One failed condition is nearer than two.
    const nearer = allow({ Sid: "Nearer", Condition: { StringEquals: { "aws:PrincipalTag/team": "a" } } });
    assert.equal(statementsOf(near, nearer).statement?.sid, "Nearer");
    // Among equals, the one that agrees longest.
    const far = allow({ Sid: "Far", Resource: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:x` });
    assert.equal(statementsOf(far, otherResource).statement?.sid, "OtherResource");
    // Either policy would be enough: the nearer one is named.
    const both = (own: PolicyStatement, theirs: PolicyStatement) =>
      ask({ identityPolicies: [policy(own)], resourcePolicy: policy(theirs) }).deciding.layer;
    assert.equal(both(otherAction, { ...near, Principal: "*" }), "resource");
    assert.equal(both(near, { ...otherAction, Principal: "*" }), "identity");
    assert.equal(both(near, { ...near, Principal: "*" }), "identity");
    // A Deny that does not match stands in nobody's way.
    assert.equal(statementsOf(deny({ Action: "s3:*" })).statement, undefined);
  });

  it("of what a resource policy allows picks the statement that named who asks, not the account", () => {
    const resourcePolicy = policy(
      allow({ Sid: "Account", Principal: { AWS: ROOT } }),
      allow({ Sid: "Role", Principal: { AWS: ROLE } }),
      allow({ Sid: "Too", Principal: { AWS: [ROOT, ROLE] } }),
    );
    const { allowed, deciding } = ask({ identityPolicies: [], resourcePolicy });
    assert.equal(allowed, true);
    assert.equal(deciding.statement?.sid, "Role");
  });

  it("says which of the policy's values was met", () => {
    const Condition = { StringLike: { "aws:PrincipalTag/team": ["x", "a*", "ab"] } };
    const decision = ask(
      { identityPolicies: [policy(allow({ Condition }))] },
      { context: { "aws:PrincipalTag/team": "ab" } },
    );
    assert.deepEqual(decision.deciding.check, {
      element: "Condition",
      operator: "StringLike",
      key: "aws:PrincipalTag/team",
      expected: ["x", "a*", "ab"],
      actual: ["ab"],
      matched: true,
      by: "a*",
    });
  });

  it("never holds a token, whatever it was given as", () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "RS256", kid: "k" })}.${part({ sub: "repo:o/r:environment:prod", aud: "x" })}.c2lnbmF0dXJl`;
    const key = "token.actions.githubusercontent.com:sub";
    const trust = (value: string) =>
      policy({
        Effect: "Allow",
        Principal: { Federated: PROVIDER },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringLike: { [key]: value } },
      });
    const decisions = [
      evaluateTrustPolicy({ policy: trust("repo:*"), providerArn: PROVIDER, claims: { sub: token } }),
      evaluateTrustPolicy({
        policy: trust("*"),
        providerArn: PROVIDER,
        claims: { sub: `Bearer ${token}`, amr: [token] },
      }),
      evaluateTrustPolicy({
        policy: trust(token),
        providerArn: PROVIDER,
        claims: { sub: "x", aud: token, jwt: token },
      }),
      ask({}, { resource: `arn:aws:s3:::bucket/${token}` }),
      ask({ identityPolicies: [policy(deny({ Resource: `arn:aws:s3:::bucket/${token}` }))] }),
      ask(
        {
          identityPolicies: [
            policy(allow({ Condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": token } } })),
          ],
        },
        { context: { "aws:TagKeys": ["a", token] } },
      ),
    ];
    for (const decision of decisions) {
      const text = JSON.stringify(decision) + renderDecision(decision);
      for (const piece of token.split(".")) assert.ok(!text.includes(piece), text);
    }
    // Hiding it must not change what is compared.
    assert.equal(decisions[5]?.allowed, true);
    assert.equal(
      evaluateTrustPolicy({ policy: trust("<token>"), providerArn: PROVIDER, claims: { sub: token } })
        .allowed,
      false,
    );
  });
});

function without(condition: PolicyCondition, failed: readonly string[]): PolicyCondition {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).filter(([key]) => !failed.includes(`${operator} ${key}`))),
    ]),
  );
}

describe("A decision as text", () => {
  const secret = (stage: string) => SECRET.replace("staging", stage);
  const team = (operator: string, value: string | string[]) =>
    policy(allow({ Sid: "Team", Condition: { [operator]: { "aws:PrincipalTag/team": value } } }));
  const tagged = (value: string) => ({ context: { "aws:PrincipalTag/team": value } });

  const examples: readonly [Decision, string][] = [
    [
      ask({ identityPolicies: [policy(allow({ Sid: "Read", Resource: SECRET }))] }),
      `allowed: identity policy, Read: Resource
  matched "…tsmanager:us-east-1:123456789012:secret:app/staging/database-AbCdEf"`,
    ],
    [
      ask({ identityPolicies: [policy(allow({ Resource: SECRET }))] }, { resource: secret("prod") }),
      `denied: identity policy, Statement[0]: Resource
  wanted "…:secret:app/staging/database…", got "…:secret:app/prod/database-AbC…"`,
    ],
    [
      ask({ permissionsBoundary: policy(allow({ Action: "s3:*" })) }),
      `denied: permissions boundary, Statement[0]: Action
  wanted "s3:*", got "secretsmanager:GetSecretValue"`,
    ],
    [ask({ identityPolicies: [] }), "denied: no identity policy allows secretsmanager:GetSecretValue"],
    [
      ask({ identityPolicies: [], resourcePolicy: policy(allow({ Principal: { AWS: ROOT } })) }),
      `denied: no identity policy allows secretsmanager:GetSecretValue
  the resource policy leaves it to the account's own policies`,
    ],
    [
      ask(
        {
          resourcePolicy: policy(
            deny({ Sid: "Plain", Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
          ),
        },
        { context: { "aws:SecureTransport": false } },
      ),
      `denied: explicit Deny, resource policy, Plain: Bool aws:SecureTransport
  matched "false"`,
    ],
    [
      ask({ identityPolicies: [team("StringEquals", "a")] }),
      `denied: identity policy, Team: StringEquals aws:PrincipalTag/team
  wanted "a", got nothing: the key is absent`,
    ],
    [
      ask({ identityPolicies: [team("StringEquals", ["a", "b"])] }, tagged("c")),
      `denied: identity policy, Team: StringEquals aws:PrincipalTag/team
  wanted "a" or 1 more, got "c"`,
    ],
    [
      ask({ identityPolicies: [team("StringNotEquals", "a")] }, tagged("a")),
      `denied: identity policy, Team: StringNotEquals aws:PrincipalTag/team
  wanted anything but "a", got "a"`,
    ],
    [
      ask({ identityPolicies: [team("StringNotEquals", "a")] }),
      `allowed: identity policy, Team: StringNotEquals aws:PrincipalTag/team
  the key is absent, which this operator accepts`,
    ],
    [
      ask({ identityPolicies: [team("StringNotEquals", "a")] }, tagged("b")),
      `allowed: identity policy, Team: StringNotEquals aws:PrincipalTag/team
  "b" is not "a"`,
    ],
    [
      ask({ identityPolicies: [team("StringLike", "a*")] }, tagged("abc")),
      `allowed: identity policy, Team: StringLike aws:PrincipalTag/team
  "abc" matches "a*"`,
    ],
    [
      ask({ identityPolicies: [team("Null", "true")] }, tagged("a")),
      `denied: identity policy, Team: Null aws:PrincipalTag/team
  wanted the key absent, but it is present`,
    ],
    [
      ask({ identityPolicies: [team("Null", "true")] }),
      `allowed: identity policy, Team: Null aws:PrincipalTag/team
  the key is absent`,
    ],
    [
      evaluateTrustPolicy({
        policy: policy({
          Sid: "Deploy",
          Effect: "Allow",
          Principal: { Federated: PROVIDER },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              "token.actions.githubusercontent.com:sub": "repo:acme@1/app@2:environment:staging",
              "token.actions.githubusercontent.com:repository_owner": "acme",
            },
          },
        }),
        providerArn: PROVIDER,
        claims: { sub: "repo:acme@1/app@2:pull_request", repository_owner: "acme" },
      }),
      `denied: trust policy, Deploy: StringEquals …thubusercontent.com:sub (and 1 more)
  wanted "…cme@1/app@2:environment:stagi…", got "repo:acme@1/app@2:pull_request"`,
    ],
  ];
  for (const [decision, text] of examples) {
    it(`reads: ${text.split("\n").at(-1)?.trim()}`, () => assert.equal(renderDecision(decision), text));
  }

  it("is one or two lines of at most 80 columns, and nothing in it can break out of them", () => {
    const unit = fc.constantFrom(...'aZ0 :/*?"\\\n\r\t\0\x1b\x7f\u202e\u200b\u2028\ud800\ufffdé世😀');
    const word = fc.string({ unit, minLength: 1, maxLength: 120 });
    const fit = word.filter((text) => !text.includes("${"));
    fc.assert(
      fc.property(
        word,
        fc.array(fit, { minLength: 1, maxLength: 3 }),
        fit,
        fit,
        (actual, expected, key, sid) => {
          for (const [operator, Effect] of [
            ["StringEquals", "Allow"],
            ["StringNotLike", "Allow"],
            ["StringLike", "Deny"],
            ["Null", "Allow"],
          ] as const) {
            const values = operator === "Null" ? "true" : expected;
            const statement = {
              ...allow({ Sid: sid, Condition: { [operator]: { [key]: values } } }),
              Effect,
            };
            for (const context of [{ [key]: actual }, { [key]: expected[0] }, {}]) {
              const decision = ask(
                { identityPolicies: [policy(allow(), statement), policy(statement)] },
                { context },
              );
              const alone = ask({ identityPolicies: [policy(statement)] }, { context });
              for (const one of [decision, alone]) {
                const lines = renderDecision(one).split("\n");
                assert.ok(lines.length <= 2);
                assert.ok(lines.every((line) => line.length <= 80));
                assert.ok(
                  lines.every((line) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(line)),
                  JSON.stringify(lines),
                );
                assert.match(lines[0] ?? "", one.allowed ? /^allowed: / : /^denied: /);
              }
            }
          }
        },
      ),
      { seed: SEED, numRuns: 40 },
    );
  });

  it("names the action when nothing could allow it", () => {
    assert.match(
      renderDecision(ask({ identityPolicies: [policy(deny({ Action: "s3:*" }))] })),
      new RegExp(READ),
    );
  });
});
