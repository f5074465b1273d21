import assert from "node:assert/strict";
import { type AssumeRoleRequest, createAwsLoginProvider } from "../../esc/providers/aws-login";
import { escAudience } from "../../trust/index";
import {
  AWS_REQUEST,
  awsError,
  failure,
  fakeIssuer,
  type OpenOptions,
  openWith,
  redacted,
  revealed,
  SESSION,
  TOKEN,
} from "./support";

const roleArn = "arn:aws:iam::123456789012:role/esc-staging";

describe("fn::open::aws-login", () => {
  let asked: AssumeRoleRequest[];
  let sts: () => Promise<typeof SESSION>;

  beforeEach(() => {
    asked = [];
    sts = async () => SESSION;
  });

  const logIn = (inputs: object): OpenOptions => ({
    name: "web/staging",
    definition: { values: { login: { "fn::open::aws-login": inputs } } },
    providers: {
      "aws-login": createAwsLoginProvider({
        ...fakeIssuer(),
        audience: escAudience,
        assumeRoleWithWebIdentity(request) {
          asked.push(request);
          return sts();
        },
      }),
    },
  });
  const oidc = (more: object = {}) => logIn({ oidc: { roleArn, sessionName: "esc-alice", ...more } });

  it("gives the session of the role, all of it secret", async () => {
    assert.deepEqual(await revealed(oidc()), { login: SESSION });
    assert.deepEqual(await redacted(oidc()), {
      login: { accessKeyId: "[secret]", secretAccessKey: "[secret]", sessionToken: "[secret]" },
    });
  });

  it("asks STS with the token for two hours, unless the definition says otherwise", async () => {
    await revealed(oidc());
    const policyArns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"];
    await revealed(oidc({ duration: "1h30m5s", policyArns }));
    for (const duration of ["", "45m", "900s", "12h"]) await revealed(oidc({ duration }));
    const [first, second] = asked.map(({ signal, ...request }) => {
      assert.equal(signal.aborted, false);
      return request;
    });
    const request = { roleArn, sessionName: "esc-alice", token: TOKEN };
    assert.deepEqual(first, { ...request, durationSeconds: 7200, policyArns: [] });
    assert.deepEqual(second, { ...request, durationSeconds: 5405, policyArns });
    assert.deepEqual(
      asked.map(({ durationSeconds }) => durationSeconds),
      [7200, 5405, 7200, 2700, 900, 43_200],
    );
  });

  it("hands static keys on as secrets, and asks nobody", async () => {
    const { sessionToken, ...keys } = SESSION;
    assert.deepEqual(await revealed(logIn({ static: keys })), { login: keys });
    assert.deepEqual(await revealed(logIn({ static: { ...keys, sessionToken } })), { login: SESSION });
    assert.deepEqual(await redacted(logIn({ static: keys })), {
      login: { accessKeyId: "[secret]", secretAccessKey: "[secret]" },
    });
    assert.deepEqual(asked, []);
  });

  it("takes exactly one of oidc and static", async () => {
    const one = "aws-login takes exactly one of oidc and static";
    assert.equal(await failure(logIn({})), one);
    assert.equal(await failure(logIn({ oidc: { roleArn, sessionName: "esc" }, static: SESSION })), one);
    assert.deepEqual(asked, []);
  });

  it("fails with AWS's own code and message, in ESC's form", async () => {
    const message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    sts = async () => Promise.reject(awsError("AccessDenied", message, 403));
    assert.equal(
      await failure(oidc()),
      `WebIdentityErr: failed to retrieve credentials\ncaused by: AccessDenied: ${message}\n\tstatus code: 403, ${AWS_REQUEST}`,
    );
  });

  it("never shows the token, though AWS repeat it", async () => {
    sts = async () => Promise.reject(awsError("ValidationError", `Value '${TOKEN}' at 'webIdentityToken'`));
    assert.match(await failure(oidc()), /ValidationError: Value '\[token\]' at 'webIdentityToken'/);
  });

  it("says what it is when it is not AWS that fails", async () => {
    sts = async () => Promise.reject(Object.assign(new Error(""), { code: "ECONNREFUSED" }));
    assert.match(await failure(oidc()), /caused by: Error: ECONNREFUSED$/);
    sts = async () => Promise.reject("nothing known");
    assert.match(await failure(oidc()), /caused by: unknown error$/);
  });

  it("refuses what AWS would not take, before it asks", async () => {
    for (const bad of [
      { roleArn: "short" },
      { sessionName: "x" },
      { duration: "1 day" },
      { subjectAttributes: ["pulumi.token.name"] },
    ]) {
      const { diagnostics } = await openWith(oidc(bad));
      assert.notEqual(diagnostics.length, 0, JSON.stringify(bad));
    }
    assert.deepEqual(asked, []);
  });
});
