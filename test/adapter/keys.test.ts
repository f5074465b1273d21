import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { NoticeRecord, RequestRecord } from "../../lambda/audit/record";
import { type Bearer, readBearer } from "../../lambda/auth/bearer";
import { createSignatureVerifier, type IssuerConfig } from "../../lambda/auth/signature";
import { escClaims, HEADER } from "./support/fixture";
import { forgeToken, type JwksServer, publicKey, signToken, startJwksServer } from "./support/issuer";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const token = async (kid?: string): Promise<Bearer> => {
  const options = kid === undefined ? {} : { kid, signer: "second-issuer" as const };
  return readBearer(`Bearer ${await signToken(escClaims("{}"), options)}`);
};
const forge = (...parts: Parameters<typeof forgeToken>) => readBearer(`Bearer ${forgeToken(...parts)}`);
const unknown = (kid: string) => forge({ ...HEADER, kid }, "{}", "issuer");

// Proves how the issuers' keys are found: once for all who wait, ahead of need, and never for another issuer.
describe("the issuers' keys", () => {
  const open: JwksServer[] = [];
  const start = async (issuer?: "second-issuer" | "short") => {
    const server = await startJwksServer(issuer);
    open.push(server);
    return server;
  };
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

  /** A verifier with a clock to turn. Without a server: one of these issuers. */
  function verifier(issuers: readonly IssuerConfig[]) {
    const clock = { now: Date.now() };
    const notices: (RequestRecord | NoticeRecord)[] = [];
    const options = {
      keepMilliseconds: HOUR,
      now: () => clock.now,
      log: (n: NoticeRecord | RequestRecord) => void notices.push(n),
    };
    const check = createSignatureVerifier(issuers, options);
    const verify = (bearer: Bearer) => check(bearer, (work) => work());
    return { verify, clock, notices };
  }
  const verifierFor = ({ uri }: JwksServer) => verifier([{ issuer: "https://a.example", jwksUri: uri }]);

  it("are fetched once for twenty concurrent requests and twenty after them", async () => {
    const server = await start();
    const { verify } = verifierFor(server);
    await Promise.all(Array.from({ length: 20 }, async () => verify(await token())));
    for (let i = 0; i < 20; i += 1) await verify(await token());
    assert.equal(server.fetches(), 1);
  });

  it("are fetched once for two spellings of one issuer, and speak for both", async () => {
    const server = await start();
    const { verify } = verifier([
      { issuer: "https://api.pulumi.com", jwksUri: server.uri },
      { issuer: "https://api.pulumi.com/oidc", jwksUri: server.uri },
    ]);
    const { issuers } = await verify(await token());
    assert.deepEqual(issuers, ["https://api.pulumi.com", "https://api.pulumi.com/oidc"]);
    assert.equal(server.fetches(), 1);
  });

  it("speak for their own issuer only, under the same key id too", async () => {
    const [first, second] = [await start(), await start("second-issuer")];
    const { verify } = verifier([
      { issuer: "https://first.example", jwksUri: first.uri },
      { issuer: "https://second.example", jwksUri: second.uri },
    ]);
    const signed = await verify(forge(HEADER, '{"iss":"https://first.example"}', "second-issuer"));
    assert.deepEqual(signed.issuers, ["https://second.example"]);
    await assert.rejects(verify(forge(HEADER, "{}", "stranger")), { code: "token_signature" });
  });

  it("shorter than 2048 bits are not taken", async () => {
    const { verify } = verifierFor(await start("short"));
    await assert.rejects(verify(forge(HEADER, "{}", "short")), { code: "token_key_unknown" });
  });

  it("published twice under one key id are not taken", async () => {
    const server = await start();
    const keys = [await publicKey("issuer"), await publicKey("second-issuer")];
    server.behave((response) => response.end(JSON.stringify({ keys })));
    await assert.rejects(verifierFor(server).verify(await token()), { code: "token_key_unknown" });
  });

  describe("that change", () => {
    it("are found by the first token of the new key, and the old key's tokens hold while it is published", async () => {
      const server = await start();
      const { verify } = verifierFor(server);
      await verify(await token());
      await server.publish({ "key-1": "issuer", "key-2": "second-issuer" });
      const tokens = await Promise.all([token(), token("key-2"), token("key-2"), token()]);
      await Promise.all(tokens.map(verify));
      assert.equal(server.fetches(), 2);
    });

    it("lose no request, though somebody keeps inventing key ids", async () => {
      const server = await start();
      const { verify } = verifierFor(server);
      await assert.rejects(verify(unknown("invented")), { code: "token_key_unknown" });
      await assert.rejects(verify(unknown("invented-2")), { code: "token_key_unknown" });
      await server.publish({ "key-2": "second-issuer" });
      const invented = Array.from({ length: 20 }, (_, i) => assert.rejects(verify(unknown(`x${i}`))));
      const genuine = Array.from({ length: 20 }, async () => verify(await token("key-2")));
      await Promise.all([...invented, ...genuine]);
      assert.ok(server.fetches() <= 4, `${server.fetches()} fetches`);
    });

    it("while they are being fetched are fetched once more for a token of the new key", async () => {
      const server = await start();
      const { verify } = verifierFor(server);
      let answerLate = () => {};
      const first = new Promise<void>((came) => {
        server.behave((response: ServerResponse) => {
          void publicKey().then((key) => {
            answerLate = () => response.end(JSON.stringify({ keys: [key] }));
            came();
          });
        });
      });
      const old = verify(await token());
      await first;
      await server.publish({ "key-2": "second-issuer" });
      server.behave("keys");
      const renewed = verify(await token("key-2"));
      answerLate();
      await Promise.all([old, renewed]);
      assert.equal(server.fetches(), 2);
    });

    it("no longer speak once the issuer has taken them away and the set has been fetched again", async () => {
      const server = await start();
      const { verify, clock } = verifierFor(server);
      await verify(await token());
      await server.publish({ "key-2": "second-issuer" });
      clock.now += 10 * MINUTE;
      await assert.rejects(verify(await token()), { code: "token_key_unknown" });
    });
  });

  it("are fetched anew beside a request after five minutes, so that no request waits for them", async () => {
    const server = await start();
    const { verify, clock } = verifierFor(server);
    await verify(await token());
    clock.now += 5 * MINUTE;
    server.behave("stall");
    await Promise.all([verify(await token()), verify(await token()), verify(await token())]);
    // Nothing waits for the refresh, so it may still be on its way; the test's own time-out ends a wait in vain.
    while (server.fetches() < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.fetches(), 2);
  });

  describe("whose issuer cannot be reached", () => {
    it("give keys_unavailable when there are none yet, ask once a second, and are found when it is back", async () => {
      const server = await start();
      server.behave("reset");
      const { verify, clock, notices } = verifierFor(server);
      const refused = { code: "keys_unavailable", status: 503 };
      await assert.rejects(verify(await token()), refused);
      await assert.rejects(verify(await token()), refused);
      assert.equal(server.fetches(), 1);
      server.behave("keys");
      clock.now += 1_000;
      await verify(await token());
      assert.deepEqual(
        notices.map(({ reason }) => reason),
        [`the keys at ${server.uri} could not be fetched: TypeError`],
      );
    });

    it("are kept for the configured time, said to be stale, and then no longer", async () => {
      const server = await start();
      const { verify, clock, notices } = verifierFor(server);
      assert.equal((await verify(await token())).stale, false);
      server.behave("reset");
      clock.now += 9 * MINUTE;
      assert.equal((await verify(await token())).stale, false);
      while (notices.length === 0) await delay(1);
      clock.now += MINUTE;
      assert.equal((await verify(await token())).stale, true);
      clock.now += HOUR - 1;
      assert.equal((await verify(await token())).stale, true);
      clock.now += 1;
      await assert.rejects(verify(await token()), { code: "keys_unavailable" });
      assert.deepEqual([...new Set(notices.map(({ level }) => level))], ["warn", "error"]);
      server.behave("keys");
      clock.now += 10_000;
      assert.equal((await verify(await token())).stale, false);
    });

    it("leave it open whether an unknown key id exists", async () => {
      const server = await start();
      const { verify } = verifierFor(server);
      await verify(await token());
      server.behave("reset");
      await assert.rejects(verify(unknown("new")), { code: "keys_unavailable" });
    });
  });

  const lies: readonly (readonly [what: string, behave: (response: ServerResponse) => void])[] = [
    ["an error", (r) => void r.writeHead(500).end("{}")],
    ["a page", (r) => void r.end("<html>we are sorry</html>")],
    ["nothing", (r) => void r.end()],
    ["no keys", (r) => void r.end('{"keys":[]}')],
    ["keys that are none", (r) => void r.end('{"keys":[null,1,"RSA"]}')],
    ["symmetric keys only", (r) => void r.end('{"keys":[{"kty":"oct","k":"AQAB","kid":"key-1"}]}')],
    ["a redirect", (r) => void r.writeHead(302, { location: "http://127.0.0.1:9/" }).end()],
    [
      "half of an answer",
      (r) => void r.writeHead(200, { "content-length": "1000" }).write('{"keys":[', () => r.destroy()),
    ],
    [
      "more than a key set can be",
      (r) => void r.end(JSON.stringify({ keys: [], padding: "x".repeat(300_000) })),
    ],
  ];
  for (const [what, behave] of lies) {
    it(`keep speaking when the issuer answers ${what}`, async () => {
      const server = await start();
      const { verify, clock } = verifierFor(server);
      await verify(await token());
      server.behave(behave);
      clock.now += 10 * MINUTE;
      assert.equal((await verify(await token())).stale, true);
      const fresh = verifierFor(server);
      await assert.rejects(fresh.verify(await token()), { code: "keys_unavailable" });
    });
  }

  it("that are pinned are never fetched, and no other key is taken", async () => {
    const original = globalThis.fetch;
    globalThis.fetch = () => assert.fail("something was fetched");
    try {
      const keys = [await publicKey()];
      const { verify } = verifier([
        { issuer: "https://a.example", keys },
        { issuer: "https://b.example", keys },
      ]);
      assert.deepEqual((await verify(await token())).issuers, ["https://a.example", "https://b.example"]);
      await assert.rejects(verify(await token("key-2")), { code: "token_key_unknown" });
      await assert.rejects(verify(forge(HEADER, "{}", "second-issuer")), { code: "token_signature" });
    } finally {
      globalThis.fetch = original;
    }
  });

  it("are fetched by the global fetch of the moment, which the sandbox replaces", async () => {
    const { uri } = await start();
    const { verify } = verifier([{ issuer: "https://a.example", jwksUri: "https://a.example/jwks" }]);
    const original = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      original(String(input) === "https://a.example/jwks" ? uri : input, init);
    try {
      assert.deepEqual((await verify(await token())).issuers, ["https://a.example"]);
    } finally {
      globalThis.fetch = original;
    }
  });
});
