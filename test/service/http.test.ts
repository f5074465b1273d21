import assert from "node:assert/strict";
import { createEscServer, EscService } from "../../sandbox/pulumi/index";
import { ACCESS_TOKEN, type StartedService, startService, write } from "./support";

async function answer(response: Response): Promise<[number, { code?: number; message?: string }]> {
  return [response.status, (await response.json()) as { code?: number; message?: string }];
}

describe("The ESC service over HTTP", () => {
  let esc: StartedService;

  before(async () => {
    esc = await startService({ maxBodyBytes: 4096 });
    await write(esc.service, "web/staging", "values:\n  password: {fn::secret: correct horse}\n");
  });

  after(() => esc.stop());

  it("lets nobody in without the token, and says the same whatever is wrong with it", async () => {
    const schemes = ["", "token", "token ", `token ${ACCESS_TOKEN}x`, `Bearer ${ACCESS_TOKEN}`, ACCESS_TOKEN];
    for (const authorization of schemes) {
      for (const path of ["/acme", "/acme/web/staging", "/other/web/none", "/no/such/path/at/all"]) {
        const response = await esc.request("GET", path, { headers: { authorization } });
        assert.deepEqual(
          await answer(response),
          [401, { code: 401, message: "Unauthorized" }],
          authorization,
        );
      }
    }
    assert.equal((await esc.request("GET", "/acme")).status, 200);
  });

  it("sends a definition with its ETag and revision", async () => {
    const response = await esc.request("GET", "/acme/web/staging");
    assert.equal(response.headers.get("content-type"), "application/x-yaml");
    assert.equal(response.headers.get("pulumi-esc-revision"), "2");
    assert.match(response.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.doesNotMatch(await response.text(), /correct horse/);
  });

  it("takes an update with the latest ETag once, in If-Match or in the Go client's ETag header", async () => {
    await write(esc.service, "web/matched", "values: {a: 1}\n");
    for (const header of ["if-match", "etag"]) {
      const etag = (await esc.request("HEAD", "/acme/web/matched")).headers.get("etag") ?? "";
      const update = (value: number) =>
        esc.request("PATCH", "/acme/web/matched", {
          body: `values: {a: ${value}}\n`,
          headers: { [header]: etag },
        });
      const first = await update(2);
      assert.equal(first.status, 200, header);
      assert.notEqual(first.headers.get("etag"), etag);
      const [status, { code, message }] = await answer(await update(3));
      assert.deepEqual([status, code], [409, 409], header);
      assert.match(
        message ?? "",
        /^environment acme\/web\/matched has changed since it was read .* read it again/,
      );
    }
    const anyVersion = { body: "values: {a: 4}\n", headers: { "if-match": "*" } };
    assert.equal((await esc.request("PATCH", "/acme/web/matched", anyVersion)).status, 200);
  });

  it("refuses names that Pulumi refuses, before anything else is done with them", async () => {
    for (const path of [
      "/acme/web/a%20b",
      "/acme/web%2Fx/y",
      "/acme/web/..%2F..",
      "/acme/web/yaml",
      "/acme/%00/x",
    ]) {
      const [status, { message }] = await answer(await esc.request("GET", path));
      assert.equal(status, 400, path);
      assert.match(message ?? "", /^invalid (project|environment) name "/);
    }
    const created = await esc.request("POST", "/acme", {
      body: JSON.stringify({ project: "web", name: "open" }),
    });
    assert.equal(created.status, 400);
    assert.equal((await esc.request("GET", "/acme/web/%zz")).status, 400);
  });

  it("refuses a body that is too large, and one that is not what the path takes", async () => {
    const [status, { message }] = await answer(
      await esc.request("PATCH", "/acme/web/staging", { body: `values: {a: ${"x".repeat(1024 * 1024)}}\n` }),
    );
    assert.deepEqual([status, message], [413, "the request's body is larger than 4096 bytes"]);
    for (const body of ["", "{", "[]", "{}", '{"project":"web"}', '{"project":1,"name":"x"}']) {
      const response = await esc.request("POST", "/acme", { body });
      assert.equal(response.status, 400, body);
    }
    const tag = JSON.stringify({ name: "live", revision: 1.5 });
    assert.equal((await esc.request("POST", "/acme/web/staging/versions/tags", { body: tag })).status, 400);
    assert.equal((await esc.request("GET", "/acme/web/staging/versions?count=all")).status, 400);
  });

  it("answers 404 for what is not there, 405 for a method that a path has not, 501 for what the sandbox has not", async () => {
    for (const [method, path, expected] of [
      ["GET", "/acme/web/none", 404],
      ["PATCH", "/acme/web/none", 404],
      ["DELETE", "/acme/web/none", 404],
      ["POST", "/acme/web/none/open", 404],
      ["POST", "/acme/web/staging/versions/live/open", 404],
      ["GET", "/acme/web/staging/versions/9", 404],
      ["GET", "/acme/web/staging/versions/tags/live", 404],
      ["GET", "/acme/web/staging/open/00000000-0000-0000-0000-000000000000", 404],
      ["GET", "/acme/yaml/open/00000000-0000-0000-0000-000000000000", 404],
      ["PUT", "/acme/web/staging", 405],
      ["GET", "/acme/yaml/check", 404],
      ["GET", "/acme/web/none/decrypt", 404],
      ["GET", "/acme/web/none/tags", 404],
      ["GET", "/acme/web/staging/tags/owner", 404],
      ["GET", "/acme/web/staging/hooks/none", 404],
      ["GET", "/acme/web/staging/schedules/none", 404],
      ["GET", "/acme/web/staging/gates", 501],
      ["GET", "/acme/web/staging/", 501],
    ] as const) {
      const [status, { code, message }] = await answer(await esc.request(method, path));
      assert.deepEqual([status, code], [expected, expected], `${method} ${path}`);
      assert.ok(message);
    }
    const elsewhere = await fetch(`${esc.url}/api/stacks`, {
      headers: { authorization: `token ${ACCESS_TOKEN}` },
    });
    assert.deepEqual(await answer(elsewhere), [404, { code: 404, message: "Not Found" }]);
  });

  it("lists what all its organizations have", async () => {
    const other = await startService();
    try {
      other.service.store.create({ organization: "umbrella", project: "web", name: "dev" });
      other.service.store.create({ organization: "acme", project: "web", name: "dev" });
      const { environments } = (await (await other.request("GET", "")).json()) as {
        environments: { organization: string }[];
      };
      assert.deepEqual(
        environments.map(({ organization }) => organization),
        ["acme", "umbrella"],
      );
    } finally {
      await other.stop();
    }
  });

  it("refuses to create what exists", async () => {
    const body = JSON.stringify({ project: "web", name: "staging" });
    assert.deepEqual(await answer(await esc.request("POST", "/acme", { body })), [
      409,
      { code: 409, message: "environment acme/web/staging already exists" },
    ]);
  });

  it("turns a definition that breaks the evaluator's limits into 400, and stays up", async () => {
    const body = `values: {a: ${"[".repeat(200)}${"]".repeat(200)}}\n`;
    const [status, { message }] = await answer(await esc.request("POST", "/acme/yaml/check", { body }));
    assert.equal(status, 400);
    assert.match(message ?? "", /64 levels/);
    assert.equal((await esc.request("GET", "/acme")).status, 200);
  });

  it("logs method, path and status of every request, and nothing secret", async () => {
    esc.log.length = 0;
    const { id } = (await (await esc.request("POST", "/acme/web/staging/open")).json()) as { id: string };
    const read = await esc.request("GET", `/acme/web/staging/open/${id}?property=password`);
    assert.match(await read.text(), /correct horse/);
    await esc.request("GET", "/acme", { headers: { authorization: "token wrong-token" } });
    const base = "/api/esc/environments";
    assert.deepEqual(esc.log, [
      { method: "POST", path: `${base}/acme/web/staging/open`, status: 200 },
      { method: "GET", path: `${base}/acme/web/staging/open/${id}`, status: 200 },
      { method: "GET", path: `${base}/acme`, status: 401 },
    ]);
    assert.doesNotMatch(JSON.stringify(esc.log), /correct horse|wrong-token|pul-/);
  });

  it("listens on this machine only", async () => {
    const server = createEscServer({
      service: new EscService({ organizations: [] }),
      accessToken: ACCESS_TOKEN,
    });
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com", ""]) {
      await assert.rejects(server.start({ host }), TypeError, host);
    }
    assert.throws(() => createEscServer({ service: esc.service, accessToken: "" }), TypeError);
  });

  it("says which port is taken", async () => {
    const server = createEscServer({ service: esc.service, accessToken: ACCESS_TOKEN });
    await assert.rejects(server.start({ port: Number(new URL(esc.url).port) }), { code: "EADDRINUSE" });
  });

  it("stops while a client is still connected", async () => {
    const other = await startService();
    const response = await fetch(`${other.url}/api/esc/environments/acme`, {
      headers: { authorization: `token ${ACCESS_TOKEN}`, connection: "keep-alive" },
    });
    await response.text();
    await other.stop();
    await assert.rejects(fetch(other.url));
  });
});
