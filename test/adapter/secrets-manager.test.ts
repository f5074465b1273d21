import assert from "node:assert/strict";
import { AdapterError } from "../../lambda/errors";
import type { ConnectedSource } from "../../lambda/sources/define-source";
import { fetchText } from "../../lambda/sources/index";
import { secretsManager } from "../../lambda/sources/secrets-manager";
import { type Aws, type Reply, startAws } from "./support/aws";

const ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/database-AbCdEf";
const SECRET = "hunter2-hunter2";

const entry = (SecretString: string): Reply => ({ status: 200, body: { ARN, Name: "x", SecretString } });
const failure = (type: string, status = 400): Reply => ({
  status,
  body: { __type: type, Message: `about ${SECRET}` },
});

/** What Secrets Manager would answer, by SecretId. */
const replies: Readonly<Record<string, Reply>> = {
  "app/text": entry(SECRET),
  "app/empty": entry(""),
  [ARN]: entry(JSON.stringify({ username: "app", password: SECRET, port: 5432, "": "empty" })),
  "app/list": entry(JSON.stringify([SECRET])),
  "app/bytes": { status: 200, body: { Name: "x", SecretBinary: Buffer.from(SECRET).toString("base64") } },
  "app/missing": failure("ResourceNotFoundException"),
  "app/deleted": failure("InvalidRequestException"),
  "app/denied": failure("AccessDeniedException"),
  "app/undecryptable": failure("DecryptionFailure"),
  "app/throttled": failure("ThrottlingException"),
  "app/down": failure("InternalServiceError", 500),
  "app/rubbish": { status: 200, body: "<html>" },
  "app/stalled": "stall",
};

// Proves the Secrets Manager source against its wire: the unmodified AWS client on a loopback server.
describe("the secrets-manager source", () => {
  const environment = {
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: "",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const saved = { ...process.env };
  let aws: Aws;
  let source: ConnectedSource;
  before(async () => {
    aws = await startAws(({ input }) => replies[String(input.SecretId)] ?? failure("ValidationException"));
    Object.assign(process.env, environment, { AWS_ENDPOINT_URL: aws.endpoint });
    source = await secretsManager.connect({});
    // The client reads the environment at its first call.
    await open({ name: "app/text" });
  });
  after(async () => {
    for (const name of Object.keys(environment)) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await aws.close();
  });

  const open = async (request: unknown, milliseconds = 2_000) =>
    JSON.parse(await fetchText(source.prepare(request), { milliseconds, bytes: 10_000 })) as unknown;

  it("reads the current text of an entry by name, with one call", async () => {
    aws.calls.length = 0;
    assert.deepEqual(await open({ name: "app/text" }), { value: SECRET });
    assert.deepEqual(aws.calls, [
      { service: "secretsmanager", operation: "GetSecretValue", input: { SecretId: "app/text" } },
    ]);
  });

  it("takes secretName for name, as ESC Connect's announcement writes it", async () => {
    assert.deepEqual(await open({ secretName: "app/text" }), { value: SECRET });
    assert.deepEqual(source.prepare({ secretName: "app/text" }).names, ["app/text"]);
  });

  it("answers an empty text as an empty text", async () => {
    assert.deepEqual(await open({ name: "app/empty" }), { value: "" });
  });

  it("reads one member of a JSON entry by ARN, of whatever type", async () => {
    assert.deepEqual(await open({ name: ARN, key: "password" }), { value: SECRET });
    assert.deepEqual(await open({ name: ARN, key: "port" }), { value: 5432 });
  });

  const refusals: readonly (readonly [what: string, request: unknown, code: string, status: number])[] = [
    ["an entry that is not there or has no value yet", { name: "app/missing" }, "source_not_found", 404],
    ["an entry that is marked for deletion", { name: "app/deleted" }, "source_not_found", 404],
    ["an entry that the role may not read", { name: "app/denied" }, "source_denied", 502],
    ["an entry whose KMS key refuses", { name: "app/undecryptable" }, "source_denied", 502],
    ["throttling", { name: "app/throttled" }, "source_throttled", 503],
    ["a failure of the service", { name: "app/down" }, "source_unavailable", 502],
    ["an answer that is not the service's", { name: "app/rubbish" }, "source_unavailable", 502],
    ["bytes", { name: "app/bytes" }, "source_not_text", 422],
    ["a member of what is not JSON", { name: "app/text", key: "password" }, "source_not_json", 422],
    ["a member of a JSON list", { name: "app/list", key: "0" }, "source_not_json", 422],
    ["a member that is not there", { name: ARN, key: "token" }, "source_key_missing", 422],
    ["a member that every object inherits", { name: ARN, key: "constructor" }, "source_key_missing", 422],
    ["a request for both names", { name: "app/text", secretName: "app/text" }, "request_invalid", 400],
    ["a request for no name", { key: "password" }, "request_invalid", 400],
    ["an empty name", { name: "" }, "request_invalid", 400],
    ["an empty key", { name: ARN, key: "" }, "request_invalid", 400],
    ["a version id that is too short for one", { name: ARN, versionId: "x" }, "request_invalid", 400],
  ];
  for (const [what, request, code, status] of refusals) {
    it(`refuses ${what}: ${status} ${code}`, async () => {
      await assert.rejects(
        async () => open(request),
        (error) => {
          assert.ok(error instanceof AdapterError);
          assert.deepEqual([error.code, error.status], [code, status]);
          assert.ok(!error.message.includes(SECRET), "the reason carries the value");
          return true;
        },
      );
    });
  }

  it("gives up on an entry that does not come", async () => {
    await assert.rejects(open({ name: "app/stalled" }, 30), { code: "source_timeout", status: 504 });
  });
});
