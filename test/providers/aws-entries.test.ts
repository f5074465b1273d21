import assert from "node:assert/strict";
import { check } from "../../esc/evaluator/index";
import {
  createAwsParameterStoreProvider,
  type ParameterRequest,
} from "../../esc/providers/aws-parameter-store";
import { createAwsSecretsProvider, type SecretRequest } from "../../esc/providers/aws-secrets";
import type { AwsCaller } from "../../esc/providers/aws-session";
import { AWS_REQUEST, awsError, failure, type OpenOptions, redacted, revealed, SESSION } from "./support";

const notFound = awsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");

describe("fn::open::aws-secrets", () => {
  let asked: (SecretRequest & Pick<AwsCaller, "session" | "region">)[];
  const stored: Record<string, string | Uint8Array | Error> = {
    "web/database": '{"password":"correct horse"}',
    "web/key": Uint8Array.of(0, 255, 128),
    "web/missing": notFound,
    "web/forbidden": awsError("AccessDeniedException", "User: x is not authorized to perform: y"),
  };

  const read = (get: object): OpenOptions => ({
    definition: {
      values: { entries: { "fn::open::aws-secrets": { region: "eu-west-1", login: SESSION, get } } },
    },
    providers: {
      "aws-secrets": createAwsSecretsProvider({
        async getSecretValue({ session, region }, request) {
          asked.push({ session, region, ...request });
          const value = stored[request.secretId] ?? assert.fail(request.secretId);
          if (value instanceof Error) throw value;
          return value;
        },
      }),
    },
  });

  beforeEach(() => {
    asked = [];
  });

  it("gives each entry's text as it is stored, under the names given, all secret", async () => {
    const get = { database: { secretId: "web/database" } };
    assert.deepEqual(await revealed(read(get)), { entries: { database: '{"password":"correct horse"}' } });
    assert.deepEqual(await redacted(read(get)), { entries: { database: "[secret]" } });
  });

  it("asks in the region and with the session of the block, for the version it names", async () => {
    const versionId = "a".repeat(32);
    await revealed(
      read({
        current: { secretId: "web/database" },
        old: { secretId: "web/database", versionStage: "AWSPREVIOUS" },
        pinned: { secretId: "web/database", versionId },
      }),
    );
    const request = { session: SESSION, region: "eu-west-1", secretId: "web/database" };
    assert.deepEqual(asked, [
      request,
      { ...request, versionStage: "AWSPREVIOUS" },
      { ...request, versionId },
    ]);
  });

  it("gives a binary value in base64", async () => {
    assert.deepEqual(await revealed(read({ key: { secretId: "web/key" } })), { entries: { key: "AP+A" } });
  });

  it("fails as a whole, and names every entry that could not be read, in AWS's words", async () => {
    const message = await failure(
      read({
        database: { secretId: "web/database" },
        missing: { secretId: "web/missing" },
        forbidden: { secretId: "web/forbidden" },
      }),
      "correct horse",
      SESSION.secretAccessKey,
      SESSION.sessionToken,
    );
    assert.equal(
      message,
      [
        `get.forbidden: AccessDeniedException: User: x is not authorized to perform: y\n\tstatus code: 400, ${AWS_REQUEST}`,
        `get.missing: ResourceNotFoundException: Secrets Manager can't find the specified secret.\n\tstatus code: 400, ${AWS_REQUEST}`,
      ].join("\n"),
    );
  });
});

describe("fn::open::aws-parameter-store", () => {
  let asked: ParameterRequest[];

  const read = (get: object, more: object = {}): OpenOptions => ({
    definition: {
      values: {
        parameters: { "fn::open::aws-parameter-store": { region: "eu-west-1", login: SESSION, get } },
        ...more,
      },
    },
    providers: { "aws-parameter-store": provider },
  });

  const provider = createAwsParameterStoreProvider({
    async getParameter({ session, region }, request) {
      assert.deepEqual({ session, region }, { session: SESSION, region: "eu-west-1" });
      asked.push(request);
      if (request.name === "/web/missing") throw awsError("ParameterNotFound", "UnknownError");
      if (request.name === "/web/list") return { type: "StringList", value: "one,two" };
      return { type: "SecureString", value: request.decrypt ? "correct horse" : "AQICAH…" };
    },
  });

  beforeEach(() => {
    asked = [];
  });

  const first = { first: "${parameters.list[0]}" };
  const get = {
    list: { name: "/web/list" },
    open: { name: "/web/password:3", decrypt: true },
    closed: { name: "/web/password:stable" },
  };

  it("gives texts, and a StringList as a list", async () => {
    assert.deepEqual(await revealed(read(get, first)), {
      first: "one",
      parameters: { list: ["one", "two"], open: "correct horse", closed: "AQICAH…" },
    });
    assert.deepEqual(await redacted(read(get, first)), {
      first: "[secret]",
      parameters: { list: "[secret]", open: "[secret]", closed: "[secret]" },
    });
  });

  it("asks for the version or label in the name, and decrypts only where it is told to", async () => {
    await revealed(read(get));
    assert.deepEqual(asked, [
      { name: "/web/password:stable", decrypt: false },
      { name: "/web/list", decrypt: false },
      { name: "/web/password:3", decrypt: true },
    ]);
  });

  it("names the parameter that is not there", async () => {
    const message = await failure(read({ ...get, gone: { name: "/web/missing" } }), "correct horse");
    assert.equal(message, `get.gone: ParameterNotFound\n\tstatus code: 400, ${AWS_REQUEST}`);
  });

  it("is checked by ESC's schema, which knows no lists", async () => {
    const { definition } = read(get, first);
    const { diagnostics } = await check({
      yaml: JSON.stringify(definition),
      providers: { "aws-parameter-store": provider },
    });
    assert.deepEqual(
      diagnostics.map(({ summary }) => summary),
      ["receiver must be an array or an object"],
    );
    assert.deepEqual(asked, []);
  });
});
