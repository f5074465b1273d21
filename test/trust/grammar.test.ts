import assert from "node:assert/strict";
import {
  compilePolicy,
  evaluateTrustPolicy,
  type PolicyDocument,
  type PolicyKind,
  TrustError,
  type TrustErrorCode,
} from "../../trust/index";
import { ACCOUNT, allow, ask, deny, policy, ROLE, ROOT, SECRET, SESSION, USER } from "./support";

function compiles(kind: PolicyKind, document: unknown): void {
  compilePolicy({ kind, document: document as PolicyDocument | string });
}

function refuses(kind: PolicyKind, document: unknown, where: RegExp, code?: TrustErrorCode): void {
  assert.throws(
    () => compiles(kind, document),
    (error) =>
      error instanceof TrustError &&
      error.code === (code ?? "ERR_TRUST_POLICY_MALFORMED") &&
      where.test(error.message),
    `${kind} ${JSON.stringify(document)}`,
  );
}

const federated = { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/api.pulumi.com/oidc` };
const trust = { Effect: "Allow", Principal: federated, Action: "sts:AssumeRoleWithWebIdentity" } as const;
const everyone = allow({ Principal: "*" });

describe("A policy", () => {
  it("may be an object or JSON, with one statement or several, in either version or none", () => {
    compiles("identity", policy(allow(), deny()));
    compiles("identity", JSON.stringify(policy(allow())));
    compiles("identity", { Version: "2008-10-17", Id: "x", Statement: allow() });
    compiles("identity", { Statement: [] });
    compiles("trust", policy(trust));
    compiles("resource", policy(everyone));
    // Services allow a Sid to come back in the policies of their resources.
    compiles("resource", policy({ ...everyone, Sid: "A" }, { ...everyone, Sid: "A" }));
  });

  it("is refused outside the grammar, and the error says where", () => {
    refuses("identity", "not { json", /identity policy: expected JSON/);
    refuses("identity", "[]", /expected an object/);
    refuses("identity", null, /expected an object/);
    refuses("identity", {}, /expected a Statement/);
    refuses("identity", { ...policy(allow()), version: "2012-10-17" }, /version is not an element/);
    refuses("identity", { ...policy(allow()), Version: "2012-10-18" }, /Version/);
    refuses("identity", { ...policy(allow()), Id: 1 }, /Id/);
    refuses(
      "identity",
      policy(allow(), { ...allow(), Effect: "allow" as "Allow" }),
      /Statement\[1\]\.Effect/,
    );
    refuses("identity", { Statement: [{ ...allow(), Effect: undefined }] }, /Effect/);
    refuses("identity", { Statement: [{ ...allow(), Actions: "*" }] }, /Actions is not an element/);
    refuses("identity", { Statement: ["x"] }, /Statement\[0\]: expected an object/);
    refuses("identity", policy(allow({ Sid: "A" }), allow({ Sid: "A" })), /Sid A is there twice/);
    refuses("identity", policy({ ...allow(), Sid: 1 as unknown as string }), /Sid/);
  });

  it("never repeats its text in an error", () => {
    const text = `{"Statement": hunter2}`;
    assert.throws(
      () => compiles("identity", text),
      (error) => error instanceof TrustError && !error.message.includes("hunter2"),
    );
  });

  it("has an action and a resource, each once and not empty", () => {
    const { Action: _action, ...noAction } = allow();
    const { Resource: _resource, ...noResource } = allow();
    refuses("identity", policy(noAction), /expected Action or NotAction/);
    refuses("identity", policy(allow({ NotAction: "s3:*" })), /and not both/);
    refuses("identity", policy(allow({ Action: [] })), /Action: expected at least one/);
    refuses("identity", policy(noResource), /expected Resource or NotResource/);
    refuses("identity", policy(allow({ NotResource: SECRET })), /and not both/);
    refuses("resource", policy({ ...noResource, Principal: "*" }), /expected Resource/);
    for (const action of ["GetSecretValue", "s*:Get", "secretsmanager:", ":x", "a:b:c", " s3:Get", ""]) {
      refuses("identity", policy(allow({ Action: action })), /Statement\[0\]\.Action/);
    }
    for (const resource of ["secret", "arn", "arn:aws", "arn:aws:*", "arn:aws:s*:::x", ""]) {
      refuses("identity", policy(allow({ Resource: resource })), /Statement\[0\]\.Resource/);
    }
    compiles("identity", policy(allow({ Action: ["*", "*:*", "s3:Get*", "S3:List?uckets"] })));
    compiles(
      "identity",
      policy(allow({ Resource: ["*", "arn:aws:s3:::*", "arn:aws:s3", "arn:*:s3:::b/*"] })),
    );
  });

  it("names principals only where its kind has them", () => {
    const { Principal: _principal, ...noPrincipal } = everyone;
    refuses("identity", policy(everyone), /has no Principal/);
    refuses("identity", policy(deny({ NotPrincipal: "*" })), /has no Principal/);
    refuses("resource", policy(noPrincipal), /expected Principal/);
    refuses("trust", policy({ ...trust, Principal: undefined }), /expected Principal/);
    refuses("resource", policy(allow({ NotPrincipal: { AWS: ROOT } })), /NotPrincipal: only a Deny/);
    refuses(
      "trust",
      policy({ Effect: "Deny", NotPrincipal: federated, Action: "sts:*" }),
      /NotPrincipal: only/,
    );
    compiles("resource", policy(deny({ NotPrincipal: { AWS: ROOT } })));
  });

  it("names whole principals: no patterns, no unique ids, no unknown types", () => {
    const names = (principal: unknown) => policy(allow({ Principal: principal as "*" }));
    compiles("resource", names({ AWS: ["*", ACCOUNT, ROOT, ROLE, SESSION, USER] }));
    compiles("resource", names({ Service: "lambda.amazonaws.com" }));
    for (const aws of [`arn:aws:iam::${ACCOUNT}:role/*`, "AROAEXAMPLE", "12", "arn:aws:iam::*:root", ""]) {
      refuses("resource", names({ AWS: aws }), /Principal\.AWS/);
    }
    refuses("resource", names({ Service: "*" }), /Principal\.Service/);
    refuses("resource", names({ Federated: "*" }), /Principal\.Federated/);
    refuses("resource", names({ CanonicalUser: "abc" }), /Principal\.CanonicalUser/);
    refuses("resource", names({}), /at least one principal/);
    refuses("resource", names({ AWS: [] }), /at least one/);
    refuses("resource", names("all"), /expected an object/);
    refuses("resource", names(["*"]), /expected an object/);
  });

  it("of a role's trust has only sts actions and no resource", () => {
    refuses("trust", policy({ ...trust, Resource: "*" }), /no Resource/);
    refuses("trust", policy({ ...trust, Action: "*" }), /only actions of sts/);
    refuses("trust", policy({ ...trust, Action: ["sts:TagSession", "s3:Get*"] }), /only actions of sts/);
    compiles("trust", policy({ ...trust, Action: ["sts:TagSession", "sts:Assume*"] }));
  });

  it("resolves policy variables in its resources, in the version that has them", () => {
    const home = `arn:aws:s3:::home/\${aws:username}/*`;
    const read = (document: PolicyDocument, resource: string, username?: string) =>
      ask(
        { identityPolicies: [document] },
        { action: "s3:GetObject", resource, context: { "aws:username": username } },
      ).allowed;
    const own = policy(allow({ Action: "s3:GetObject", Resource: home }));
    assert.equal(read(own, "arn:aws:s3:::home/ada/x", "ada"), true);
    assert.equal(read(own, "arn:aws:s3:::home/bob/x", "ada"), false);
    assert.equal(read(own, "arn:aws:s3:::home/bob/x", "*"), false);
    assert.equal(read(own, "arn:aws:s3:::home/ada/x"), false);
    const literal = `arn:aws:s3:::home/\${aws:username}/x`;
    assert.equal(read(own, literal, "ada"), false);
    assert.equal(read({ ...own, Version: "2008-10-17" }, literal, "ada"), true);
    assert.equal(read({ ...own, Version: "2008-10-17" }, "arn:aws:s3:::home/ada/x", "ada"), false);
  });

  it("with a policy variable where AWS resolves none is an error", () => {
    const code = "ERR_TRUST_VARIABLE_UNSUPPORTED";
    const variable = `\${aws:username}`;
    refuses("identity", policy(allow({ Action: `s3:${variable}` })), /Action/, code);
    refuses("resource", policy(allow({ Principal: { AWS: variable } })), /Principal/, code);
  });

  it("is judged as it was when compiled", () => {
    const statement = { ...allow() };
    const compiled = compilePolicy({ kind: "identity", document: policy(statement) });
    statement.Effect = "Deny";
    assert.equal(ask({ identityPolicies: [compiled] }).allowed, true);
    assert.equal(ask({ identityPolicies: [policy(statement)] }).allowed, false);
  });

  it("compiled for one use is not taken for another", () => {
    const identity = compilePolicy({ kind: "identity", name: "mine", document: policy(allow()) });
    const resource = compilePolicy({ kind: "resource", document: policy(everyone) });
    const isKindError = (error: unknown) =>
      error instanceof TrustError && error.code === "ERR_TRUST_POLICY_KIND";
    assert.throws(() => ask({ identityPolicies: [resource] }), isKindError);
    assert.throws(() => ask({ permissionsBoundary: resource }), isKindError);
    assert.throws(() => ask({ sessionPolicies: [resource] }), isKindError);
    assert.throws(() => ask({ resourcePolicy: identity }), isKindError);
    assert.throws(
      () => evaluateTrustPolicy({ policy: identity, providerArn: federated.Federated, claims: {} }),
      isKindError,
    );
  });
});

describe("A request", () => {
  const refusesRequest = (judge: () => unknown) =>
    assert.throws(judge, (error) => error instanceof TrustError && error.code === "ERR_TRUST_REQUEST");

  it("is refused when it is not one", () => {
    refusesRequest(() => ask({}, { action: "secretsmanager:*" }));
    refusesRequest(() => ask({}, { action: "GetSecretValue" }));
    refusesRequest(() => ask({}, { resource: "app/staging/database" }));
    refusesRequest(() => ask({}, { resource: "arn:aws:s3" }));
    refusesRequest(() => ask({}, { principal: { kind: "user", arn: ROLE } }));
    refusesRequest(() => ask({}, { principal: { kind: "session", arn: SESSION, roleArn: USER } }));
    refusesRequest(() => ask({}, { principal: { kind: "session", arn: SESSION, roleArn: `${ROLE}2` } }));
    refusesRequest(() =>
      ask(
        {},
        { principal: { kind: "session", arn: SESSION, roleArn: ROLE.replace(ACCOUNT, "999999999999") } },
      ),
    );
  });

  it("cannot say twice, or otherwise, what follows from its principal", () => {
    refusesRequest(() => ask({}, { context: { "AWS:principalarn": `arn:aws:iam::${ACCOUNT}:role/other` } }));
    refusesRequest(() => ask({}, { context: { "aws:PrincipalAccount": "999999999999" } }));
    refusesRequest(() => ask({}, { context: { "k:x": "a", "K:X": "b" } }));
  });
});
