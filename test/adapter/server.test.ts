import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { AdapterRequest } from "../../lambda/http";
import { createAdapterServer } from "../../lambda/server";
import { buildPackage, root } from "../support/build";

// Proves the Node rim: what of an HTTP request reaches the adapter, and how the process starts and ends.
describe("the Node server", () => {
  it("passes path, method and raw bytes on, and reads no more of a body than shows that it is too long", async () => {
    const requests: AdapterRequest[] = [];
    const server = createAdapterServer(async (request) => {
      requests.push(request);
      return { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
    }, 1000).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const agent = new Agent({ keepAlive: true });
      const outgoing = httpRequest({ port, method: "POST", path: "/a/../b%2f?c=d", agent });
      outgoing.on("error", () => {});
      outgoing.end(Buffer.alloc(10_000_000, 7));
      const [incoming] = await once(outgoing, "response");
      assert.equal(incoming.headers.connection, "close");
      incoming.resume();
    } finally {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    }
    const [request] = requests;
    assert.ok(request);
    assert.deepEqual([request.method, request.path, request.body[0]], ["POST", "/a/../b%2f", 7]);
    assert.ok(request.body.length > 1000 && request.body.length < 200_000, `${request.body.length}`);
  });

  it("survives a caller that goes away in the middle of a body", async () => {
    let asked = 0;
    const server = createAdapterServer(async () => {
      asked += 1;
      return { status: 200, headers: {}, body: "{}" };
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /open HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf");
    await once(server, "request");
    socket.destroy();
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    assert.deepEqual([answer.status, await answer.json()], [200, { status: "ok" }]);
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    assert.equal(asked, 0);
  });

  describe("as a process", () => {
    let folder: string;
    before(function () {
      buildPackage.call(this);
      folder = mkdtempSync(path.join(tmpdir(), "escapement-server-"));
    });
    after(() => rmSync(folder, { recursive: true }));

    const config = (changes: object = {}) => {
      const file = path.join(folder, "config.json");
      const valid = {
        organization: "acme",
        issuers: [{ issuer: "https://a.example", jwksUri: "https://a.example/jwks" }],
        routes: [{ path: "/open", action: "open", audience: "https://b.example/open" }],
        access: [],
        sources: {},
        replay: { store: "memory" },
      };
      writeFileSync(file, JSON.stringify({ ...valid, ...changes }));
      return file;
    };
    const run = (...args: string[]): ChildProcessWithoutNullStreams =>
      spawn(process.execPath, [path.join(root, "dist/lambda/server.js"), ...args], {
        env: { PATH: process.env.PATH },
      });

    it("listens, answers /healthz and refuses the rest, and ends with 0 on SIGTERM", async () => {
      const child = run("--config", config(), "--port", "0");
      const [line] = await once(child.stdout, "data");
      const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      const refused = await fetch(`${url}/open`, {
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      assert.deepEqual(
        [refused.status, ((await refused.json()) as { code: string }).code],
        [401, "authorization_missing"],
      );
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    });

    it("ends with 2 and every problem on stderr when the configuration is wrong", async () => {
      const child = run("--config", config({ organization: "", routes: [] }));
      const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
      assert.equal(code, 2);
      assert.match(errors, /config\.organization: must not be empty/);
      assert.match(errors, /config\.routes: must not be empty/);
    });

    it("tells its options, and ends with 2 on one it does not know", async () => {
      const [help, misuse] = [run("--help"), run("--prot", "1")];
      const [usage, complaint, [helped], [misused]] = await Promise.all([
        text(help.stdout),
        text(misuse.stderr),
        once(help, "exit"),
        once(misuse, "exit"),
      ]);
      assert.match(usage, /--config FILE/);
      assert.match(complaint, /--prot/);
      assert.deepEqual([helped, misused], [0, 2]);
    });
  });
});
