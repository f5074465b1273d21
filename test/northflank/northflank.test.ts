import assert from "node:assert/strict";
import { Ajv } from "ajv";
import fc from "fast-check";
import type { RequestRecord } from "../../lambda/audit/record";
import { AdapterConfigError } from "../../lambda/errors";
import type { NorthflankConfig, NorthflankSecret } from "../../lambda/northflank/config";
import { configFor, SECRET } from "../adapter/support/fixture";
import { type JwksServer, startJwksServer } from "../adapter/support/issuer";
import { type Shape, shapes, type WireRequest, type WireResponse } from "../adapter/support/shapes";
import { type HostileNorthflank, hostileNorthflank } from "./hostile";
import { responseSchema } from "./response-schema";
import {
  Entry,
  northflank,
  northflankClaims,
  northflankToken,
  PATH,
  SECRETS,
  SHARED_SECRET,
  startNorthflank,
} from "./support";

const isResponse = new Ajv().compile(responseSchema);
const DAY = 86_400_000;

function requestOf(hostile: Partial<HostileNorthflank> = {}): { request: WireRequest; token: string } {
  const token = (hostile.token ?? (() => northflankToken()))();
  const authorizations = hostile.authorization?.(token) ?? [`Bearer ${token}`];
  const method = hostile.method ?? "GET";
  return {
    token,
    request: {
      method,
      path: hostile.path ?? PATH,
      headers: [
        ...(method === "POST" ? [["content-type", "application/json"] as const] : []),
        ...authorizations.map((value) => ["authorization", value] as const),
      ],
      body: Buffer.from(hostile.body ?? ""),
    },
  };
}

function assertNothingLeaks(seen: string, token: string): void {
  const segments = token.split(".").filter((segment) => segment.length > 16);
  for (const hidden of [SECRET, SHARED_SECRET, ...segments]) {
    assert.ok(!seen.includes(hidden), "a token, a value or the shared secret was seen outside");
  }
}

// Proves who is answered on Northflank's route, with what, and who is not.
describe("Northflank's door", () => {
  let jwks: JwksServer;
  before(async () => {
    jwks = await startJwksServer();
  });
  after(() => jwks.close());

  const start = (options?: Parameters<typeof startNorthflank>[1]) => startNorthflank(jwks.uri, options);
  const withRules = (rules: NorthflankConfig["rules"]) => ({ northflank: { ...northflank, rules } });

  async function ask(
    { adapter }: Awaited<ReturnType<typeof start>>,
    token = northflankToken(),
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const { status, body } = await adapter({
      method: "GET",
      path: PATH,
      headers: { authorization: `Bearer ${token}` },
      body: Buffer.alloc(0),
      requestId: "r-1",
    });
    return { status, body: JSON.parse(body) as Record<string, unknown> };
  }

  describe("in every shape in which a request can arrive", () => {
    interface Way {
      readonly name: string;
      readonly wire: Awaited<ReturnType<Shape["open"]>>;
      readonly records: readonly unknown[];
    }
    let ways: readonly Way[];
    const sent = new Map<
      HostileNorthflank,
      Promise<readonly { name: string; token: string; response: WireResponse }[]>
    >();
    before(async () => {
      ways = await Promise.all(
        shapes.map(async ({ name, open }) => {
          const { adapter, records } = await start();
          return { name, records, wire: await open(adapter) };
        }),
      );
      // All at once: a signature that does not hold waits up to a second for a look at the shared secret.
      for (const hostile of hostileNorthflank) {
        const { request, token } = requestOf(hostile);
        sent.set(
          hostile,
          Promise.all(
            ways.map(async ({ name, wire }) => ({ name, token, response: await wire.send(request) })),
          ),
        );
      }
    });
    after(() => Promise.all(ways.map(({ wire }) => wire.close())));

    it("answers a workload that a rule means, with what the schema of its protocol says", async () => {
      for (const { name, wire, records } of ways) {
        const { request, token } = requestOf();
        const { status, headers, text } = await wire.send(request);
        assert.deepEqual([name, status, headers["cache-control"]], [name, 200, "no-store"]);
        const answer = JSON.parse(text);
        assert.ok(isResponse(answer), JSON.stringify(isResponse.errors));
        assert.deepEqual(
          answer.secrets,
          SECRETS.map(({ source, request, ...told }) =>
            told.type === "ENV" ? { ...told, value: SECRET } : { ...told, data: SECRET },
          ),
        );
        assertNothingLeaks(JSON.stringify(records), token);
      }
    });

    for (const hostile of hostileNorthflank) {
      it(`refuses ${hostile.title}: ${hostile.status} ${hostile.code}`, async () => {
        for (const { name, token, response } of (await sent.get(hostile)) ?? assert.fail()) {
          const answer = JSON.parse(response.text) as Record<string, unknown>;
          assert.deepEqual(
            [name, response.status, answer.code, Object.keys(answer)],
            [name, hostile.status, hostile.code, ["code", "requestId"]],
          );
          assertNothingLeaks(JSON.stringify(response), token);
        }
      });
    }

    it("logs nothing of any of them: no token, no shared secret, no value", async () => {
      const logs = new Map(ways.map(({ name, records }) => [name, JSON.stringify(records)]));
      for (const all of await Promise.all(sent.values())) {
        for (const { name, token } of all) assertNothingLeaks(logs.get(name) ?? assert.fail(), token);
      }
    });

    it("has at least seventy of them, each with its own title", () => {
      assert.ok(hostileNorthflank.length >= 70, `${hostileNorthflank.length}`);
      assert.equal(new Set(hostileNorthflank.map(({ title }) => title)).size, hostileNorthflank.length);
    });
  });

  it("logs who asked for what, once the token has been verified", async () => {
    const started = await start();
    await ask(started);
    await ask(started, northflankToken(northflankClaims({ projectId: "other" })));
    await ask(started, northflankToken(northflankClaims(), { secret: "x".repeat(32) }));
    const [answered, denied, forged] = (started.records as RequestRecord[]).map((record) => {
      const { project, object, objectType, action, names, code, environment } = record;
      return JSON.parse(JSON.stringify({ project, object, objectType, action, names, code, environment }));
    });
    const workload = { object: "api-web", objectType: "service" };
    assert.deepEqual(answered, { ...workload, project: "shop", action: "inject", names: ["vault:database"] });
    assert.deepEqual(denied, { ...workload, project: "other", code: "access_denied" });
    assert.deepEqual(forged, { code: "token_signature" });
    assert.match((started.records[0] as RequestRecord).tokenHash ?? "", /^[\w-]{43}$/);
  });

  describe("its rules", () => {
    const env = (key: string, name = "database"): NorthflankSecret => ({
      type: "ENV",
      key,
      source: "vault",
      request: { name },
    });

    it("give a workload all that they list for it, and of the same variable the last one's", async () => {
      const started = await start({
        config: withRules([
          { project: "shop", object: "*", secrets: [env("A"), env("B")] },
          { project: "shop", object: "api-web", secrets: [env("C"), { ...env("A"), select: ["value"] }] },
          { project: "shop", object: "api-web", objectTypes: ["job"], secrets: [env("D")] },
        ]),
      });
      const { body } = await ask(started);
      assert.deepEqual(
        (body.secrets as { key: string }[]).map(({ key }) => key),
        ["B", "C", "A"],
      );
    });

    it("may let a workload pass with nothing, in any project", async () => {
      const started = await start({ config: withRules([{ project: "*", object: "*", secrets: [] }]) });
      const anyone = northflankToken(northflankClaims({ projectId: "whatever" }));
      assert.deepEqual(await ask(started, anyone), { status: 200, body: { secrets: [] } });
    });

    it("are refused at start when a request does not fit its source", async () => {
      const rules = [
        { project: "shop", object: "a", secrets: [env("A"), { ...env("B"), request: { nam: "x" } }] },
      ];
      await assert.rejects(start({ config: withRules(rules) }), (error) => {
        assert.ok(error instanceof AdapterConfigError);
        assert.match(
          error.message,
          /config\.northflank\.rules\[0\]\.secrets\[1\]\.request: .*request\.nam: is not known/,
        );
        return true;
      });
    });

    it("are refused when they contradict themselves or their protocol, all at once", async () => {
      const file = (changes: object) => ({
        type: "FILE",
        path: "/a",
        source: "vault",
        request: {},
        ...changes,
      });
      const rules = [
        { project: "*", object: "a", secrets: [env("A")] },
        {
          project: "a*b*c",
          object: "a",
          secrets: [env("A"), env("A"), env("1A"), { ...env("B"), source: "safe" }],
        },
        {
          project: "shop",
          object: "a",
          secrets: [
            file({ path: "a" }),
            file({ path: "/a/../b" }),
            file({ permissions: { policy: "AlwaysSet", mode: "0888" } }),
            file({ path: "/c", permissions: { policy: "AlwaysSet", mode: 640 } }),
            file({ path: "/d", owner: { policy: "AlwaysSetExplicit" } }),
            file({ path: "/e", owner: { policy: "AlwaysSetInherited", value: "root" } }),
            file({ path: "/f", encoding: "hex" }),
          ],
        },
      ];
      const config = {
        northflank: { ...northflank, path: "/open", sharedSecret: { entry: "", overlapSeconds: -1 }, rules },
      };
      await assert.rejects(start({ config: config as never }), (error) => {
        assert.ok(error instanceof AdapterConfigError);
        assert.deepEqual([...error.problems].sort(), [
          "config.northflank.path: is taken by a route or the health check",
          "config.northflank.rules[0].project: must not be open in a rule that gives something",
          "config.northflank.rules[1].project: has more than one * in a segment",
          "config.northflank.rules[1].secrets[1]: is given twice",
          "config.northflank.rules[1].secrets[2].key: must be the name of a variable",
          "config.northflank.rules[1].secrets[3].source: safe is not configured under config.sources",
          "config.northflank.rules[2].secrets[0].path: must be an absolute path without . and ..",
          "config.northflank.rules[2].secrets[1].path: must be an absolute path without . and ..",
          "config.northflank.rules[2].secrets[2].permissions.mode: must be three or four octal digits",
          "config.northflank.rules[2].secrets[3].permissions.mode: must be at most 511 as a number: write octal as text",
          "config.northflank.rules[2].secrets[4].owner.value: must be string",
          "config.northflank.rules[2].secrets[5].owner.value: is not known",
          "config.northflank.rules[2].secrets[6].encoding: must be utf-8 or base64",
          "config.northflank.sharedSecret.entry: must not be empty",
          "config.northflank.sharedSecret.overlapSeconds: must be at least 0",
        ]);
        return true;
      });
    });

    it("are answered by the schema of the protocol, whatever they list", async () => {
      const owner = fc.oneof(
        fc.record({
          policy: fc.constantFrom("AlwaysSetExplicit" as const, "KeepOrSetExplicit" as const),
          value: fc.constantFrom("root", "1000", "app.user"),
        }),
        fc.record({ policy: fc.constantFrom("AlwaysSetInherited" as const, "KeepOrSetInherited" as const) }),
      );
      const secret = fc.oneof(
        fc.record({ type: fc.constant("ENV" as const), key: fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}$/) }),
        fc.record(
          {
            type: fc.constant("FILE" as const),
            path: fc.stringMatching(/^(\/[a-z0-9-]{1,8}){1,3}$/),
            encoding: fc.constant("utf-8" as const),
            owner,
            group: owner,
            permissions: fc.record({
              policy: fc.constantFrom("AlwaysSet" as const, "KeepOrSet" as const),
              mode: fc.oneof(fc.stringMatching(/^[0-7]{3,4}$/), fc.integer({ min: 0, max: 0o777 })),
            }),
          },
          { requiredKeys: ["type", "path"] },
        ),
      );
      const idOf = (each: { type: string; key?: string; path?: string }) =>
        `${each.type}${each.key ?? each.path}`;
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(secret, { selector: idOf, maxLength: 6 }), async (told) => {
          const secrets = told.map((each) => ({ ...each, source: "vault", request: { name: "database" } }));
          const started = await start({ config: withRules([{ project: "shop", object: "*", secrets }]) });
          const { status, body } = await ask(started);
          assert.deepEqual([status, isResponse(body)], [200, true], JSON.stringify(isResponse.errors));
          assert.equal((body.secrets as unknown[]).length, told.length);
        }),
        { numRuns: 40 },
      );
    });
  });

  describe("its shared secret", () => {
    it("is refused at start when it is shorter than 32 bytes or has a line end, and the text is not told", async () => {
      for (const [text, why] of [
        ["x".repeat(31), "is shorter than 32 bytes"],
        ["", "is shorter than 32 bytes"],
        [`${SHARED_SECRET}\n`, "has white space around it"],
      ] as const) {
        await assert.rejects(start({ entry: new Entry(text) }), (error) => {
          assert.ok(error instanceof AdapterConfigError);
          assert.deepEqual(error.problems, [`config.northflank.sharedSecret: the current value ${why}`]);
          return true;
        });
      }
      // In bytes, not in characters.
      await start({ entry: new Entry("ü".repeat(16)) });
    });

    it("may be put in after the start: until then the door is shut, and nothing else is", async () => {
      let ahead = 0;
      const entry = new Entry();
      entry.versions = undefined;
      const started = await start({ entry, now: () => Date.now() + ahead });
      const { status, body } = await ask(started);
      assert.deepEqual([status, body.code], [503, "not_configured"]);
      entry.put(SHARED_SECRET, Date.now());
      ahead = 3_000;
      assert.equal((await ask(started)).status, 200);
    });

    it("is read again while it is used, and the last one kept for an hour when it cannot be", async () => {
      let ahead = 0;
      const entry = new Entry();
      const started = await start({ entry, now: () => Date.now() + ahead });
      const token = () => northflankToken(northflankClaims({ iat: Math.floor((Date.now() + ahead) / 1000) }));
      await ask(started, token());
      assert.equal(entry.reads, 1);
      ahead = 61_000;
      await ask(started, token());
      assert.equal(entry.reads, 2);
      entry.versions = undefined;
      ahead = 3_500_000;
      assert.equal((await ask(started, token())).status, 200);
      ahead = 5_000_000;
      assert.equal((await ask(started, token())).status, 503);
      assert.match(JSON.stringify(started.records), /could not be read: ResourceNotFoundException/);
    });

    it("is changed without a refused request, whenever each side learns of it", async () => {
      const hours = (most: number) =>
        fc.integer({ min: 0, max: most * 3_600 }).map((seconds) => seconds * 1000);
      await fc.assert(
        fc.asyncProperty(
          // When Northflank is told after the change; when two instances of the adapter start before it.
          fc.record({ told: hours(23), starts: fc.tuple(hours(2), hours(2)) }),
          // When tokens are made, and how much later they are used.
          fc.array(fc.record({ made: hours(46), used: hours(24) }), { minLength: 1, maxLength: 12 }),
          async ({ told, starts }, uses) => {
            const change = 1_800_000_000_000;
            const [next, entry] = ["n".repeat(32), new Entry()];
            let now = 0;
            const instances: Awaited<ReturnType<typeof start>>[] = [];
            for (const before of starts) {
              now = change - before;
              instances.push(await start({ entry, now: () => now }));
            }
            now = change;
            entry.put(next, change);
            const times = uses
              .map(({ made, used }) => ({ made: change - DAY + made, at: change - DAY + made + used }))
              .filter(({ at }) => at >= change)
              .sort((a, b) => a.at - b.at);
            for (const { made, at } of times) {
              now = at;
              const iat = Math.floor(made / 1000);
              const secret = made < change + told ? SHARED_SECRET : next;
              const token = northflankToken(northflankClaims({ iat, exp: iat + 86_400 }), { secret });
              for (const instance of instances) assert.equal((await ask(instance, token)).status, 200);
            }
          },
        ),
        { numRuns: 25 },
      );
    });

    it("is refused in its previous form when the overlap is over", async () => {
      let now = 1_800_000_000_000;
      const entry = new Entry();
      const started = await start({
        entry,
        now: () => now,
        config: { northflank: { ...northflank, sharedSecret: { entry: "e", overlapSeconds: 3_600 } } },
      });
      entry.put("n".repeat(32), now);
      const old = () => {
        const iat = Math.floor(now / 1000);
        return northflankToken(northflankClaims({ iat, exp: iat + 600 }));
      };
      now += 3_599_000;
      assert.equal((await ask(started, old())).status, 200);
      now += 1_000;
      assert.deepEqual((await ask(started, old())).body.code, "token_signature");
    });

    it("is found at once when it is new, though somebody keeps sending forged tokens", async () => {
      const entry = new Entry();
      const started = await start({ entry });
      const forged = northflankToken(undefined, { secret: "f".repeat(32) });
      assert.equal((await ask(started, forged)).status, 401);
      entry.put("n".repeat(32), Date.now());
      const flood = Array.from({ length: 50 }, () => ask(started, forged));
      const genuine = await ask(started, northflankToken(undefined, { secret: "n".repeat(32) }));
      assert.equal(genuine.status, 200);
      assert.ok((await Promise.all(flood)).every(({ status }) => status === 401));
      assert.ok(entry.reads <= 4, `${entry.reads} readings`);
    });

    it("that is too short later is not used, and told once", async () => {
      let ahead = 0;
      const entry = new Entry();
      const started = await start({ entry, now: () => Date.now() + ahead });
      entry.put("short", Date.now());
      ahead = 400_000;
      assert.equal((await ask(started)).status, 200);
      ahead = 800_000;
      assert.equal((await ask(started)).status, 200);
      const told = started.records.filter(({ reason }) =>
        /current shared secret.*shorter than 32/.test(reason ?? ""),
      );
      assert.equal(told.length, 1);
      assert.equal((await ask(started, northflankToken(undefined, { secret: "short" }))).status, 401);
    });
  });

  it("is not there unless it is configured", async () => {
    const started = await start({ config: { northflank: undefined } });
    assert.deepEqual((await ask(started)).body.code, "not_found");
  });

  it("does not stand beside a route that rotates", async () => {
    const config = {
      ...configFor(jwks.uri),
      routes: [{ path: "/rotate", action: "rotate" as const, audience: "https://a.example/rotate" }],
    };
    await assert.rejects(start({ config }), /config\.northflank: is for a configuration whose routes open/);
  });
});
