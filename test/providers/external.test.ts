import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createExternalProvider } from "../../esc/providers/external";
import { Routes } from "../../sandbox/routes";
import {
  type FakeIssuer,
  failure,
  fakeIssuer,
  type OpenOptions,
  openWith,
  redacted,
  revealed,
  TOKEN,
} from "./support";

const url = "https://adapter.example.com/open?tenant=1";
const adapter = "the adapter at https://adapter.example.com/open";
const hidden = "answer-that-must-not-leak";

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

describe("fn::open::external", () => {
  let server: Server;
  let routes: Routes;
  let issuer: FakeIssuer;
  let received: Received[];
  let answer: (response: ServerResponse) => void;

  before(async () => {
    server = createServer(async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const { method, url, headers } = message;
      received.push({ method, url, headers, body: Buffer.concat(chunks) });
      answer(response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    routes = new Routes({
      "https://adapter.example.com": `http://127.0.0.1:${port}`,
      // A port that fetch does not use.
      "https://down.example.com": "http://127.0.0.1:1",
    });
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    received = [];
    issuer = fakeIssuer();
    answer = json(200, { value: "correct horse" });
  });

  const json = (status: number, body: unknown) => (response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const text = (status: number, body: string) => (response: ServerResponse) =>
    void response.writeHead(status).end(body);

  const ask = (inputs: object = {}, limits?: { timeoutMs?: number; answerBytes?: number }): OpenOptions => ({
    name: "web/staging",
    definition: { values: { asked: { "fn::open::external": { url, ...inputs } } } },
    providers: { external: createExternalProvider({ ...issuer, fetch: routes.fetch, limits }) },
  });
  const refused = (options: OpenOptions = ask()) => failure(options, hidden, "correct horse");

  it("posts the request with a token for this address and this body", async () => {
    const request = { secretName: "web/päss", nested: { list: [1, null, true] } };
    await revealed(ask({ request }));
    const [{ method, url: path, headers, body } = assert.fail("nothing was sent")] = received;
    assert.deepEqual({ method, path }, { method: "POST", path: "/open?tenant=1" });
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(body.toString()), request);
    const [claims = {}] = issuer.minted;
    assert.equal(claims.aud, url);
    assert.equal(claims.body_hash, `sha256-${createHash("sha256").update(body).digest("base64")}`);
  });

  it("posts an empty object when the definition has no request", async () => {
    await revealed(ask());
    assert.equal(received[0]?.body.toString(), "{}");
  });

  it("gives the answer as response, secret as a whole", async () => {
    assert.deepEqual(await revealed(ask()), { asked: { response: { value: "correct horse" } } });
    for (const inputs of [{}, { secret: true }]) {
      assert.deepEqual(await redacted(ask(inputs)), { asked: { response: "[secret]" } });
    }
  });

  it("gives a plain answer when it is told that it is no secret", async () => {
    assert.deepEqual(await redacted(ask({ secret: false })), {
      asked: { response: { value: "correct horse" } },
    });
  });

  it("names status, code and request id of a refusal, and nothing else that it says", async () => {
    answer = json(403, { code: "access_denied", requestId: "0c1d-22", message: hidden });
    assert.equal(await refused(), `${adapter} answered 403 access_denied (request 0c1d-22)`);
    answer = json(503, { code: "not_configured" });
    assert.equal(await refused(), `${adapter} answered 503 not_configured`);
    answer = json(500, { requestId: "77" });
    assert.equal(await refused(), `${adapter} answered 500 (request 77)`);
  });

  it("shows no code or request id that is something else", async () => {
    for (const body of [
      { code: `${hidden} is the password`, requestId: `${hidden}\n` },
      { code: { hidden }, requestId: [hidden] },
      { code: "x".repeat(65), requestId: "y".repeat(129) },
      [hidden],
      hidden,
      null,
    ]) {
      answer = json(502, body);
      assert.equal(await refused(), `${adapter} answered 502`);
    }
    answer = text(502, `<html>${hidden}</html>`);
    assert.equal(await refused(), `${adapter} answered 502`);
  });

  it("takes 200 and no other status for success, and follows no redirect", async () => {
    for (const status of [201, 202, 206]) {
      answer = json(status, { value: hidden });
      assert.equal(await refused(), `${adapter} answered ${status}`);
    }
    answer = text(204, "");
    assert.equal(await refused(), `${adapter} answered 204`);
    received = [];
    answer = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    const fetch: typeof globalThis.fetch = (_, init) => globalThis.fetch(routes.resolve(url), init);
    const external = createExternalProvider({ ...issuer, fetch });
    assert.equal(await refused({ ...ask(), providers: { external } }), `${adapter} answered 307`);
    assert.equal(received.length, 1);
  });

  it("fails for an answer that is not a JSON object", async () => {
    for (const body of [hidden, "", `{"value": "${hidden}"`, `["${hidden}"]`, `"${hidden}"`, "null", "7"]) {
      answer = text(200, body);
      assert.equal(await refused(), `${adapter} answered 200, but not with a JSON object`);
    }
  });

  it("fails for an answer that is too long, and reads no further", async () => {
    const value = hidden.repeat(10);
    const long = Buffer.byteLength(JSON.stringify({ value }));
    answer = json(200, { value });
    assert.deepEqual(await revealed(ask({}, { answerBytes: long })), { asked: { response: { value } } });
    assert.equal(
      await refused(ask({}, { answerBytes: long - 1 })),
      `${adapter} answered 200 and more than ${long - 1} bytes`,
    );
    // It would never end by itself.
    answer = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(hidden.repeat(1000)));
      };
      response.on("drain", more);
      more();
    };
    assert.equal(
      await refused(ask({}, { answerBytes: 1000 })),
      `${adapter} answered 200 and more than 1000 bytes`,
    );
  });

  it("fails for an adapter that does not answer in time, at once or in the middle", async () => {
    const late = `${adapter} did not answer within 50 ms`;
    answer = () => undefined;
    assert.equal(await refused(ask({}, { timeoutMs: 50 })), late);
    answer = (response) => void response.writeHead(200).write('{"value":');
    assert.equal(await refused(ask({}, { timeoutMs: 50 })), late);
  });

  it("lets go of the adapter when the evaluation ends", async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (response) => response.once("close", resolve);
    });
    await assert.rejects(openWith({ ...ask(), timeoutMs: 100 }), { code: "ERR_ESC_TIMEOUT" });
    await closed;
  });

  it("fails for an adapter that cannot be reached", async () => {
    assert.match(
      await refused(ask({ url: "https://down.example.com/open" })),
      /^the adapter at https:\/\/down\.example\.com\/open could not be reached: /,
    );
    assert.equal(
      await refused(ask({ url: "https://unknown.example.com/a?key=hidden" })),
      "the adapter at https://unknown.example.com/a could not be reached: sandbox: no route to https://unknown.example.com",
    );
    answer = (response) => void response.destroy();
    assert.match(await refused(), /could not be reached: /);
  });

  it("never shows the token, though what sends it complain of it", async () => {
    const fetch = async (_: unknown, init?: RequestInit) => {
      throw new TypeError(`${JSON.stringify(init?.headers)} is an invalid header value`);
    };
    const options = ask();
    const message = await refused({
      ...options,
      providers: { external: createExternalProvider({ ...issuer, fetch }) },
    });
    assert.match(message, /could not be reached: .*Bearer \[token\].* is an invalid header value/);
  });

  it("only calls https", async () => {
    assert.match(await refused(ask({ url: "http://adapter.example.com/open" })), /must match the pattern/);
    assert.deepEqual(received, []);
    assert.deepEqual(issuer.minted, []);
  });
});
