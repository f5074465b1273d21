import assert from "node:assert/strict";
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { ParameterType } from "../../sandbox/aws/account";
import { putRolePolicy } from "../../sandbox/aws/iam";
import { createKey } from "../../sandbox/aws/kms-keys";
import { putParameter } from "../../sandbox/aws/parameters";
import { openSession } from "../../sandbox/aws/sessions";
import { allow, Laptop, stagingTrust } from "./laptop";

const arn = (name: string) => `arn:aws:ssm:us-east-1:123456789012:parameter/${name}`;
const secret = "a-value-that-nobody-may-see";

describe("SSM parameters", () => {
  const laptop = new Laptop();
  let client: SSMClient;
  let limited: SSMClient;
  before(async () => {
    await laptop.start();
    client = laptop.ssm(laptop.administrator());
    const { account } = laptop;
    for (const name of [
      "/app/staging/url",
      "/app/staging/deep/er",
      "/app/staging/port",
      "/app/prod/url",
      "plain",
    ]) {
      putParameter(account, { name, value: `value of ${name}`, type: ParameterType.String });
    }
    const key = createKey(account, { region: "us-east-1" });
    key.aliases.add("alias/app");
    putParameter(account, {
      name: "/app/staging/password",
      value: secret,
      type: ParameterType.SecureString,
      kmsKeyId: "alias/app",
    });
    const role = laptop.role(
      "reader",
      stagingTrust(),
      allow(["ssm:GetParameter", "ssm:GetParameters"], arn("app/staging/*")),
    );
    putRolePolicy(
      account,
      "reader",
      "path",
      JSON.stringify(allow("ssm:GetParametersByPath", arn("app/staging"))),
    );
    limited = laptop.ssm(openSession(account, role, { name: "test", durationSeconds: 3600 }));
  });
  after(() => laptop.stop());

  it("are read by name and by ARN, with everything that AWS says of them", async () => {
    for (const Name of ["/app/staging/url", arn("app/staging/url")]) {
      const { Parameter } = await client.send(new GetParameterCommand({ Name }));
      const { LastModifiedDate, ...parameter } = Parameter ?? {};
      assert.deepEqual(parameter, {
        ARN: arn("app/staging/url"),
        DataType: "text",
        Name: "/app/staging/url",
        Type: "String",
        Value: "value of /app/staging/url",
        Version: 1,
      });
      assert.ok(LastModifiedDate instanceof Date);
    }
    const { Parameter } = await client.send(new GetParameterCommand({ Name: "plain" }));
    assert.equal(Parameter?.ARN, arn("plain"));
  });

  it("are written, not overwritten unless told, and read by version", async () => {
    const put = (Value: string, Overwrite?: boolean) =>
      client.send(new PutParameterCommand({ Name: "/new", Value, Type: "String", Overwrite }));
    assert.equal((await put("one")).Version, 1);
    await assert.rejects(put("two"), { name: "ParameterAlreadyExists" });
    assert.equal((await put("two", true)).Version, 2);
    const read = async (Name: string) => (await client.send(new GetParameterCommand({ Name }))).Parameter;
    assert.equal((await read("/new"))?.Value, "two");
    assert.equal((await read("/new:1"))?.Value, "one");
    assert.equal((await read("/new:1"))?.Selector, ":1");
    await assert.rejects(read("/new:3"), { name: "ParameterVersionNotFound" });
    await assert.rejects(read("/new:label"), {
      message: "sandbox: labels of parameters are not implemented",
    });
  });

  it("that are missing are said to be so: one by an error, of several by a list", async () => {
    await assert.rejects(client.send(new GetParameterCommand({ Name: "/missing" })), (error: Error) => {
      assert.equal(error.name, "ParameterNotFound");
      assert.equal((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode, 400);
      return true;
    });
    const several = await client.send(new GetParametersCommand({ Names: ["plain", "/missing"] }));
    assert.deepEqual(
      [several.Parameters?.map(({ Name }) => Name), several.InvalidParameters],
      [["plain"], ["/missing"]],
    );
  });

  it("are listed by path, one level or all, page by page", async () => {
    const list = async (more: object) => {
      const names: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new GetParametersByPathCommand({ Path: "/app/staging", MaxResults: 2, NextToken, ...more }),
        );
        names.push(...(page.Parameters ?? []).map(({ Name }) => Name));
        NextToken = page.NextToken;
      } while (NextToken);
      return names;
    };
    const level = ["/app/staging/password", "/app/staging/port", "/app/staging/url"];
    assert.deepEqual(await list({}), level);
    assert.deepEqual(await list({ Recursive: true }), ["/app/staging/deep/er", ...level]);
    assert.deepEqual(await list({ Path: "/app/stag" }), []);
    await assert.rejects(list({ Path: "app" }), { name: "ValidationException" });
    await assert.rejects(list({ MaxResults: 11 }), { name: "ValidationException" });
  });

  it("that are encrypted show their value only when decrypted", async () => {
    const read = async (WithDecryption: boolean) =>
      (await client.send(new GetParameterCommand({ Name: "/app/staging/password", WithDecryption })))
        .Parameter?.Value;
    assert.equal(await read(true), secret);
    const ciphertext = await read(false);
    assert.match(ciphertext ?? "", /^AQICAH/);
    assert.ok(!ciphertext?.includes(secret));
  });

  it("are refused to whom no policy lets in, by AWS's words and with the reason", async () => {
    const user = "User: arn:aws:sts::123456789012:assumed-role/reader/test is not authorized to perform: ";
    await limited.send(new GetParameterCommand({ Name: "/app/staging/url" }));
    await limited.send(new GetParametersByPathCommand({ Path: "/app/staging" }));
    await assert.rejects(limited.send(new GetParameterCommand({ Name: "/app/prod/url" })), {
      name: "AccessDeniedException",
      message: `${user}ssm:GetParameter on resource: ${arn("app/prod/url")} because no identity-based policy allows the ssm:GetParameter action`,
    });
    assert.match(laptop.lastDecision.because, /^denied: identity policy permissions, Read: Resource/);
    await assert.rejects(
      limited.send(new GetParametersCommand({ Names: ["/app/staging/url", "/app/prod/url"] })),
      {
        name: "AccessDeniedException",
      },
    );
    await assert.rejects(limited.send(new GetParametersByPathCommand({ Path: "/app/prod" })), {
      name: "AccessDeniedException",
    });
  });

  it("that a key encrypts need the key too", async () => {
    const command = new GetParameterCommand({ Name: "/app/staging/password", WithDecryption: true });
    await assert.rejects(limited.send(command), {
      name: "AccessDeniedException",
      message: /^The ciphertext refers to a customer master key that does not exist/,
    });
    assert.equal(laptop.lastDecision.action, "kms:Decrypt");
    assert.ok(!JSON.stringify(laptop.decisions).includes(secret));
  });

  const refused: [string, object, RegExp][] = [
    ["a name that AWS keeps for itself", { Name: "/aws/mine", Type: "String" }, /prefixed with/],
    ["a name with a blank", { Name: "my name", Type: "String" }, /prefixed with/],
    ["a path that does not begin with a slash", { Name: "a/b", Type: "String" }, /prefixed with/],
    ["a type that there is not", { Name: "/x", Type: "Text" }, /The parameter type Text is not supported/],
    ["no type for a new one", { Name: "/x" }, /A parameter type is required/],
    [
      "a value above the standard tier's limit",
      { Name: "/x", Type: "String", Value: "x".repeat(4097) },
      /4096/,
    ],
  ];
  for (const [title, input, message] of refused) {
    it(`are refused with ${title}`, async () => {
      const full = { Value: "value", ...input } as ConstructorParameters<typeof PutParameterCommand>[0];
      await assert.rejects(client.send(new PutParameterCommand(full)), {
        name: "ValidationException",
        message,
      });
    });
  }
});
