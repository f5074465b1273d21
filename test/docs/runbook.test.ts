import assert from "node:assert/strict";
import { compilePolicy, evaluateAccess, type PolicyDocument, type RequestContext } from "../../trust";
import { readPage } from "./pages";

const account = "123456789012";
const role = `arn:aws:iam::${account}:role/break-glass`;
const everything = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:*", Resource: "*" }],
};

describe("The runbook's break-glass role", () => {
  const [, json = ""] = /```json\n([\s\S]*?)```/.exec(readPage("docs/runbook.md")) ?? [];
  const trust = JSON.parse(json) as PolicyDocument;

  /** Whether somebody whose own policies allow everything may take the role. */
  function mayTake(user: string, context: Record<string, string>, action = "sts:AssumeRole"): boolean {
    return evaluateAccess({
      request: {
        principal: { kind: "user", arn: `arn:aws:iam::${account}:user/${user}` },
        action,
        resource: role,
        context: context as RequestContext,
      },
      identityPolicies: [everything as PolicyDocument],
      resourcePolicy: compilePolicy({ kind: "trust", document: trust }),
      resourcePolicyRequired: true,
    }).allowed;
  }

  const complete = {
    "aws:MultiFactorAuthPresent": "true",
    "sts:SourceIdentity": "mona",
    "aws:RequestTag/reason": "INC-1234",
  };

  it("is taken by a person on call, with a second factor, a name and a reason, and by nobody without one of them", () => {
    for (const action of ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]) {
      assert.ok(mayTake("on-call/mona", complete, action), action);
    }
    assert.ok(!mayTake("developers/mona", complete));
    for (const key of Object.keys(complete)) {
      const { [key as keyof typeof complete]: _, ...rest } = complete;
      assert.ok(!mayTake("on-call/mona", rest), `without ${key}`);
    }
    assert.ok(!mayTake("on-call/mona", { ...complete, "aws:MultiFactorAuthPresent": "false" }));
    assert.ok(!mayTake("on-call/mona", { ...complete, "aws:RequestTag/reason": "because" }));
  });
});
