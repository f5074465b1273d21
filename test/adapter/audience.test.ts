import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createAdapter } from "../../lambda/core";
import { AUDIENCE, configFor, escClaims, vault } from "./support/fixture";
import { type JwksServer, signToken, startJwksServer } from "./support/issuer";

const BODY = JSON.stringify({ source: "vault", name: "database" });

// Proves how the adapter behaves until the deployment has written its address into the SSM parameter.
describe("an audience that comes from a parameter", () => {
  let jwks: JwksServer;
  before(async () => {
    jwks = await startJwksServer();
  });
  after(() => jwks.close());

  async function start(readParameter: (name: string) => Promise<string | undefined>) {
    const clock = { now: Date.now() };
    const reasons: unknown[] = [];
    const adapter = await createAdapter({
      config: configFor(jwks.uri, {
        routes: [{ path: "/open", action: "open", audienceParameter: "/app/staging/audience" }],
      }),
      sources: [vault],
      now: () => clock.now,
      log: (record) => reasons.push(record.reason),
      readParameter,
    });
    const send = async () => {
      const authorization = `Bearer ${await signToken(escClaims(BODY))}`;
      const headers = { "content-type": "application/json", authorization };
      const body = Buffer.from(BODY);
      return adapter({ method: "POST", path: "/open", headers, body, requestId: "request-1" });
    };
    return { send, clock, reasons };
  }

  it("is read once, at start, from exactly that parameter", async () => {
    const names: string[] = [];
    const { send } = await start(async (name) => {
      names.push(name);
      return AUDIENCE;
    });
    assert.deepEqual(names, ["/app/staging/audience"]);
    for (let i = 0; i < 3; i += 1) assert.equal((await send()).status, 200);
    assert.deepEqual(names, ["/app/staging/audience"]);
  });

  it("gives 503 not_configured while it is not there, and 200 two seconds after it is", async () => {
    let value: string | undefined;
    let reads = 0;
    const { send, clock } = await start(async () => {
      reads += 1;
      return value;
    });
    for (let i = 0; i < 5; i += 1) {
      const { status, body } = await send();
      assert.deepEqual([status, JSON.parse(body)], [503, { code: "not_configured", requestId: "request-1" }]);
    }
    assert.equal(reads, 1, "requests do not each read the parameter");
    value = AUDIENCE;
    clock.now += 2_000;
    assert.equal((await send()).status, 200);
    assert.equal(reads, 2);
  });

  it("is read once for requests that arrive while it is being read", async () => {
    let reads = 0;
    const { send, clock } = await start(async () => {
      reads += 1;
      await delay(10);
      return AUDIENCE;
    });
    clock.now += 60_000;
    const answers = await Promise.all([send(), send(), send()]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(reads, 1);
  });

  it("that cannot be read gives not_configured, and the log says why", async () => {
    const { send, reasons } = await start(() =>
      Promise.reject(Object.assign(new Error("not for you"), { name: "AccessDeniedException" })),
    );
    assert.equal((await send()).status, 503);
    assert.equal(reasons[0], "the audience parameter could not be read: AccessDeniedException");
  });

  it("is compared byte for byte, like a configured one", async () => {
    const { send } = await start(async () => `${AUDIENCE}/`);
    const { status, body } = await send();
    assert.deepEqual([status, JSON.parse(body).code], [401, "token_audience"]);
  });
});
