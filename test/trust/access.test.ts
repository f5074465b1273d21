import assert from "node:assert/strict";
import {
  compilePolicy,
  type PolicyDocument,
  type PolicyPrincipal,
  type RequestPrincipal,
  type Verdict,
} from "../../trust/index";
import {
  ACCOUNT,
  allow,
  ask,
  deny,
  OTHER_ACCOUNT,
  policy,
  READ,
  ROLE,
  ROOT,
  SECRET,
  SESSION,
  session,
  USER,
  user,
} from "./support";

const nothing = policy(allow({ Action: "s3:*" }));
const everything = policy(allow({ Action: "*" }));

function grants(principal: PolicyPrincipal): PolicyDocument {
  return policy(allow({ Principal: principal }));
}

describe("Actions and resources", () => {
  const identity = (rest: Parameters<typeof allow>[0], request: Parameters<typeof ask>[1] = {}) =>
    ask({ identityPolicies: [policy(allow(rest))] }, request).allowed;

  it("are matched by wildcards, actions without case, resources with it", () => {
    for (const Action of [
      "*",
      "*:*",
      "secretsmanager:*",
      "SecretsManager:getsecretvalue",
      "secretsmanager:Get?ecret*",
    ]) {
      assert.equal(identity({ Action }), true, Action);
    }
    for (const Action of ["secretsmanager:Get", "secretsmanager:GetSecretValue?", "s3:*"]) {
      assert.equal(identity({ Action }), false, Action);
    }
    const yes = [
      SECRET,
      "*",
      `arn:aws:secretsmanager:*:${ACCOUNT}:secret:app/*`,
      "arn:aws:secretsmanager:us-*",
      "arn:aws:secretsmanager",
      "arn:*:secretsmanager:us-*-1:*:secret:app/staging/database-??????",
      // AWS: a * at the end of a field "can expand to match beyond the colon boundaries".
      "arn:aws:secretsmanager:us*:secret:app/staging/database-AbCdEf",
    ];
    for (const Resource of yes) assert.equal(identity({ Resource }), true, Resource);
    const no = [
      SECRET.replace("staging", "Staging"),
      SECRET.slice(0, -1),
      `${SECRET}?`,
      `arn:aws:secretsmanager:eu-*:${ACCOUNT}:secret:*`,
      `arn:aws:secretsmanager:us-east-1:${OTHER_ACCOUNT}:secret:*`,
      "arn:aws-cn:secretsmanager:*:*:*",
      // Not at the end of a field: stays inside it.
      "arn:aws:secretsmanager:u*2:secret:app/staging/database-AbCdEf",
    ];
    for (const Resource of no) assert.equal(identity({ Resource }), false, Resource);
  });

  it("can be all but some", () => {
    const { Action: _action, ...others } = allow();
    const not = (NotAction: string) => ask({ identityPolicies: [policy({ ...others, NotAction })] }).allowed;
    assert.equal(not("s3:*"), true);
    assert.equal(not("SECRETSMANAGER:get*"), false);
    const { Resource: _resource, ...anywhere } = allow();
    const except = (NotResource: string) =>
      ask({ identityPolicies: [policy({ ...anywhere, NotResource })] }).allowed;
    assert.equal(except(SECRET.replace("staging", "prod")), true);
    assert.equal(except(SECRET.replace("staging", "*")), false);
    assert.equal(except("*"), false);
  });

  it("without a resource, only * or a NotResource covers", () => {
    const list = { action: "secretsmanager:ListSecrets", resource: "*" };
    assert.equal(identity({ Action: "secretsmanager:*" }, list), true);
    assert.equal(identity({ Action: "secretsmanager:*", Resource: SECRET }, list), false);
  });
});

describe("Within one account", () => {
  /**
   * A resource policy that names …, for a session with no policy of its own: what comes of it alone, under a
   * boundary, and under a session policy that do not allow the action. Rows are AWS's, see
   * docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
   */
  const table: readonly [string, RequestPrincipal, PolicyPrincipal, boolean, boolean, boolean][] = [
    ["everyone", session, "*", true, true, true],
    ["every AWS principal", session, { AWS: "*" }, true, true, true],
    ["the session", session, { AWS: SESSION }, true, true, true],
    ["the role", session, { AWS: ROLE }, true, false, false],
    ["the account", session, { AWS: ROOT }, false, false, false],
    ["the account's id", session, { AWS: ACCOUNT }, false, false, false],
    ["another role", session, { AWS: ROLE.replace("reader", "writer") }, false, false, false],
    ["another account", session, { AWS: OTHER_ACCOUNT }, false, false, false],
    ["a service", session, { Service: "lambda.amazonaws.com" }, false, false, false],
    ["another and the role", session, { AWS: [OTHER_ACCOUNT, ROLE] }, true, false, false],
    ["the user", user, { AWS: USER }, true, true, true],
    ["the user's account", user, { AWS: ROOT }, false, false, false],
    ["everyone, for a user", user, "*", true, true, true],
  ];
  for (const [who, principal, named, alone, bounded, sessioned] of table) {
    it(`a resource policy that names ${who} ${alone ? "is enough" : "is not enough"}`, () => {
      const resourcePolicy = grants(named);
      const none = { identityPolicies: [], resourcePolicy };
      assert.equal(ask(none, { principal }).allowed, alone, "alone");
      assert.equal(
        ask({ ...none, permissionsBoundary: nothing }, { principal }).allowed,
        bounded,
        "boundary",
      );
      assert.equal(ask({ ...none, sessionPolicies: [nothing] }, { principal }).allowed, sessioned, "session");
      // The control: with policies of its own, nobody needs the resource's.
      assert.equal(ask({ resourcePolicy }, { principal }).allowed, true, "control");
    });
  }

  it("identity, boundary and session policies must all allow", () => {
    const all = {
      identityPolicies: [everything],
      permissionsBoundary: everything,
      sessionPolicies: [everything],
    };
    assert.equal(ask(all).allowed, true);
    for (const [layer, change] of [
      ["identity", { identityPolicies: [nothing] }],
      ["boundary", { permissionsBoundary: nothing }],
      ["session", { sessionPolicies: [nothing] }],
    ] as const) {
      const { verdict, deciding } = ask({ ...all, ...change });
      assert.equal(verdict, "implicitly-denied");
      assert.equal(deciding.layer, layer);
    }
  });

  it("several identity or session policies add up; an empty list of session policies limits nothing", () => {
    assert.equal(ask({ identityPolicies: [nothing, everything] }).allowed, true);
    assert.equal(ask({ sessionPolicies: [nothing, everything] }).allowed, true);
    assert.equal(ask({ sessionPolicies: [] }).allowed, true);
    assert.equal(ask({ identityPolicies: [] }).allowed, false);
  });

  it("an explicit deny in any policy wins over everything", () => {
    const refusal = policy(allow({ Action: "*" }), deny({ Sid: "Never" }));
    const all = {
      identityPolicies: [everything],
      permissionsBoundary: everything,
      sessionPolicies: [everything],
      resourcePolicy: grants("*"),
    };
    assert.equal(ask(all).allowed, true);
    const refusedResource = policy(allow({ Principal: "*" }), deny({ Sid: "Never", Principal: "*" }));
    for (const [layer, change] of [
      ["identity", { identityPolicies: [everything, refusal] }],
      ["boundary", { permissionsBoundary: refusal }],
      ["session", { sessionPolicies: [everything, refusal] }],
      ["resource", { resourcePolicy: refusedResource }],
    ] as const) {
      const { verdict, deciding } = ask({ ...all, ...change });
      assert.equal(verdict, "explicitly-denied", layer);
      assert.equal(deciding.layer, layer);
      assert.equal(deciding.statement?.sid, "Never");
    }
  });

  it("a key's or role's own policy can be required: naming the account then lets its policies decide", () => {
    const required = { resourcePolicyRequired: true };
    assert.equal(ask({ ...required, resourcePolicy: grants({ AWS: ROOT }) }).allowed, true);
    assert.equal(
      ask({ ...required, resourcePolicy: grants({ AWS: ROLE }), identityPolicies: [] }).allowed,
      true,
    );
    assert.equal(
      ask({ ...required, resourcePolicy: grants({ AWS: ROOT }), identityPolicies: [] }).allowed,
      false,
    );
    for (const identityPolicies of [[everything], [nothing]]) {
      const missing = ask({ ...required, identityPolicies, resourcePolicy: grants({ AWS: OTHER_ACCOUNT }) });
      assert.equal(missing.allowed, false);
      assert.equal(missing.deciding.layer, "resource");
    }
    assert.equal(ask(required).allowed, false);
  });

  it("a role that an AWS principal assumes is such a resource, by its trust policy", () => {
    const assume = { action: "sts:AssumeRole", resource: `arn:aws:iam::${ACCOUNT}:role/deploy` };
    const trusts = (AWS: string) => ({
      identityPolicies: [],
      resourcePolicy: compilePolicy({
        kind: "trust",
        document: policy({ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }),
      }),
      resourcePolicyRequired: true,
    });
    assert.equal(ask(trusts(ROLE), assume).allowed, true);
    assert.equal(ask(trusts(ROOT), assume).allowed, false);
    assert.equal(ask({ ...trusts(ROOT), identityPolicies: [everything] }, assume).allowed, true);
    assert.equal(ask({ ...trusts(OTHER_ACCOUNT), identityPolicies: [everything] }, assume).allowed, false);
  });
});

describe("Across accounts", () => {
  const request = { resource: SECRET.replace(ACCOUNT, OTHER_ACCOUNT) };

  it("both the identity's and the resource's policy must allow", () => {
    for (const principal of ["*", { AWS: ROOT }, { AWS: ROLE }, { AWS: SESSION }] as const) {
      const resourcePolicy = grants(principal);
      assert.equal(ask({ resourcePolicy }, request).allowed, true);
      for (const [layer, missing] of [
        ["identity", { identityPolicies: [] }],
        ["boundary", { permissionsBoundary: nothing }],
        ["session", { sessionPolicies: [nothing] }],
      ] as const) {
        const { verdict, deciding } = ask({ resourcePolicy, ...missing }, request);
        assert.equal(verdict, "implicitly-denied");
        assert.equal(deciding.layer, layer);
      }
    }
    assert.equal(ask({}, request).verdict, "implicitly-denied");
    assert.equal(ask({}, request).deciding.layer, "resource");
    assert.equal(ask({ resourcePolicy: grants({ AWS: OTHER_ACCOUNT }) }, request).allowed, false);
  });

  it("the account can be told where the ARN does not", () => {
    const bucket = { action: "s3:GetObject", resource: "arn:aws:s3:::bucket/key" };
    const identityPolicies = [everything];
    assert.equal(ask({ identityPolicies }, bucket).allowed, true);
    assert.equal(ask({ identityPolicies }, { ...bucket, resourceAccountId: OTHER_ACCOUNT }).allowed, false);
  });
});

describe("Principals", () => {
  it("a service or a federated principal needs a resource policy that names it", () => {
    const lambda: RequestPrincipal = { kind: "service", name: "lambda.amazonaws.com" };
    const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/api.pulumi.com/oidc`;
    const federated: RequestPrincipal = { kind: "federated", providerArn: provider };
    const rows: [RequestPrincipal, PolicyPrincipal, boolean][] = [
      [lambda, { Service: "lambda.amazonaws.com" }, true],
      [lambda, { Service: "ec2.amazonaws.com" }, false],
      [lambda, "*", true],
      [lambda, { AWS: ROOT }, false],
      [lambda, { Federated: "lambda.amazonaws.com" }, false],
      [federated, { Federated: provider }, true],
      [federated, { Federated: `${provider}/v2` }, false],
      [federated, "*", true],
    ];
    for (const [principal, named, allowed] of rows) {
      assert.equal(ask({ resourcePolicy: grants(named) }, { principal }).allowed, allowed);
    }
    assert.equal(ask({}, { principal: lambda }).deciding.layer, "resource");
  });

  it("a Deny for all but some exempts only who is listed together with the account, and nobody with a boundary", () => {
    const rows: [string, RequestPrincipal, string[], Verdict][] = [
      ["role and account", session, [ROLE, ROOT], "allowed"],
      ["role and account id", session, [ROLE, ACCOUNT], "allowed"],
      ["role alone", session, [ROLE], "explicitly-denied"],
      ["account alone", session, [ROOT], "explicitly-denied"],
      ["session and account", session, [SESSION, ROOT], "explicitly-denied"],
      ["nobody of these", session, [OTHER_ACCOUNT], "explicitly-denied"],
      ["user and account", user, [USER, ROOT], "allowed"],
      ["user alone", user, [USER], "explicitly-denied"],
    ];
    for (const [what, principal, names, verdict] of rows) {
      const resourcePolicy = policy(deny({ NotPrincipal: { AWS: names } }));
      assert.equal(ask({ resourcePolicy }, { principal }).verdict, verdict, what);
      assert.equal(
        ask({ resourcePolicy, permissionsBoundary: everything }, { principal }).verdict,
        "explicitly-denied",
        `${what}, boundary`,
      );
    }
  });

  it("a Deny for all but some says why it hits who is listed", () => {
    const noteOn = (names: string[], rest: Parameters<typeof ask>[0] = {}) =>
      ask({ resourcePolicy: policy(deny({ NotPrincipal: { AWS: names } })), ...rest }).deciding.statement
        ?.checks[0]?.note;
    assert.match(noteOn([ROLE]) ?? "", /role and account listed together/);
    assert.match(noteOn([ROLE, ROOT], { permissionsBoundary: everything }) ?? "", /boundary/);
    assert.equal(noteOn([OTHER_ACCOUNT]), undefined);
  });

  it("a Deny for all but a service, or but everyone, spares exactly these", () => {
    const lambda: RequestPrincipal = { kind: "service", name: "lambda.amazonaws.com" };
    const verdict = (NotPrincipal: PolicyPrincipal, principal: RequestPrincipal) =>
      ask({ resourcePolicy: policy(allow({ Principal: "*" }), deny({ NotPrincipal })) }, { principal })
        .verdict;
    assert.equal(verdict({ Service: "lambda.amazonaws.com" }, lambda), "allowed");
    assert.equal(verdict({ Service: "ec2.amazonaws.com" }, lambda), "explicitly-denied");
    assert.equal(verdict({ Service: "lambda.amazonaws.com" }, session), "explicitly-denied");
    assert.equal(verdict("*", lambda), "allowed");
    assert.equal(verdict("*", session), "allowed");
  });

  it("come with the condition keys that follow from them", () => {
    const when = (Condition: Record<string, Record<string, string>>, principal: RequestPrincipal = session) =>
      ask(
        { resourcePolicy: policy(allow({ Principal: "*", Condition })), identityPolicies: [] },
        { principal },
      ).allowed;
    assert.equal(when({ ArnEquals: { "aws:PrincipalArn": ROLE } }), true);
    assert.equal(when({ ArnEquals: { "aws:PrincipalArn": SESSION } }), false);
    assert.equal(when({ ArnEquals: { "aws:PrincipalArn": USER } }, user), true);
    assert.equal(
      when({ StringEquals: { "aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT } }),
      true,
    );
    assert.equal(when({ Bool: { "aws:PrincipalIsAWSService": "false" } }), true);
    const service: RequestPrincipal = { kind: "service", name: "secretsmanager.amazonaws.com" };
    assert.equal(when({ Bool: { "aws:PrincipalIsAWSService": "true" } }, service), true);
    assert.equal(when({ StringEquals: { "aws:PrincipalServiceName": service.name } }, service), true);
    assert.equal(when({ Null: { "aws:PrincipalArn": "true" } }, service), true);
  });

  it("can be refused plain-text transport without locking services out", () => {
    const resourcePolicy = policy(
      deny({
        Principal: "*",
        Action: "*",
        Condition: { Bool: { "aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false" } },
      }),
    );
    assert.equal(
      ask({ resourcePolicy }, { context: { "aws:SecureTransport": false } }).verdict,
      "explicitly-denied",
    );
    assert.equal(ask({ resourcePolicy }, { context: { "aws:SecureTransport": true } }).verdict, "allowed");
  });

  it("the action asked for is the only one judged", () => {
    assert.equal(
      ask({}, { action: READ.toUpperCase().replace("SECRETSMANAGER", "secretsmanager") }).allowed,
      true,
    );
    assert.equal(ask({}, { action: "secretsmanager:PutSecretValue" }).allowed, false);
  });
});
