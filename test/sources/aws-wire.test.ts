import assert from "node:assert/strict";
import type { ConnectedSource } from "../../lambda/sources/define-source";
import { parameterStore } from "../../lambda/sources/parameter-store";
import { secretsManager } from "../../lambda/sources/secrets-manager";
import { type Aws, type Call, type Reply, startAws } from "../adapter/support/aws";
import { assertRefused, open, useAws } from "./support";

const SECRET = "a-value-that-nobody-may-see";
const ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/database-AbCdEf";

const failure = (type: string, status = 400): Reply => ({
  status,
  body: { __type: type, message: `about ${SECRET}`, Message: `about ${SECRET}` },
});

// Proves what the sources make of answers that a healthy AWS does not give.
describe("the sources on AWS, when AWS", () => {
  let aws: Aws;
  let restore: () => void;
  let reply: (call: Call) => Reply;
  before(async () => {
    aws = await startAws((call) => reply(call));
    restore = useAws(aws.endpoint);
  });
  beforeEach(() => {
    aws.calls.length = 0;
  });
  after(async () => {
    restore();
    await aws.close();
  });
  const operations = () => aws.calls.map(({ operation }) => operation);

  describe("answers a batch", () => {
    let source: ConnectedSource;
    before(async () => {
      source = await secretsManager.connect({});
    });
    const entries = {
      A: { name: "app/a" },
      B: { name: ARN },
      C: { name: ARN.slice(0, -7) },
      D: { name: "app/d" },
    };
    const single = ({ input }: Call): Reply => ({
      status: 200,
      body: { Name: "x", SecretString: `one ${input.SecretId}` },
    });

    it("in another order, by ARN and part of one, tells each what is its own", async () => {
      reply = () => ({
        status: 200,
        body: {
          SecretValues: [
            { Name: "app/d", ARN: `${ARN}d`, SecretString: "d" },
            { Name: "app/database", ARN, SecretString: "database" },
            { Name: "app/a", ARN: `${ARN}a`, SecretString: "a" },
          ],
        },
      });
      assert.deepEqual((await open(source, { entries })).values, {
        A: "a",
        B: "database",
        C: "database",
        D: "d",
      });
      assert.deepEqual(operations(), ["BatchGetSecretValue"]);
    });

    it("in part, asks for what is left by itself", async () => {
      reply = (call) =>
        call.operation === "GetSecretValue"
          ? single(call)
          : {
              status: 200,
              body: {
                SecretValues: [{ Name: "app/a", ARN: `${ARN}a`, SecretString: "a" }],
                NextToken: "more",
              },
            };
      const { values } = await open(source, { entries });
      assert.deepEqual(values, { A: "a", B: `one ${ARN}`, C: `one ${ARN.slice(0, -7)}`, D: "one app/d" });
      assert.equal(aws.calls.length, 4);
    });

    it("with a refusal of the whole, asks for each by itself", async () => {
      for (const code of ["AccessDeniedException", "InvalidParameterException", "ValidationException"]) {
        reply = (call) => (call.operation === "GetSecretValue" ? single(call) : failure(code));
        const { values } = await open(source, { entries: { A: entries.A, D: entries.D } });
        assert.deepEqual(values, { A: "one app/a", D: "one app/d" });
      }
    });

    it("by throttling it or failing, asks for nothing by itself: that would be more of the same", async () => {
      for (const [fault, code] of [
        [failure("ThrottlingException"), "source_throttled"],
        [failure("InternalServiceError", 500), "source_unavailable"],
        [{ status: 200, body: "<html>" }, "source_unavailable"],
      ] as const) {
        reply = () => fault;
        await assertRefused(open(source, { entries }), code, SECRET);
      }
      assert.ok(operations().every((operation) => operation === "BatchGetSecretValue"));
    });

    it("with bytes for one entry, refuses that one alone", async () => {
      const bytes = { Name: "app/a", ARN: `${ARN}a`, SecretBinary: Buffer.from(SECRET).toString("base64") };
      const text = { Name: "app/d", ARN: `${ARN}d`, SecretString: "d" };
      reply = () => ({ status: 200, body: { SecretValues: [bytes, text] } });
      const [refused, answered] = await Promise.all([
        assertRefused(open(source, { name: "app/a" }), "source_not_text", SECRET),
        open(source, { name: "app/d" }),
      ]);
      assert.ok(refused);
      assert.deepEqual(answered, { value: "d" });
      assert.equal(aws.calls.length, 1);
    });

    it("not at all, gives up in time", async () => {
      reply = () => "stall";
      await assertRefused(open(source, { entries }, 40), "source_timeout");
    });
  });

  describe("answers Parameter Store", () => {
    let source: ConnectedSource;
    before(async () => {
      source = await parameterStore.connect({});
    });
    const name = { name: "/app/staging/secret" };

    for (const [what, fault, code] of [
      ["with a refusal", failure("AccessDeniedException"), "source_denied"],
      ["with a key that refuses", failure("InvalidKeyId"), "source_denied"],
      ["with nothing there", failure("ParameterNotFound"), "source_not_found"],
      ["with throttling", failure("ThrottlingException"), "source_throttled"],
      ["with a fault of its own", failure("InternalServerError", 500), "source_unavailable"],
      ["with rubbish", { status: 200, body: "<html>" }, "source_unavailable"],
      ["with another shape", { status: 200, body: {} }, "source_not_found"],
    ] as const) {
      it(`${what}: ${code}`, async () => {
        reply = () => fault;
        await assertRefused(open(source, name), code, SECRET);
      });
    }

    it("not at all, gives up in time", async () => {
      reply = () => "stall";
      await assertRefused(open(source, name, 40), "source_timeout");
      await assertRefused(open(source, { path: "/app/staging" }, 40), "source_timeout");
    });

    it("with empty pages before others, goes on; with pages without end, does not", async () => {
      const pages = [
        [],
        [{ Name: "/app/staging/a", Value: "1" }],
        [],
        [{ Name: "/app/staging/b/c", Value: "2" }],
      ];
      reply = ({ input }) => {
        const at = Number(input.NextToken ?? 0);
        return {
          status: 200,
          body: { Parameters: pages[at], ...(at + 1 < pages.length && { NextToken: String(at + 1) }) },
        };
      };
      assert.deepEqual((await open(source, { path: "/app/staging" })).values, { a: "1", "b/c": "2" });
      assert.ok(aws.calls.every(({ input }) => input.WithDecryption === true && input.Recursive === true));
      reply = () => ({ status: 200, body: { Parameters: [], NextToken: "again" } });
      await assertRefused(open(source, { path: "/app/staging" }), "source_too_large");
    });

    it("with a path that has nothing, says so", async () => {
      reply = () => ({ status: 200, body: { Parameters: [] } });
      await assertRefused(open(source, { path: "/app/stagign" }), "source_not_found");
    });
  });
});
