import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHandler, type HttpEvent, startFromFolder } from "../../lambda/handler";
import type { AdapterRequest } from "../../lambda/http";
import { configFor, vault } from "./support/fixture";

const EVENT: HttpEvent = {
  version: "2.0",
  rawPath: "/open",
  requestContext: { requestId: "id-1", http: { method: "POST" } },
};

// Proves the Lambda rim: what of an event reaches the adapter, and which functions refuse to start.
describe("the Lambda handler", () => {
  async function seen(event: HttpEvent): Promise<AdapterRequest> {
    const requests: AdapterRequest[] = [];
    const handler = createHandler(async (request) => {
      requests.push(request);
      return { status: 204, headers: { "x-a": "b" }, body: "" };
    });
    assert.deepEqual(await handler(event), {
      statusCode: 204,
      headers: { "x-a": "b" },
      body: "",
      isBase64Encoded: false,
    });
    const [request] = requests;
    assert.ok(request);
    return request;
  }

  it("takes an event without headers, body and flag", async () => {
    const { method, path, headers, body, requestId } = await seen(EVENT);
    assert.deepEqual(
      { method, path, headers, length: body.length, requestId },
      { method: "POST", path: "/open", headers: {}, length: 0, requestId: "id-1" },
    );
    assert.equal((await seen({ ...EVENT, body: null })).body.length, 0);
  });

  it("decodes a body by its flag alone", async () => {
    const encoded = Buffer.from('{"a":"ü"}').toString("base64");
    const bytes = async (event: Partial<HttpEvent>) => Buffer.from((await seen({ ...EVENT, ...event })).body);
    assert.equal((await bytes({ body: encoded, isBase64Encoded: true })).toString(), '{"a":"ü"}');
    assert.equal((await bytes({ body: encoded, isBase64Encoded: false })).toString(), encoded);
    assert.equal((await bytes({ body: '{"a":"ü"}' })).toString(), '{"a":"ü"}');
  });

  it("makes up a request id where the event has none", async () => {
    const { requestId } = await seen({ ...EVENT, requestContext: { http: { method: "POST" } } });
    assert.match(requestId, /^[0-9a-f-]{36}$/);
  });

  for (const [what, event] of [
    ["payload format 1.0", { version: "1.0", httpMethod: "POST", path: "/open", body: "{}" }],
    ["another payload format in the shape of 2.0", { ...EVENT, version: "1.0" }],
    ["a direct invocation", { name: "database" }],
    ["nothing", undefined],
    ["null", null],
  ] as const) {
    it(`refuses ${what} without asking the adapter`, async () => {
      const handler = createHandler(() => assert.fail("the adapter was asked"));
      const { statusCode, body } = await handler(event as unknown as HttpEvent);
      assert.deepEqual([statusCode, JSON.parse(body).code], [400, "request_invalid"]);
    });
  }

  describe("starting from a folder", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), "escapement-adapter-"));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const write = (config: unknown) =>
      writeFileSync(path.join(folder, "config.json"), JSON.stringify(config));

    it("refuses a replay store in memory: another instance would not know", async () => {
      write(configFor("https://api.pulumi.com/oidc/.well-known/jwks"));
      await assert.rejects(startFromFolder(folder, { sources: [vault] }), {
        code: "ERR_ADAPTER_CONFIG",
        problems: ["config.replay.store: must be dynamodb: Lambda runs many instances"],
      });
    });

    it("refuses the files source: a function has none", async () => {
      const replay = { store: "dynamodb" as const, table: "replay" };
      const config = configFor("https://api.pulumi.com/oidc/.well-known/jwks", { replay });
      write({ ...config, sources: { ...config.sources, files: { root: "/run/secrets" } } });
      await assert.rejects(startFromFolder(folder, { sources: [vault] }), {
        problems: ["config.sources.files: is for the Node server: a function has no files"],
      });
    });

    it("refuses a configuration with problems, and tells them", async () => {
      write({ replay: { store: "dynamodb", table: "replay" } });
      await assert.rejects(startFromFolder(folder), /config\.organization: must be string/);
    });

    it("refuses a folder without configuration", async () => {
      await assert.rejects(startFromFolder(folder), { code: "ENOENT" });
    });
  });
});
