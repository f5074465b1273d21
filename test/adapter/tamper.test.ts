import assert from "node:assert/strict";
import fc from "fast-check";
import type { Adapter } from "../../lambda/http";
import { soak } from "../support/soak";
import { configFor, escClaims, startAdapter } from "./support/fixture";
import { type JwksServer, signToken, startJwksServer } from "./support/issuer";

const BODY = Buffer.from(JSON.stringify({ source: "vault", name: "database" }));

/** One byte replaced, put in or taken out. */
interface Change {
  readonly kind: "replace" | "insert" | "remove";
  readonly at: number;
  readonly byte: number;
}

const change = (byte: fc.Arbitrary<number>): fc.Arbitrary<Change> =>
  fc.record({ kind: fc.constantFrom("replace", "insert", "remove"), at: fc.nat(), byte });

function apply(bytes: Uint8Array, { kind, at, byte }: Change): Buffer {
  const where = at % bytes.length;
  const rest = bytes.subarray(kind === "insert" ? where : where + 1);
  return Buffer.concat([
    bytes.subarray(0, where),
    kind === "remove" ? Buffer.alloc(0) : Buffer.of(byte),
    rest,
  ]);
}

/** Of the token and of the body together: 2,000, in `npm run soak` 10,000. */
const CHANGES = soak ? 10_000 : 2_000;

// Proves that a valid token and its body are valid as a whole or not at all: single-byte changes of each.
// The tokens live on, so what refuses them is the signature or the hash and never the clock.
describe("a valid request with one byte changed", () => {
  let jwks: JwksServer;
  let adapter: Adapter;
  let token: string;
  before(async () => {
    jwks = await startJwksServer();
    ({ adapter } = await startAdapter(configFor(jwks.uri)));
    token = await signToken(escClaims(BODY));
  });
  after(() => jwks.close());

  const send = (bearer: string, body: Uint8Array) =>
    adapter({
      method: "POST",
      path: "/open",
      headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
      body,
      requestId: "request-1",
    });
  const settings = { numRuns: CHANGES / 2, seed: 20261120 };

  it("is refused when the byte is in the token", async () => {
    const original = Buffer.from(token);
    // What a header can carry; half of it stays within base64url, where a change is hardest to notice.
    const byte = fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.constantFrom(...Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")),
    );
    await fc.assert(
      fc.asyncProperty(change(byte), async (made) => {
        const changed = apply(original, made);
        fc.pre(!changed.equals(original));
        const { status } = await send(changed.toString("latin1"), BODY);
        assert.equal(status, 401);
      }),
      settings,
    );
  });

  it("is refused when the byte is in the body", async () => {
    await fc.assert(
      fc.asyncProperty(change(fc.integer({ min: 0, max: 255 })), async (made) => {
        const changed = apply(BODY, made);
        fc.pre(!changed.equals(BODY));
        const { status, body } = await send(token, changed);
        assert.deepEqual([status, JSON.parse(body).code], [401, "body_hash_mismatch"]);
      }),
      settings,
    );
  });

  it("is answered when the byte is put back", async () => {
    assert.equal((await send(token, BODY)).status, 200);
  });
});
