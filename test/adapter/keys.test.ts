import assert from "node:assert/strict";
import { type Bearer, readBearer } from "../../lambda/auth/bearer";
import { createSignatureVerifier } from "../../lambda/auth/signature";
import { escClaims, HEADER } from "./support/fixture";
import { forgeToken, type JwksServer, signToken, startJwksServer } from "./support/issuer";

// Proves how the issuers' keys are found: fetched once, through the global fetch, and never for another issuer.
describe("the issuers' keys", () => {
  const open: JwksServer[] = [];
  const start = async (issuer?: "second-issuer" | "short") => {
    const server = await startJwksServer(issuer);
    open.push(server);
    return server;
  };
  const token = async (): Promise<Bearer> => readBearer(`Bearer ${await signToken(escClaims("{}"))}`);
  const forge = (...parts: Parameters<typeof forgeToken>) => readBearer(`Bearer ${forgeToken(...parts)}`);
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

  it("are fetched once for twenty concurrent requests and twenty after them", async () => {
    const { uri, fetches } = await start();
    const verify = createSignatureVerifier([{ issuer: "https://a.example", jwksUri: uri }]);
    await Promise.all(Array.from({ length: 20 }, async () => verify(await token())));
    for (let i = 0; i < 20; i += 1) await verify(await token());
    assert.equal(fetches(), 1);
  });

  it("are not fetched again for each unknown key id", async () => {
    const { uri, fetches } = await start();
    const verify = createSignatureVerifier([{ issuer: "https://a.example", jwksUri: uri }]);
    await verify(await token());
    for (const kid of ["a", "b", "c"]) {
      await assert.rejects(verify(forge({ ...HEADER, kid }, "{}", "issuer")), {
        code: "token_key_unknown",
      });
    }
    assert.equal(fetches(), 1);
  });

  it("are fetched once for two spellings of one issuer, and speak for both", async () => {
    const { uri, fetches } = await start();
    const verify = createSignatureVerifier([
      { issuer: "https://api.pulumi.com", jwksUri: uri },
      { issuer: "https://api.pulumi.com/oidc", jwksUri: uri },
    ]);
    const { issuers } = await verify(await token());
    assert.deepEqual(issuers, ["https://api.pulumi.com", "https://api.pulumi.com/oidc"]);
    assert.equal(fetches(), 1);
  });

  it("speak for their own issuer only, under the same key id too", async () => {
    const [first, second] = [await start(), await start("second-issuer")];
    const verify = createSignatureVerifier([
      { issuer: "https://first.example", jwksUri: first.uri },
      { issuer: "https://second.example", jwksUri: second.uri },
    ]);
    const signed = await verify(forge(HEADER, '{"iss":"https://first.example"}', "second-issuer"));
    assert.deepEqual(signed.issuers, ["https://second.example"]);
    const stranger = forge(HEADER, "{}", "stranger");
    await assert.rejects(verify(stranger), { code: "token_signature" });
  });

  it("shorter than 2048 bits are not taken", async () => {
    const { uri } = await start("short");
    const verify = createSignatureVerifier([{ issuer: "https://a.example", jwksUri: uri }]);
    await assert.rejects(verify(forge(HEADER, "{}", "short")), { code: "token_key_unknown" });
  });

  it("out of reach give keys_unavailable, and are found when they are back", async () => {
    const { uri, close } = await startJwksServer();
    await close();
    const verify = createSignatureVerifier([{ issuer: "https://a.example", jwksUri: uri }]);
    await assert.rejects(verify(await token()), { code: "keys_unavailable", status: 503 });
    const original = globalThis.fetch;
    const { uri: elsewhere } = await start();
    try {
      // The sandbox maps the real issuer to loopback in this way, so the global must be looked up at each call.
      globalThis.fetch = (input, init) => original(String(input) === uri ? elsewhere : input, init);
      assert.deepEqual((await verify(await token())).issuers, ["https://a.example"]);
    } finally {
      globalThis.fetch = original;
    }
  });
});
