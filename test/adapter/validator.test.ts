import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AdapterConfigError, AdapterError, type EscRequest, EscRequestValidator } from "../../lambda/index";
import { accessCases } from "./hostile/access";
import { bearerCases } from "./hostile/bearer";
import type { HostileCase } from "./hostile/case";
import { claimCases } from "./hostile/claims";
import { AUDIENCE, escClaims, HEADER, ISSUER, ORGANIZATION, SECRET } from "./support/fixture";
import { forgeToken, type JwksServer, startJwksServer } from "./support/issuer";

const BODY = JSON.stringify({ city: "Oslo" });
/** The rules of a validator are its environments; what is asked is the service's own. */
// Each unknown key id takes a second here; hostile.test.ts has them all.
const cases = [...bearerCases, ...claimCases, ...accessCases].filter(
  ({ body, code, title }) =>
    body === undefined && (code !== "token_key_unknown" || title === "an unknown kid"),
);

describe("EscRequestValidator", () => {
  let jwks: JwksServer;
  let validator: EscRequestValidator;
  let server: Server;
  const seen: EscRequest[] = [];
  const log: unknown[] = [];
  before(async () => {
    jwks = await startJwksServer();
    validator = new EscRequestValidator({
      organization: ORGANIZATION,
      audience: AUDIENCE,
      environments: ["app/staging"],
      issuers: [{ issuer: ISSUER, jwksUri: jwks.uri }],
      log: (record) => void log.push(record),
    });
    const listener = validator.guard((request) => {
      seen.push(request);
      if (request.request.city === "Atlantis") throw new Error(`no ${SECRET}`);
      return { weather: SECRET };
    });
    server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(async () => {
    server.close();
    await jwks.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  async function send({
    authorizations,
    body = BODY,
  }: {
    authorizations: readonly string[];
    body?: string | Uint8Array;
  }) {
    const { port } = server.address() as AddressInfo;
    const headers = new Headers({ "content-type": "application/json" });
    for (const value of authorizations) headers.append("authorization", value);
    const response = await fetch(`http://127.0.0.1:${port}/open`, { method: "POST", headers, body });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }

  const tokenFor = (body: string, changes = {}) =>
    forgeToken(HEADER, JSON.stringify(escClaims(body, { aud: AUDIENCE, ...changes })), "issuer");

  it("hands a verified request on, with who asks, and answers what the service answers", async () => {
    const changes = { current_env: "acme/app/staging@live", root_env: "<yaml>" };
    const { status, answer } = await send({ authorizations: [`Bearer ${tokenFor(BODY, changes)}`] });
    assert.deepEqual({ status, answer }, { status: 200, answer: { weather: SECRET } });
    const caller = { environment: "app/staging", rootEnvironment: undefined, triggerUser: "alice" };
    assert.deepEqual(seen, [{ request: { city: "Oslo" }, ...caller }]);
  });

  it("answers 502 for a service that throws, and keeps what it threw to itself", async () => {
    const body = JSON.stringify({ city: "Atlantis" });
    const { status, answer } = await send({ authorizations: [`Bearer ${tokenFor(body)}`], body });
    assert.deepEqual([status, answer.code], [502, "source_unavailable"]);
    assert.ok(!JSON.stringify([answer, log]).includes(SECRET));
  });

  it("has a health check, and no other path than the audience's", async () => {
    const { port } = server.address() as AddressInfo;
    const statuses = ["/healthz", "/open/", "/"].map(
      async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status,
    );
    assert.deepEqual(await Promise.all(statuses), [200, 404, 404]);
  });

  for (const hostile of cases) {
    it(`asks the service nothing for ${hostile.title}: ${hostile.status} ${hostile.code}`, async () => {
      const request = { authorizations: authorizationsOf(hostile), body: hostile.body ?? BODY };
      if (hostile.twice) assert.equal((await send(request)).status, 200);
      const { status, answer } = await send(request);
      assert.deepEqual([status, answer.code], [hostile.status, hostile.code]);
      assert.equal(seen.length, hostile.twice ? 1 : 0);
    });
  }

  it("verifies for other frameworks: once, then it throws the code to answer", async () => {
    const request = {
      method: "POST",
      path: "/open",
      headers: { "content-type": "application/json", authorization: `Bearer ${tokenFor(BODY)}` },
      body: Buffer.from(BODY),
      requestId: "1",
    };
    const { environment, request: asked } = await validator.validate(request);
    assert.deepEqual([environment, asked], ["app/staging", { city: "Oslo" }]);
    await assert.rejects(validator.validate(request), (error: unknown) => {
      assert.ok(error instanceof AdapterError);
      return error.code === "token_replayed" && error.status === 401;
    });
  });

  it("refuses options that would leave a door open, all at once", () => {
    const open = { organization: "", audience: "http://insecure.example.com/", environments: ["*/*", "app"] };
    assert.throws(
      () => new EscRequestValidator(open),
      (error: unknown) => error instanceof AdapterConfigError && error.problems.length >= 3,
    );
    assert.throws(
      () => new EscRequestValidator({ organization: "acme", audience: AUDIENCE, environments: [] }),
      /at least one/,
    );
  });
});

function authorizationsOf(hostile: HostileCase): readonly string[] {
  const claims =
    typeof hostile.claims === "function" ? hostile.claims(Math.floor(Date.now() / 1000)) : hostile.claims;
  const changed = escClaims(hostile.hashedBody ?? hostile.body ?? BODY, { aud: AUDIENCE, ...claims });
  const payload = hostile.payload ?? JSON.stringify(changed);
  const signed = forgeToken({ ...HEADER, ...hostile.header }, payload, hostile.signer ?? "issuer");
  const token = hostile.mangle?.(signed) ?? signed;
  return hostile.authorization?.(token) ?? [`Bearer ${token}`];
}
