import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Credential } from "../../lambda/rotators/credential";
import { rotate } from "../../lambda/rotators/engine";
import { type HttpApiSettings, httpApi } from "../../lambda/rotators/http-api";
import { createHttpKeyApi } from "../../lambda/rotators/http-key-api";
import { createMemoryJournal } from "../../lambda/rotators/journal-memory";
import { LIMITS } from "./world";

const ADMIN = "admin-Token-91c4";
const KEY = "key-of-the-application-77";

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

// Proves the templates against a server: what is sent, what is made of the answers, and that neither shows in an error.
describe("the rotator of HTTP APIs", () => {
  let server: Server;
  let settings: HttpApiSettings;
  const requests: Request[] = [];
  let answer: (request: Request) => { status: number; body?: unknown; location?: string };

  before(async () => {
    server = createServer(async (incoming, response) => {
      let body = "";
      for await (const chunk of incoming) body += chunk;
      const { method = "", url = "", headers } = incoming;
      const request = { method, url, headers, body };
      requests.push(request);
      const { status, body: content, location } = answer(request);
      response.writeHead(status, { ...(location !== undefined && { location }) });
      response.end(content === undefined ? "" : JSON.stringify(content));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    settings = {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      keyPrefix: "acme-orders-staging",
      adminEntry: "orders/staging/partner-admin",
      adminHeaders: { Authorization: "Bearer {{admin.token}}" },
      create: {
        path: "/v1/keys",
        body: { name: "{{name}}", scopes: ["read"] },
        id: "/data/id",
        key: "/data/secret",
      },
      list: {
        path: "/v1/keys?all",
        items: "/data",
        id: "/id",
        name: "/name",
        lastUsed: "/last_used",
        next: "/next",
      },
      delete: { path: "/v1/keys/{{id}}" },
      verify: { path: "/v1/me", headers: { "X-Api-Key": "{{key}}" } },
    };
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    requests.length = 0;
  });

  const readSecret = async () => JSON.stringify({ token: ADMIN });
  const api = (changes: Partial<HttpApiSettings> = {}) =>
    createHttpKeyApi({ ...settings, ...changes }, { readSecret });
  const limits = { milliseconds: 2_000 };

  it("makes, lists and ends keys as the administrator, and proves one as an application", async () => {
    answer = ({ method, url }) => {
      if (url.startsWith("/v1/me")) return { status: 200 };
      if (method === "POST") return { status: 201, body: { data: { id: 7, secret: KEY } } };
      if (method === "DELETE") return { status: 204 };
      return url.includes("page=2")
        ? { status: 200, body: { data: [{ id: "b", name: "other", last_used: null }], next: null } }
        : { status: 200, body: { data: [{ id: "a/b", name: "one" }], next: "/v1/keys?page=2" } };
    };
    assert.deepEqual(await api().create({ name: 'we"ird' }, limits), { id: "7", key: KEY });
    assert.deepEqual(await api().list(limits), [
      { id: "a/b", name: "one" },
      { id: "b", name: "other", lastUsed: null },
    ]);
    await api().delete("a/b", limits);
    assert.equal(await api().verify({ id: "7", key: KEY }, limits), true);
    assert.deepEqual(
      requests.map(({ method, url }) => `${method} ${url}`),
      ["POST /v1/keys", "GET /v1/keys?all", "GET /v1/keys?page=2", "DELETE /v1/keys/a%2Fb", "GET /v1/me"],
    );
    assert.deepEqual(JSON.parse(requests[0]?.body ?? ""), { name: 'we"ird', scopes: ["read"] });
    assert.deepEqual(
      requests.map(({ headers }) => headers.authorization),
      [...Array(4).fill(`Bearer ${ADMIN}`), undefined],
    );
    assert.equal(requests.at(-1)?.headers["x-api-key"], KEY);
  });

  it("tells a key that is refused, and one that is gone, from an API that does not answer", async () => {
    const outcomes: readonly [number, string | boolean][] = [
      [204, true],
      [401, false],
      [403, false],
      [404, "target_refused"],
      [429, "target_unavailable"],
      [500, "target_unavailable"],
      [302, "target_refused"],
    ];
    for (const [status, expected] of outcomes) {
      answer = () => ({ status, location: "https://elsewhere.example.com/" });
      const told = await api()
        .verify({ id: "7", key: KEY }, limits)
        .catch(({ code }: { code: string }) => code);
      assert.equal(told, expected, String(status));
    }
    answer = () => ({ status: 410 });
    await api().delete("7", limits);
    answer = () => ({ status: 401, body: { token: ADMIN } });
    await assert.rejects(api().delete("7", limits), { code: "target_denied" });
    await assert.rejects(api({ origin: "http://127.0.0.1:1" }).list(limits), { code: "target_unavailable" });
  });

  it("goes nowhere else and says nothing of what it sent or got", async () => {
    const errors: unknown[] = [];
    const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => errors.push(error));
    answer = () => ({ status: 200, body: { data: [], next: "https://elsewhere.example.com/keys" } });
    await attempt(api().list(limits));
    answer = () => ({ status: 200, body: { data: { secret: KEY } } });
    await attempt(api().create({ name: "n" }, limits));
    await attempt(api().list(limits));
    answer = () => ({ status: 422, body: { key: KEY, token: ADMIN } });
    await attempt(api().create({ name: "n" }, limits));
    await attempt(api().delete("..", limits));
    await attempt(api({ adminHeaders: { authorization: "{{admin.other}}" } }).list(limits));
    assert.equal(errors.length, 6);
    assert.ok(requests.every(({ url }) => url.startsWith("/v1/keys")));
    for (const { message, code } of errors as { message: string; code: string }[]) {
      assert.match(code, /^target_/);
      assert.ok(!message.includes(KEY) && !message.includes(ADMIN), message);
    }
  });

  it("rotates, with what it is configured with: three times in two keys' room", async () => {
    const keys = new Map<string, { id: string; name: string; secret: string }>();
    let made = 0;
    answer = ({ method, url, headers, body }) => {
      const isKey = [...keys.values()].some(({ secret }) => secret === headers["x-api-key"]);
      if (url === "/v1/me") return { status: isKey ? 200 : 401 };
      if (method === "DELETE") return { status: keys.delete(url.split("/").at(-1) ?? "") ? 204 : 404 };
      if (method === "GET") return { status: 200, body: { data: [...keys.values()] } };
      if (keys.size === 2) return { status: 409 };
      made += 1;
      const key = { id: `k${made}`, name: JSON.parse(body).name, secret: `secret-${made}` };
      keys.set(key.id, key);
      return { status: 201, body: { data: key } };
    };
    const target = (await httpApi.connect(settings, { readSecret })).prepare({});
    const journal = createMemoryJournal();
    let state: Credential | null = null;
    for (const [id, slot] of [
      ["k1", "a"],
      ["k2", "b"],
      ["k3", "a"],
    ]) {
      state = await rotate(
        {
          journal,
          target,
          clock: { now: Date.now, sleep: async () => {} },
          newId: () => `v${made}`,
          limits: LIMITS,
        },
        { target: "http-api/partner", owner: "acme/app/rotated", state },
      );
      assert.deepEqual([state.id, state.slot], [id, slot]);
    }
    assert.deepEqual([...keys.keys()], ["k2", "k3"]);
    assert.match(keys.get("k3")?.name ?? "", /^acme-orders-staging-a-[0-9a-f]{12}$/);
    assert.deepEqual(JSON.stringify(state).match(/secret-\d/g), ["secret-3", "secret-2"]);
  });

  it("is configured with templates that use what there is, and by https", () => {
    const problems = (changes: object) => {
      const { success, error } = httpApi.settings.safeParse({ ...settings, ...changes });
      return success ? "" : JSON.stringify(error.issues);
    };
    assert.equal(problems({}), "");
    assert.match(problems({ origin: "http://api.example.com" }), /must be https/);
    assert.match(problems({ origin: "https://api.example.com/v1" }), /without a path/);
    assert.match(problems({ verify: { path: "/me?key={{admin.token}}" } }), /may only use/);
    assert.match(problems({ delete: { path: "/keys/{{key}}" } }), /may only use/);
    assert.match(problems({ create: { ...settings.create, key: "secret" } }), /JSON pointer/);
    assert.match(problems({ most: 1 }), /most/);
    const same = httpApi.identity({
      ...settings,
      origin: settings.origin.toUpperCase().replace("HTTP", "http"),
    });
    assert.deepEqual(same, httpApi.identity(settings));
  });
});
