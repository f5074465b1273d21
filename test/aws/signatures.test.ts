import assert from "node:assert/strict";
import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import * as fc from "fast-check";
import { createSecret } from "../../sandbox/aws/secret-entries";
import { openSession } from "../../sandbox/aws/sessions";
import { allow, type Keys, Laptop, stagingTrust } from "./laptop";
import { type Answer, capture, type SignedRequest, send } from "./signed-request";

const mismatch = "The request signature we calculated does not match the signature you provided.";
const value = "a-value-that-nobody-may-see";

describe("A signed request", () => {
  const laptop = new Laptop();
  let keys: Keys;
  let signed: SignedRequest;
  let identity: SignedRequest;
  before(async () => {
    await laptop.start();
    const { arn } = createSecret(laptop.account, {
      name: "entry",
      version: { id: "v".repeat(32), value: { text: value } },
    });
    const role = laptop.role("reader", stagingTrust(), allow("secretsmanager:GetSecretValue", arn));
    keys = openSession(laptop.account, role, { name: "test", durationSeconds: 3600 });
    signed = await capture(laptop.secretsManager(keys), new GetSecretValueCommand({ SecretId: "entry" }));
    identity = await capture(laptop.sts(keys), new GetCallerIdentityCommand({}));
  });
  afterEach(() => {
    laptop.ahead = 0;
  });
  after(() => laptop.stop());

  const withHeaders = (headers: Record<string, string | undefined>, request = signed): SignedRequest => ({
    ...request,
    headers: Object.fromEntries(
      Object.entries({ ...request.headers, ...headers }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
  });

  const header = (name: string, request = signed): string => request.headers[name] as string;

  function refused(answer: Answer, status: number, code: string, message: string): void {
    assert.deepEqual([answer.status, answer.code], [status, code]);
    assert.ok(answer.message?.startsWith(message), answer.message);
    assert.ok(!answer.body.includes(value));
    assert.match(String(answer.headers["x-amzn-requestid"]), /^[0-9a-f-]{36}$/);
  }

  it("is answered as it is, every time", async () => {
    for (let time = 0; time < 2; time++) {
      const answer = await send(laptop.url, signed);
      assert.equal(answer.status, 200);
      assert.ok(answer.body.includes(value));
      assert.equal(answer.headers["content-type"], "application/x-amz-json-1.1");
    }
    const answer = await send(laptop.url, identity);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "text/xml");
  });

  it("is refused with any one byte of its body changed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(signed.body.length - 1), fc.integer({ min: 1, max: 127 }), async (at, flip) => {
        const body = Buffer.from(signed.body);
        body[at] = (body[at] as number) ^ flip;
        refused(
          await send(laptop.url, { ...signed, body: body.toString() }),
          400,
          "InvalidSignatureException",
          mismatch,
        );
      }),
      { numRuns: 60 },
    );
  });

  it("is refused with any one digit of its signature changed", async () => {
    const authorization = header("authorization");
    const start = authorization.length - 64;
    await fc.assert(
      fc.asyncProperty(fc.nat(63), async (at) => {
        const digit = authorization[start + at] === "0" ? "1" : "0";
        const changed = authorization.slice(0, start + at) + digit + authorization.slice(start + at + 1);
        refused(
          await send(laptop.url, withHeaders({ authorization: changed })),
          400,
          "InvalidSignatureException",
          mismatch,
        );
      }),
      { numRuns: 20 },
    );
  });

  const changes: { title: string; change: () => SignedRequest; code: string; message: string }[] = [
    {
      title: "another operation",
      change: () => withHeaders({ "x-amz-target": "secretsmanager.DescribeSecret" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "another method",
      change: () => ({ ...signed, method: "PUT" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "another path",
      change: () => ({ ...signed, path: "/other" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "a query",
      change: () => ({ ...signed, path: "/?more=1" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "another host",
      change: () => withHeaders({ host: "127.0.0.1:1" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "a region that was not signed for",
      change: () => withHeaders({ authorization: header("authorization").replace("us-east-1", "eu-west-1") }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "a header among those that have to be signed",
      change: () => withHeaders({ "x-amz-meta": "1" }),
      code: "InvalidSignatureException",
      message: "'x-amz-meta' must be a 'SignedHeader'",
    },
    {
      title: "a body hash that is not the body's",
      change: () => ({
        ...withHeaders({ "x-amz-content-sha256": "0".repeat(64) }),
      }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "a hash that says the body is not signed",
      change: () => withHeaders({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }),
      code: "InvalidSignatureException",
      message: mismatch,
    },
    {
      title: "a host that is not signed",
      change: () =>
        withHeaders({
          authorization: header("authorization").replace(/;host;|host;/, (text) =>
            text[0] === ";" ? ";" : "",
          ),
        }),
      code: "InvalidSignatureException",
      message: "'Host' or ':authority' must be a 'SignedHeader'",
    },
    {
      title: "a day that is not the date's",
      change: () =>
        withHeaders({ authorization: header("authorization").replace(/\/\d{8}\//, "/20200101/") }),
      code: "InvalidSignatureException",
      message: "Date in Credential scope does not match",
    },
    {
      title: "no signature",
      change: () => withHeaders({ authorization: undefined }),
      code: "MissingAuthenticationTokenException",
      message: "Missing Authentication Token",
    },
    {
      title: "half of an authorization",
      change: () => withHeaders({ authorization: header("authorization").replace(/, Signature=.*/, "") }),
      code: "IncompleteSignatureException",
      message: "Authorization header requires",
    },
    {
      title: "no date",
      change: () => withHeaders({ "x-amz-date": undefined }),
      code: "IncompleteSignatureException",
      message: "Authorization header requires existence of a valid 'X-Amz-Date'",
    },
    {
      title: "an unknown key",
      change: () =>
        withHeaders({ authorization: header("authorization").replace(keys.accessKeyId, "ASIAUNKNOWN") }),
      code: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    },
    {
      title: "no session token",
      change: () => withHeaders({ "x-amz-security-token": undefined }),
      code: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    },
    {
      title: "another session token",
      change: () => withHeaders({ "x-amz-security-token": `${keys.sessionToken}x` }),
      code: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    },
    {
      title: "a service that is not there",
      change: () =>
        withHeaders({ authorization: header("authorization").replace("/secretsmanager/", "/s3/") }),
      code: "UnknownOperationException",
      message: "sandbox: no AWS service here has the signing name s3",
    },
    {
      title: "another service than it names",
      change: () =>
        withHeaders({ authorization: header("authorization").replace("/secretsmanager/", "/ssm/") }),
      code: "UnknownOperationException",
      message: "The request names no operation of this service.",
    },
  ];
  for (const { title, change, code, message } of changes) {
    it(`is refused with ${title}: ${code}`, async () => {
      refused(await send(laptop.url, change()), 400, code, message);
    });
  }

  it("is refused by the query protocol's own codes at STS", async () => {
    const authorization = header("authorization", identity);
    const cases = [
      [withHeaders({ authorization: undefined }, identity), 403, "MissingAuthenticationToken"],
      [
        withHeaders({ authorization: `${authorization.slice(0, -1)}x` }, identity),
        403,
        "SignatureDoesNotMatch",
      ],
      [{ ...identity, body: identity.body.replace("2011", "2012") }, 403, "SignatureDoesNotMatch"],
      [withHeaders({ "x-amz-security-token": "x" }, identity), 403, "InvalidClientTokenId"],
      [
        withHeaders({ authorization: authorization.replace(/, Sig.*/, "") }, identity),
        400,
        "IncompleteSignature",
      ],
    ] as const;
    for (const [request, status, code] of cases) refused(await send(laptop.url, request), status, code, "");
  });

  it("is refused with another secret key: the whole of it is wrong", async () => {
    const wrong = { ...keys, secretAccessKey: `${keys.secretAccessKey}x` };
    await assert.rejects(
      laptop.secretsManager(wrong).send(new GetSecretValueCommand({ SecretId: "entry" })),
      {
        name: "InvalidSignatureException",
      },
    );
    await assert.rejects(laptop.sts(wrong).send(new GetCallerIdentityCommand({})), {
      name: "SignatureDoesNotMatch",
    });
  });

  it("is refused when it is older than five minutes, fifteen at STS, or from the future", async () => {
    laptop.ahead = 301_000;
    refused(await send(laptop.url, signed), 400, "InvalidSignatureException", "Signature expired: ");
    assert.equal((await send(laptop.url, identity)).status, 200);
    laptop.ahead = 901_000;
    const old = await send(laptop.url, identity);
    refused(old, 403, "SignatureDoesNotMatch", "Signature expired: ");
    assert.match(old.message ?? "", /is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/);
    laptop.ahead = -302_000;
    refused(await send(laptop.url, signed), 400, "InvalidSignatureException", "Signature not yet current: ");
  });

  it("is refused when its session has expired", async () => {
    const role = laptop.account.roles.get("reader");
    assert.ok(role);
    const short = openSession(laptop.account, role, { name: "short", durationSeconds: 60 });
    const secret = await capture(
      laptop.secretsManager(short),
      new GetSecretValueCommand({ SecretId: "entry" }),
    );
    const caller = await capture(laptop.sts(short), new GetCallerIdentityCommand({}));
    assert.equal((await send(laptop.url, secret)).status, 200);
    laptop.ahead = 61_000;
    const text = "The security token included in the request is expired";
    refused(await send(laptop.url, secret), 400, "ExpiredTokenException", text);
    refused(await send(laptop.url, caller), 403, "ExpiredToken", text);
  });

  it("lets an SDK correct its clock by the answer's date", async () => {
    laptop.ahead = 3_600_000;
    const session = openSession(laptop.account, laptop.account.roles.get("reader") as never, {
      name: "late",
      durationSeconds: 3600,
    });
    const client = laptop.secretsManager(session, { maxAttempts: 2 });
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: "entry" }));
    assert.equal(SecretString, value);
  });

  it("is refused when it is larger than anything that AWS takes", async () => {
    const huge = withHeaders({ "content-length": String(18 * 1024 * 1024) });
    refused(await send(laptop.url, huge), 413, "RequestEntityTooLargeException", "Request is too large.");
  });

  it("is refused when its body is no JSON object, without repeating it", async () => {
    for (const SecretId of [["a"], { a: 1 }, 7, true]) {
      const odd = await capture(
        laptop.secretsManager(keys),
        new GetSecretValueCommand({ SecretId: SecretId as unknown as string }),
      );
      const answer = await send(laptop.url, odd);
      assert.equal(answer.status, 400);
      assert.ok(["SerializationException", "AccessDeniedException"].includes(answer.code ?? ""), answer.body);
    }
  });
});
