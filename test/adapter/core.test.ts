import assert from "node:assert/strict";
import type { RequestRecord } from "../../lambda/audit/record";
import type { ReplayStore } from "../../lambda/auth/replay";
import {
  AUDIENCE,
  configFor,
  escClaims,
  HEADER,
  ISSUER,
  type LoggedAdapter,
  SECRET,
  startAdapter,
} from "./support/fixture";
import { forgeToken, type Json, type JwksServer, type Signer, startJwksServer } from "./support/issuer";

const ask = (name: string) => JSON.stringify({ source: "vault", name });

interface Sent {
  readonly path?: string;
  readonly claims?: Json;
  readonly signer?: Signer;
  readonly scheme?: string;
  readonly body?: string;
  readonly token?: string;
}

// Proves what is allowed, in which order the checks run, and what the log tells.
describe("the adapter's core", () => {
  let jwks: JwksServer;
  before(async () => {
    jwks = await startJwksServer();
  });
  after(() => jwks.close());

  const tokenOf = ({ body = ask("database"), claims, signer = "issuer" }: Sent) =>
    forgeToken(HEADER, JSON.stringify(escClaims(body, claims)), signer);

  async function send({ adapter }: LoggedAdapter, sent: Sent) {
    const { path = "/open", body = ask("database"), scheme = "Bearer", token = tokenOf(sent) } = sent;
    const headers = { "content-type": "application/json", authorization: `${scheme} ${token}` };
    const answer = await adapter({
      method: "POST",
      path,
      headers,
      body: Buffer.from(body),
      requestId: "r-1",
    });
    return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
  }

  describe("allows", () => {
    it("a request without source where only one is configured", async () => {
      const body = JSON.stringify({ name: "database" });
      assert.equal((await send(await startAdapter(configFor(jwks.uri)), { body })).status, 200);
    });
  });

  it("checks in the documented order: of several faults the first is told, and the source is asked last", async () => {
    const started = await startAdapter(configFor(jwks.uri));
    const used = tokenOf({});
    await send(started, { token: used });
    const long = "x".repeat(65_537);
    const foreign = {
      org: "evil",
      aud: "https://evil.example",
      body_hash: "sha256-",
      current_env: "evil/app/x",
    };
    const faults: readonly (readonly [code: string, sent: Sent])[] = [
      ["body_too_large", { path: "/x", scheme: "Basic", signer: "stranger", claims: foreign, body: long }],
      ["not_found", { path: "/x", scheme: "Basic", signer: "stranger", claims: foreign, body: "?" }],
      ["authorization_malformed", { scheme: "Basic", signer: "stranger", claims: foreign, body: "?" }],
      ["token_signature", { signer: "stranger", claims: foreign, body: "?" }],
      ["token_audience", { claims: foreign, body: "?" }],
      ["organization_denied", { claims: { ...foreign, aud: AUDIENCE }, body: "?" }],
      ["body_hash_mismatch", { claims: { body_hash: "sha256-", current_env: "app/x" }, body: "?" }],
      ["request_invalid_json", { claims: { current_env: "app/x" }, body: "?" }],
      ["access_denied", { claims: { current_env: "app/x" }, body: ask("broken-throws") }],
      ["token_replayed", { token: used }],
      ["source_unavailable", { body: ask("broken-throws") }],
    ];
    for (const [code, sent] of faults) assert.equal((await send(started, sent)).body.code, code);
  });

  it("does not use a token up when it refuses it before the replay check", async () => {
    const started = await startAdapter(configFor(jwks.uri));
    const token = tokenOf({});
    assert.equal((await send(started, { token, body: ask("x") })).body.code, "body_hash_mismatch");
    assert.equal((await send(started, { token })).status, 200);
  });

  it("refuses when the replay store cannot be reached", async () => {
    const replayStore: ReplayStore = {
      claim: () => Promise.reject(new Error(SECRET)),
      giveBack: () => assert.fail("nothing was claimed"),
    };
    const started = await startAdapter(configFor(jwks.uri), { replayStore });
    const { status, body } = await send(started, {});
    assert.deepEqual([status, body], [503, { code: "replay_unavailable", requestId: "r-1" }]);
    assert.ok(!JSON.stringify(started.records).includes(SECRET));
  });

  it("refuses when the issuer's keys cannot be reached", async () => {
    const gone = await startJwksServer();
    await gone.close();
    const { status, body } = await send(await startAdapter(configFor(gone.uri)), {});
    assert.deepEqual([status, body.code], [503, "keys_unavailable"]);
  });

  it("logs one record a request: who asked for what, and the outcome", async () => {
    const started = await startAdapter(configFor(jwks.uri));
    await send(started, { claims: { jti: "id-1", current_env: "acme/app/staging@live" } });
    await send(started, { claims: { jti: "id-2" }, body: ask("prod-database") });
    const [answered, refused, ...more] = started.records as RequestRecord[];
    assert.equal(more.length, 0);
    const { durationMilliseconds, tokenHash, ...rest } = answered as RequestRecord;
    assert.equal(typeof durationMilliseconds, "number");
    assert.match(tokenHash ?? "", /^[\w-]{43}$/);
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), {
      level: "info",
      message: "answered",
      requestId: "r-1",
      status: 200,
      cold: true,
      issuer: ISSUER,
      organization: "acme",
      environment: "app/staging",
      rootEnvironment: "app/staging",
      triggerUser: "alice",
      action: "open",
      source: "vault",
      names: ["database"],
    });
    assert.equal(refused?.cold, false);
    assert.equal(refused?.code, "access_denied");
    assert.equal(refused?.reason, "no access rule allows this");
    assert.deepEqual(refused?.names, ["prod-database"]);
  });

  it("logs no identity from a token whose signature does not hold", async () => {
    const started = await startAdapter(configFor(jwks.uri));
    await send(started, { signer: "stranger", claims: { trigger_user: "mallory", org: "evil" } });
    assert.ok(!/mallory|evil|alice|acme/.test(JSON.stringify(started.records)));
  });

  it("logs the issuer it saw when that is not configured: it is how one finds out what to configure", async () => {
    const started = await startAdapter(configFor(jwks.uri));
    await send(started, { claims: { iss: "https://api.pulumi.com" } });
    const [record] = started.records;
    assert.match(record?.reason ?? "", /"https:\/\/api\.pulumi\.com" is not configured/);
  });
});
