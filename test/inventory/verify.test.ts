import assert from "node:assert/strict";
import path from "node:path";
import type { EnvironmentVersion } from "../../cli/environment-name";
import { type EscClient, EscClientError } from "../../cli/esc-client";
import { loadInventory } from "../../cli/inventory-file";
import { type VerifyOptions, verifyAll } from "../../cli/verify";
import { annotateVerify, renderVerify, summarizeVerify } from "../../cli/verify-report";
import { defineInventory } from "../../esc/inventory/define";
import type { SecretItem } from "../../esc/inventory/item";
import type { EscProperties } from "../../esc/inventory/verify/opened";

const inventory = defineInventory({
  title: "Secrets",
  stages: ["staging", "prod"],
  items: [
    {
      name: "key",
      description: "Key",
      kind: "secret",
      livesIn: "aws-secrets",
      stages: ["staging", "prod"],
      values: [{ jsonKey: "key", form: "random-key", variable: "KEY" }],
      owner: "team",
      obtain: "Ask the <team> | or not",
      rotateWithinDays: 30,
      consumers: ["API"],
    },
  ],
});
const NOW = Date.parse("2026-11-20T12:00:00Z");
const key = "Q7ZT3KDM5WNBX2YPJ4HC6R8VFGS9";
const yaml = "values:\n  environmentVariables:\n    KEY: ${secrets.key.key}\n";
const target = (name: string): EnvironmentVersion => ({
  organization: "acme",
  project: "shop",
  name,
  version: undefined,
});

/** What an environment shows of the key, and when it says that it was renewed. */
const shows = (value: string, rotatedAt = "2026-11-01"): EscProperties => ({
  environmentVariables: { value: { KEY: { value, secret: true } } },
  secrets: { value: { key: { value: { rotatedAt: { value: rotatedAt, secret: true } } } } },
});

/** An ESC in which everything is well, but for what is given. */
function client(wrong: Partial<EscClient> = {}): EscClient & { readonly tags: Map<string, number> } {
  const tags = new Map<string, number>();
  return {
    tags,
    revisionOf: async ({ name }, tag) => (tag === "latest" ? 3 : tags.get(name)),
    open: async ({ name }) => shows(`${key}-of-${name}`),
    definition: async () => ({ yaml, etag: undefined }),
    update: async () => {},
    list: async () => [],
    rotate: async () => ({ status: "succeeded", problems: [] }),
    createTag: async ({ name }, _, revision) => void tags.set(name, revision),
    moveTag: async ({ name }, _, revision) => void tags.set(name, revision),
    ...wrong,
  };
}

const verify = (esc: EscClient, names: readonly string[], options: Partial<VerifyOptions> = {}) =>
  verifyAll(esc, names.map(target), { promote: false, inventory, now: () => NOW, ...options });

describe("escapement verify, of many environments", () => {
  it("opens them at once, never more than it may, and answers in their order", async () => {
    let [open, most] = [0, 0];
    const release: (() => void)[] = [];
    const names = Array.from({ length: 7 }, (_, index) => `env-${index}`);
    const busy = client({
      async open() {
        open += 1;
        most = Math.max(most, open);
        // Nobody is answered before three have asked: what opens one after another would wait for ever.
        if (release.length < 2) await new Promise<void>((resolve) => release.push(resolve));
        else for (const go of release.splice(0)) go();
        open -= 1;
        return { a: { value: 1 } };
      },
    });
    const progress: string[] = [];
    const results = await verify(busy, names.slice(0, 6), {
      atOnce: 3,
      onProgress: (environment, what) => progress.push(`${environment} ${what}`),
    });
    assert.equal(most, 3);
    assert.deepEqual(
      results.map(({ environment, ok }) => [environment, ok]),
      names.slice(0, 6).map((name) => [`acme/shop/${name}`, true]),
    );
    assert.equal(progress.length, 12);
  });

  it("gives up on one that does not answer, promotes nothing of it, and goes on with the others", async () => {
    const slow = client({
      open: ({ name }) => (name === "prod" ? new Promise(() => {}) : Promise.resolve(shows(key))),
    });
    const [staging, prod] = await verify(slow, ["staging", "prod"], { promote: true, timeoutMs: 30 });
    assert.deepEqual([staging?.ok, staging?.live], [true, 3]);
    assert.deepEqual([prod?.ok, prod?.problems], [false, ["no answer within 0.03 seconds"]]);
    assert.deepEqual([...slow.tags], [["staging", 3]]);
  });

  it("ends with what ESC says of the caller, once", async () => {
    const refused = client({
      revisionOf: async () => {
        throw new EscClientError("Unauthorized", { status: 401 });
      },
    });
    await assert.rejects(verify(refused, ["staging", "prod"]), /^EscClientError: Unauthorized$/);
  });

  it("promotes what passed, and what is overdue with it; nothing that is wrong", async () => {
    const mixed = client({
      open: async ({ name }) => (name === "staging" ? shows(key, "2026-01-01") : shows("changeme")),
    });
    const [staging, prod] = await verify(mixed, ["staging", "prod"], { promote: true });
    assert.deepEqual([staging?.ok, staging?.live, prod?.ok, prod?.live], [false, 3, false, undefined]);
    assert.deepEqual([...mixed.tags], [["staging", 3]]);
    assert.match(
      staging?.lines[0]?.problems[0]?.reason ?? "",
      /is 323 days old by the `rotatedAt` beside it, and may be 30/,
    );
  });

  it("believes the older of two dates: who writes the same value again has not renewed it", async () => {
    const agesOf = async () => new Map([["key", { changed: new Date(NOW), source: "aws" as const }]]);
    const old = client({ open: async () => shows(key, "2026-01-01") });
    const [older] = await verify(old, ["staging"], { agesOf });
    assert.equal(older?.lines[0]?.problems[0]?.code, "overdue");
    const [good] = await verify(client(), ["staging"], { agesOf });
    assert.deepEqual([good?.ok, good?.lines[0]?.unknown], [true, undefined]);
  });

  it("reads the age of what ESC rotates out of the rotation's state", async () => {
    const rotated = defineInventory({
      ...inventory,
      items: inventory.items.map((item) => ({
        ...(item as SecretItem<"staging">),
        livesIn: "rotated" as const,
      })),
    });
    const current = { value: { rotatedAt: { value: "2026-10-01T00:00:00.000Z", secret: true } } };
    const esc = client({
      open: async () => ({
        environmentVariables: { value: { KEY: { value: key, secret: true } } },
        rotated: { value: { key: { value: { current } } } },
      }),
    });
    const [result] = await verify(esc, ["staging"], { inventory: rotated });
    assert.match(result?.lines[0]?.problems[0]?.reason ?? "", /is 50 days old by the state of its rotation/);
  });

  it("says less where the token may open an environment and not read its definition", async () => {
    const opener = client({
      open: async () => ({ ...shows(key), notes: { value: `ghp_${"k3Y".repeat(12)}` } }),
      definition: async () => {
        throw new EscClientError("forbidden", { status: 403 });
      },
    });
    assert.equal((await verify(opener, ["staging"]))[0]?.ok, true);
  });

  it("opens what is no stage, and fails it only where there is nothing", async () => {
    const some = client({
      open: async ({ name }): Promise<EscProperties> => (name === "base" ? { domain: { value: "x" } } : {}),
    });
    const [base, other] = await verify(some, ["base", "other"]);
    assert.deepEqual([base?.ok, base?.stage, base?.lines], [true, undefined, []]);
    assert.deepEqual([other?.ok, other?.lines[0]?.problems[0]?.code], [false, "nothing"]);
    // As a stage that it is not called, it is held against the inventory.
    assert.equal(
      (await verify(some, ["base"], { stage: "prod" }))[0]?.lines[0]?.problems[0]?.code,
      "missing",
    );
  });

  it("reads well: as text, on a job's page and beside the inventory's lines", async () => {
    const results = await verify(client({ open: async () => shows("changeme") }), ["staging"]);
    assert.equal(
      renderVerify(results),
      [
        "✗ acme/shop/staging",
        "  revision 3 opens with 1 variables, held against staging: 1 of 1 lines are wrong",
        "    ✗ KEY  is a placeholder",
        "             aws secretsmanager put-secret-value --secret-id shop/staging/key --secret-string file://<file>",
        "",
      ].join("\n"),
    );
    assert.match(
      summarizeVerify(results),
      /^\| ❌ \| `KEY` \| key \| is a placeholder → aws .* file:\/\/&lt;file> \|$/m,
    );
    const loaded = await loadInventory(path.join(__dirname, "../../esc/inventory.ts"));
    const [annotation] = annotateVerify(
      results.map((result) => ({ ...result, lines: result.lines.map((line) => ({ ...line, item: "jwt" })) })),
      loaded,
    );
    assert.equal(annotation?.file, path.relative(process.cwd(), loaded.file));
    assert.ok((annotation?.line ?? 0) > 20);
  });
});
