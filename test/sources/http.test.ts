import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { AdapterErrorCode } from "../../lambda/errors";
import { describeIssues } from "../../lambda/issues";
import type { ConnectedSource } from "../../lambda/sources/define-source";
import { type HttpUpstream, http } from "../../lambda/sources/http";
import { type Aws, startAws } from "../adapter/support/aws";
import { anyCharacter } from "../support/any-character";
import { assertRefused, open, useAws } from "./support";
import { type Answer, answers, gigabyte, startUpstream, type Upstream } from "./upstream";

const SECRET = "s3cret-of-the-legacy-system";
const CREDENTIAL = "legacy-token-that-must-not-leak";

// Proves the HTTP source against a system on loopback that answers well, badly and not at all.
describe("the http source", () => {
  let upstream: Upstream;
  let aws: Aws;
  let restore: () => void;
  /** What Secrets Manager holds, by entry. */
  let entries: Record<string, string>;
  before(async () => {
    upstream = await startUpstream();
    aws = await startAws(({ input }) => {
      const SecretString = entries[String(input.SecretId)];
      return SecretString === undefined
        ? { status: 400, body: { __type: "ResourceNotFoundException" } }
        : { status: 200, body: { Name: input.SecretId, SecretString } };
    });
    restore = useAws(aws.endpoint);
  });
  beforeEach(() => {
    entries = {
      "app/text": CREDENTIAL,
      "app/json": JSON.stringify({ username: "adapter", password: CREDENTIAL, token: CREDENTIAL }),
    };
    aws.calls.length = 0;
  });
  after(async () => {
    restore();
    await Promise.all([upstream.close(), aws.close()]);
  });

  const request = { upstream: "legacy", parameters: { name: "database" } };
  const connect = (changes: Partial<HttpUpstream> = {}, cacheSeconds?: number) =>
    http.connect({
      upstreams: {
        legacy: {
          origin: upstream.origin,
          path: "/v1/secrets/{name}",
          attemptMilliseconds: 10_000,
          ...changes,
        },
      },
      ...(cacheSeconds !== undefined && { cacheSeconds }),
    });
  const ask = async (changes?: Partial<HttpUpstream>) => open(await connect(changes), request);

  it("answers what the system answers, asked on the configured path alone", async () => {
    upstream.behave(answers.json({ password: SECRET }));
    assert.deepEqual(await ask(), { value: { password: SECRET } });
    assert.deepEqual(
      upstream.seen.map(({ url, headers }) => [url, headers["accept-encoding"], headers.authorization]),
      [["/v1/secrets/database", "identity", undefined]],
    );
  });

  it("answers text as text, and of JSON only what its shape names", async () => {
    upstream.behave(answers.text("plain text"));
    assert.deepEqual(await ask({ format: "text" }), { value: "plain text" });
    upstream.behave(
      answers.json({ password: SECRET, port: 5432, debug: { token: "internal" }, tags: ["a"] }),
    );
    const response = { password: "string", port: "number?", user: "string?", tags: "array" } as const;
    assert.deepEqual(await ask({ response }), { value: { password: SECRET, port: 5432, tags: ["a"] } });
  });

  it("asks once for many in its cache's life", async () => {
    upstream.behave(answers.json(1));
    const source = await connect({}, 30);
    const other = { ...request, parameters: { name: "other" } };
    await Promise.all([request, request, other].map((each) => open(source, each)));
    await open(source, request);
    assert.equal(upstream.seen.length, 2);
  });

  describe("refuses, without a word of what it was told,", () => {
    const big = "x".repeat(2_000);
    const faults: readonly (readonly [
      what: string,
      answer: Answer,
      code: AdapterErrorCode,
      attempts: number,
      changes?: Partial<HttpUpstream>,
    ])[] = [
      ["a redirect", answers.text("", 302, { location: "http://127.0.0.1:9/" }), "source_unavailable", 1],
      ["a permanent redirect to itself", answers.text("", 308, { location: "?" }), "source_unavailable", 1],
      [
        "an answer that does not come",
        answers.stall,
        "source_timeout",
        2,
        { attempts: 2, attemptMilliseconds: 50 },
      ],
      [
        "an answer that stops half way",
        answers.halfThenStall,
        "source_timeout",
        2,
        { attempts: 2, attemptMilliseconds: 50 },
      ],
      ["an answer that is cut off", answers.truncated, "source_unavailable", 3],
      ["a connection that is cut off", answers.reset, "source_unavailable", 3],
      ["JSON that is cut off", answers.text(`{"password":"${SECRET}`), "source_not_json", 1],
      ["a page instead of JSON", answers.text(`<html>${SECRET}`), "source_not_json", 1],
      ["what is not UTF-8", answers.text(Buffer.from([0x22, 0xff, 0x22])), "source_not_text", 1],
      ["an answer that is too long", answers.text(big), "source_too_large", 1, { responseBytes: 1_999 }],
      ["too many requests", answers.json(SECRET, 429), "source_throttled", 3],
      ["a system that is down", answers.json(SECRET, 503), "source_unavailable", 3],
      ["a fault of the system", answers.json(SECRET, 500), "source_unavailable", 1],
      ["what is not there", answers.json(SECRET, 404), "source_not_found", 1],
      ["another status that says well", answers.json(SECRET, 206), "source_unavailable", 1],
      ["a refusal without a credential", answers.json(SECRET, 401), "source_denied", 1],
      [
        "what is not of its shape",
        answers.json({ password: [SECRET] }),
        "source_invalid",
        1,
        { response: { password: "string" } },
      ],
      [
        "a member that every object inherits",
        answers.json({}),
        "source_invalid",
        1,
        { response: { toString: "any" } as never },
      ],
    ];
    for (const [what, answer, code, attempts, changes] of faults) {
      it(`${what}: ${code}, after ${attempts}`, async () => {
        upstream.behave(answer);
        await assertRefused(ask(changes), code, SECRET);
        assert.equal(upstream.seen.length, attempts);
      });
    }

    it("a gigabyte, of which it reads no more than the limit and what was on its way", async () => {
      for (const headers of [{}, { "content-length": String(2 ** 30) }]) {
        let tell: (bytes: number) => void = () => {};
        const sent = new Promise<number>((resolve) => {
          tell = resolve;
        });
        upstream.behave(gigabyte(tell, headers as Record<string, string>));
        await assertRefused(ask(), "source_too_large");
        assert.ok((await sent) < 2 ** 26, `${await sent} bytes were taken`);
      }
    });

    it("megabytes that were compressed to a few kilobytes, though nobody asked for that", async () => {
      const packed = gzipSync(Buffer.alloc(2 ** 24));
      assert.ok(packed.length < 2 ** 16);
      upstream.behave(answers.text(packed, 200, { "content-encoding": "gzip" }));
      await assertRefused(ask(), "source_too_large");
    });

    it("a host that nothing answers at", async () => {
      const gone = await startUpstream();
      await gone.close();
      await assertRefused(ask({ origin: gone.origin }), "source_unavailable", gone.origin);
    });

    it("to wait for another attempt when the time is over", async () => {
      upstream.behave(answers.stall);
      const source = await connect({ attempts: 5, attemptMilliseconds: 30_000 });
      await assertRefused(open(source, request, 40), "source_timeout");
    });
  });

  it("asks again what a moment may mend", async () => {
    upstream.behave(answers.json("", 503), answers.reset, answers.json(SECRET));
    assert.deepEqual(await ask(), { value: SECRET });
    assert.equal(upstream.seen.length, 3);
  });

  describe("with a credential of its own", () => {
    const seenWith = async (credential: HttpUpstream["credential"]) => {
      upstream.behave(answers.json(1));
      await ask({ credential });
      return upstream.seen[0]?.headers;
    };

    it("sends it as bearer token, as user and password, or as it is", async () => {
      const bearer = await seenWith({ entry: "app/text" });
      assert.equal(bearer?.authorization, `Bearer ${CREDENTIAL}`);
      const basic = await seenWith({ entry: "app/json", scheme: "basic" });
      assert.equal(basic?.authorization, `Basic ${Buffer.from(`adapter:${CREDENTIAL}`).toString("base64")}`);
      const plain = await seenWith({ entry: "app/json", key: "token", scheme: "plain", header: "x-api-key" });
      assert.deepEqual([plain?.["x-api-key"], plain?.authorization], [CREDENTIAL, undefined]);
    });

    it("reads it once, and again when the system refuses it: it may have been changed", async () => {
      const source = await connect({ credential: { entry: "app/text" } });
      upstream.behave(answers.json(1));
      await open(source, request);
      await open(source, request);
      assert.equal(aws.calls.length, 1);
      entries["app/text"] = "the-new-one";
      upstream.behave((response, { headers }) =>
        answers.json(SECRET, headers.authorization === "Bearer the-new-one" ? 200 : 401)(
          response,
          undefined as never,
        ),
      );
      assert.deepEqual(await open(source, request), { value: SECRET });
      assert.deepEqual([aws.calls.length, upstream.seen.length], [2, 2]);
    });

    it("does not send one again that was refused", async () => {
      upstream.behave(answers.json(SECRET, 403));
      await assertRefused(ask({ credential: { entry: "app/text" } }), "source_denied", SECRET, CREDENTIAL);
      assert.equal(upstream.seen.length, 1);
    });

    for (const [what, value, code] of [
      ["is not there", undefined, "source_not_found"],
      ["is not JSON", CREDENTIAL, "source_not_json"],
      ["is no text", JSON.stringify({ token: [CREDENTIAL] }), "source_not_text"],
      ["would end the header", JSON.stringify({ token: `${CREDENTIAL}\r\nx: y` }), "source_denied"],
    ] as const) {
      it(`refuses one that ${what}, and says nothing of it`, async () => {
        upstream.behave(answers.json(SECRET));
        entries = value === undefined ? {} : { "app/json": value };
        const credential = { entry: "app/json", key: "token" };
        await assertRefused(ask({ credential }), code, CREDENTIAL, SECRET);
        assert.equal(upstream.seen.length, 0);
      });
    }
  });

  describe("keeps each parameter in its segment", () => {
    let source: ConnectedSource;
    before(async () => {
      source = await connect({ path: "/v1/{project}/secrets/{name}" });
      upstream.behave(answers.json(1));
    });

    async function wireOf(project: string, name: string): Promise<readonly string[]> {
      upstream.seen.length = 0;
      await open(source, { upstream: "legacy", parameters: { project, name } });
      const [only, ...more] = upstream.seen;
      assert.deepEqual(more, []);
      return (only?.url ?? "").split("/");
    }

    for (const hostile of [
      "a/b",
      "../b",
      "..\\b",
      "..%2f..%2fadmin",
      "%2e%2e",
      "%2E.",
      "a?admin=1",
      "a#b",
      "a;b=c",
      "a\r\nx-admin: 1",
      "a b",
      "a\u0000b",
      "http://evil.example/",
      "//evil.example",
      "@evil.example",
      "ü/é",
      "...",
      "*",
    ]) {
      it(`${JSON.stringify(hostile)}`, async () => {
        const segments = await wireOf("p", hostile);
        assert.equal(segments.length, 5, "it left its segment");
        assert.deepEqual(segments.slice(0, 4), ["", "v1", "p", "secrets"]);
        assert.equal(decodeURIComponent(segments[4] ?? ""), hostile);
      });
    }

    it("whatever it is, or refuses it", async () => {
      const refused = (value: string) => /^\.{0,2}$/.test(value) || /\p{Surrogate}/u.test(value);
      const parameter = fc.oneof(
        fc.string({ unit: anyCharacter, maxLength: 40 }),
        fc.string({
          unit: fc.constantFrom(".", "/", "%", "2", "f", "e", "\\", "\r", "\n", "?", "#"),
          maxLength: 12,
        }),
        fc.constantFrom("\ud800", "a\udc00"),
      );
      await fc.assert(
        fc.asyncProperty(parameter, parameter, async (project, name) => {
          if (refused(project) || refused(name)) {
            assert.throws(() => source.prepare({ upstream: "legacy", parameters: { project, name } }), {
              code: "request_invalid",
            });
            return;
          }
          const segments = (await wireOf(project, name)).map(decodeURIComponent);
          assert.deepEqual(segments, ["", "v1", project, "secrets", name]);
        }),
        { numRuns: 150 },
      );
    });

    it("and judges each under a name that no other request has", () => {
      const nameOf = (parameters: Record<string, string>) =>
        source.prepare({ upstream: "legacy", parameters }).names[0];
      assert.equal(nameOf({ project: "p", name: "n" }), "legacy/name=n/project=p");
      assert.equal(nameOf({ name: "n", project: "p" }), "legacy/name=n/project=p");
      assert.equal(nameOf({ project: "p/name=x", name: "n" }), "legacy/name=n/project=p%2Fname%3Dx");
    });

    it("and takes neither more parameters than the path has, nor fewer", async () => {
      for (const parameters of [
        {},
        { project: "p" },
        { project: "p", name: "n", admin: "1" },
        { project: "p", toString: "n" },
      ]) {
        await assertRefused(open(source, { upstream: "legacy", parameters }), "request_invalid");
      }
      await assertRefused(open(source, { upstream: "other", parameters: {} }), "request_invalid");
      // As a rule would list a parameter's value.
      assert.throws(() => source.prepare({ upstream: "legacy/name=n" }), { code: "request_invalid" });
    });
  });

  it("refuses settings that could lead elsewhere", () => {
    const upstreams = {
      a: { origin: "https://legacy.example.com/", path: "/x" },
      b: { origin: "http://legacy.example.com", path: "/x" },
      c: { origin: "https://user:pw@legacy.example.com", path: "/x" },
      d: { origin: "https://legacy.example.com", path: "/x/../{name}" },
      e: { origin: "https://legacy.example.com", path: "/x/%2e%2e/{name}" },
      f: { origin: "https://legacy.example.com", path: "//{name}" },
      g: { origin: "https://legacy.example.com", path: "/{name}.json" },
      h: { origin: "https://legacy.example.com", path: "/{name}/{name}" },
      i: { origin: "https://legacy.example.com", path: "/x?{name}" },
      j: { origin: "https://legacy.example.com", path: "/x", credential: { entry: "e", header: "host" } },
      k: { origin: "https://legacy.example.com", path: "/x", response: { a: "text" } },
      good: { origin: "https://legacy.example.com:8443", path: "/x/{name}/y" },
    };
    const parsed = http.settings.safeParse({ upstreams });
    assert.ok(!parsed.success);
    const wrong = describeIssues(parsed.error.issues, "http").map((line) => line.split(/[.:]/)[2]);
    assert.deepEqual([...new Set(wrong)], ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]);
  });
});
