import assert from "node:assert/strict";
import { allowedCases } from "./hostile/allowed";
import { BODY, type HostileCase } from "./hostile/case";
import { hostileCases } from "./hostile/index";
import { AUDIENCE, configFor, escClaims, HEADER, SECRET, startAdapter } from "./support/fixture";
import { forgeToken, type JwksServer, signToken, startJwksServer } from "./support/issuer";
import { type Shape, shapes, type WireRequest, type WireResponse } from "./support/shapes";

interface Way {
  readonly name: string;
  readonly wire: Awaited<ReturnType<Shape["open"]>>;
  readonly records: readonly unknown[];
}

interface Sent {
  readonly name: string;
  readonly token: string;
  readonly request: WireRequest;
  readonly response: WireResponse;
}

async function send({ name, wire }: Way, hostile: HostileCase): Promise<Sent> {
  const { request, token } = prepare(hostile);
  if (hostile.twice) assert.equal((await wire.send(request)).status, 200);
  return { name, token, request, response: await wire.send(request) };
}

// Proves that each hostile request is refused with its own status and code in every shape in which a request
// can arrive, and that neither the answer nor the log holds the token, the body or the secret.
describe("the adapter against hostile requests", () => {
  let jwks: JwksServer;
  let ways: readonly Way[];
  /** All at once: a token with an unknown key id waits up to a second for a look at the issuer's keys. */
  const sent = new Map<HostileCase, Promise<readonly Sent[]>>();
  before(async () => {
    jwks = await startJwksServer();
    ways = await Promise.all(
      shapes.map(async ({ name, open }) => {
        const { adapter, records } = await startAdapter(configFor(jwks.uri));
        return { name, records, wire: await open(adapter) };
      }),
    );
    for (const hostile of hostileCases) {
      sent.set(hostile, Promise.all(ways.map((way) => send(way, hostile))));
    }
  });
  after(async () => {
    await Promise.all([...ways.map(({ wire }) => wire.close()), jwks.close()]);
  });

  it("has at least a hundred and fifty of them, each with its own title", () => {
    assert.ok(hostileCases.length >= 150, `${hostileCases.length}`);
    assert.equal(new Set(hostileCases.map(({ title }) => title)).size, hostileCases.length);
  });

  it("answers the valid request that all others are changes of, in every shape", async () => {
    for (const { name, wire, records } of ways) {
      const { request, token } = prepare({ title: "control", status: 200, code: "internal" });
      const { status, text } = await wire.send(request);
      assert.deepEqual(
        { name, status, answer: JSON.parse(text) },
        { name, status: 200, answer: { value: SECRET } },
      );
      assertNothingLeaks({ token, request, seen: JSON.stringify(records.slice(-1)) });
    }
  });

  it("answers a token that jose signed, in every shape", async () => {
    for (const { name, wire } of ways) {
      const { request } = prepare({ title: "control", status: 200, code: "internal" });
      const authorization = `Bearer ${await signToken(escClaims(BODY))}`;
      const headers = [
        ["content-type", "application/json; charset=utf-8"],
        ["authorization", authorization],
      ] as const;
      const { status } = await wire.send({ ...request, headers });
      assert.deepEqual({ name, status }, { name, status: 200 });
    }
  });

  for (const [what, made] of allowedCases) {
    it(`answers ${what}, in every shape`, async () => {
      for (const { name: shape, wire } of ways) {
        const now = Math.floor(Date.now() / 1000);
        const { ask: name = "database", ...claims } = typeof made === "function" ? made(now) : made;
        const body = JSON.stringify({ source: "vault", name });
        const { request } = prepare({ title: what, status: 200, code: "internal", claims, body });
        const { status, text } = await wire.send(request);
        const answer = JSON.stringify({ value: SECRET });
        assert.deepEqual({ shape, status, text }, { shape, status: 200, text: answer });
      }
    });
  }

  for (const hostile of hostileCases) {
    it(`refuses ${hostile.title}: ${hostile.status} ${hostile.code}`, async () => {
      for (const { name, token, request, response } of (await sent.get(hostile)) ?? assert.fail()) {
        assertRefused(name, response, hostile);
        assertNothingLeaks({ token, request, seen: JSON.stringify(response) });
      }
    });
  }

  it("logs nothing of any of them: no token, no body, no secret", async () => {
    const logs = new Map(ways.map(({ name, records }) => [name, JSON.stringify(records)]));
    for (const all of await Promise.all(sent.values())) {
      for (const { name, token, request } of all) {
        assertNothingLeaks({ token, request, seen: logs.get(name) ?? assert.fail() });
      }
    }
  });
});

function prepare(hostile: HostileCase): { readonly request: WireRequest; readonly token: string } {
  const body = Buffer.from(hostile.body ?? BODY);
  const now = Math.floor(Date.now() / 1000);
  const changes = typeof hostile.claims === "function" ? hostile.claims(now) : hostile.claims;
  const claims = escClaims(hostile.hashedBody ?? body, { aud: AUDIENCE, ...changes });
  const payload = hostile.payload ?? JSON.stringify(claims);
  const signed = forgeToken({ ...HEADER, ...hostile.header }, payload, hostile.signer ?? "issuer");
  const token = hostile.mangle?.(signed) ?? signed;
  const authorizations = hostile.authorization?.(token) ?? [`Bearer ${token}`];
  const contentType = hostile.contentType === undefined ? "application/json" : hostile.contentType;
  return {
    token,
    request: {
      method: hostile.method ?? "POST",
      path: hostile.path ?? "/open",
      headers: [
        ...(contentType === null ? [] : [["content-type", contentType] as const]),
        ...authorizations.map((value) => ["authorization", value] as const),
      ],
      body,
    },
  };
}

function assertRefused(
  name: string,
  { status, headers, text }: WireResponse,
  { status: expected, code }: HostileCase,
): void {
  const answer = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual({ name, status, code: answer.code }, { name, status: expected, code });
  assert.deepEqual(Object.keys(answer), ["code", "requestId"]);
  assert.equal(typeof answer.requestId, "string");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["cache-control"], "no-store");
}

/** Each segment of the token for itself: a header or a signature alone would be a leak, too. */
function assertNothingLeaks(all: {
  readonly token: string;
  readonly request: WireRequest;
  readonly seen: string;
}): void {
  const segments = all.token.split(".").filter((segment) => segment.length > 16);
  const body = Buffer.from(all.request.body).toString();
  for (const hidden of [
    SECRET,
    ...segments,
    // A body such as `null` is part of many a record that does not hold it.
    ...(body.length > 16 ? [body, JSON.stringify(body).slice(1, -1)] : []),
  ]) {
    assert.ok(!all.seen.includes(hidden), "a token, a body or the secret was seen outside");
  }
}
