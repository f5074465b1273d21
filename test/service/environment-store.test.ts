import assert from "node:assert/strict";
import { inspect } from "node:util";
import { decryptSecrets } from "../../esc/evaluator/index";
import { EnvironmentStore } from "../../sandbox/pulumi/environment-store";

const staging = { organization: "acme", project: "web", name: "staging" };
const prod = { ...staging, name: "prod" };

describe("The environment store", () => {
  let now: number;
  let store: EnvironmentStore;

  beforeEach(() => {
    now = Date.UTC(2026, 10, 20);
    store = new EnvironmentStore({ now: () => now });
    store.create(staging);
  });

  it("starts an environment with an empty revision 1", () => {
    const { number, yaml, created } = store.read(staging);
    assert.deepEqual([number, yaml, created], [1, "", "2026-11-20T00:00:00.000Z"]);
    assert.throws(() => store.create(staging), { code: "ERR_ESC_SERVICE_EXISTS", status: 409 });
  });

  it("keeps every revision as it was written, with its time and an ETag of its own", async () => {
    now += 1000;
    await store.update(staging, "values: {a: 1}\n");
    await store.update(staging, "values: {a: 2}\n");
    const revisions = store.revisions(staging);
    assert.deepEqual(
      revisions.map(({ number }) => number),
      [3, 2, 1],
    );
    assert.equal(new Set(revisions.map(({ etag }) => etag)).size, 3);
    assert.match(store.read({ ...staging, version: "2" }).yaml, /a: 1/);
    assert.deepEqual(
      store.list("acme").map(({ created, modified }) => [created, modified]),
      [["2026-11-20T00:00:00.000Z", "2026-11-20T00:00:01.000Z"]],
    );
    assert.deepEqual(
      store.revisions(staging, { before: 3, count: 1 }).map(({ number }) => number),
      [2],
    );
  });

  it("takes an update with the latest ETag and refuses one with an older", async () => {
    const first = store.read(staging).etag;
    const second = await store.update(staging, "values: {a: 1}\n", { ifMatch: first });
    await assert.rejects(store.update(staging, "values: {a: 2}\n", { ifMatch: first }), {
      code: "ERR_ESC_SERVICE_CONFLICT",
      status: 409,
    });
    assert.equal(store.read(staging).etag, second.etag);
  });

  it("lets one of two writers through that have read the same revision", async () => {
    const ifMatch = store.read(staging).etag;
    const results = await Promise.allSettled([
      store.update(staging, "values: {by: one}\n", { ifMatch }),
      store.update(staging, "values: {by: two}\n", { ifMatch }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(store.read(staging).number, 2);
  });

  it("holds secrets only as ciphertext that decrypts for its own environment", async () => {
    await store.update(staging, "values:\n  seen: plain-text\n  password:\n    fn::secret: correct horse\n");
    const dump = inspect(store, {
      depth: null,
      maxStringLength: null,
      maxArrayLength: null,
      showHidden: true,
    });
    assert.match(dump, /plain-text/);
    assert.match(dump, /ciphertext: /);
    assert.doesNotMatch(dump, /correct horse/);
    assert.doesNotMatch(dump, new RegExp(Buffer.from("correct horse").toString("base64")));
    const { yaml } = store.read(staging);
    assert.match(await decryptSecrets(yaml, store.cipher(staging)), /fn::secret: correct horse/);
    for (const other of [store.cipher(prod), new EnvironmentStore().cipher(staging)]) {
      await assert.rejects(decryptSecrets(yaml, other), /does not belong to this environment/);
    }
  });

  it("encrypts the same secret differently each time, and notices a changed byte", async () => {
    const cipher = store.cipher(staging);
    const [one, two] = [await cipher.encrypt(Buffer.from("x")), await cipher.encrypt(Buffer.from("x"))];
    assert.notDeepEqual(one, two);
    assert.equal(Buffer.from(await cipher.decrypt(one)).toString(), "x");
    for (let index = 0; index < one.length; index++) {
      const changed = Uint8Array.from(one);
      changed[index] = (changed[index] ?? 0) ^ 1;
      await assert.rejects(cipher.decrypt(changed), /was changed/);
    }
    await assert.rejects(cipher.decrypt(one.subarray(0, 27)), /too short/);
  });

  it("refuses what could never be opened: a definition that its ciphertexts make too large", async () => {
    const yaml = `values: {certificate: {fn::secret: ${"x".repeat(450 * 1024)}}}\n`;
    await assert.rejects(store.update(staging, yaml), { code: "ERR_ESC_SERVICE_TOO_LARGE", status: 413 });
    assert.equal(store.read(staging).number, 1);
  });

  it("names revisions by tags, latest being its own", async () => {
    await store.update(staging, "values: {a: 1}\n");
    store.createTag(staging, "live", 1);
    store.createTag(staging, "candidate");
    now += 1000;
    await store.update(staging, "values: {a: 2}\n");
    const list = () => store.tags(staging).map(({ name, revision }) => `${name}:${revision}`);
    assert.deepEqual(list(), ["latest:3", "candidate:2", "live:1"]);
    store.moveTag(staging, "live", 3);
    const { created, modified } = store.tag(staging, "live");
    assert.deepEqual([created, modified], ["2026-11-20T00:00:00.000Z", "2026-11-20T00:00:01.000Z"]);
    assert.equal(store.read({ ...staging, version: "live" }).number, 3);
    store.deleteTag(staging, "candidate");
    assert.deepEqual(list(), ["latest:3", "live:3"]);
  });

  it("refuses tags that it cannot keep", () => {
    store.createTag(staging, "live");
    assert.throws(() => store.createTag(staging, "live"), { code: "ERR_ESC_SERVICE_EXISTS" });
    assert.throws(() => store.createTag(staging, "next", 2), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
    assert.throws(() => store.moveTag(staging, "live", 2), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
    for (const change of [
      () => store.createTag(staging, "latest"),
      () => store.moveTag(staging, "latest", 1),
      () => store.deleteTag(staging, "latest"),
    ]) {
      assert.throws(change, { code: "ERR_ESC_SERVICE_BAD_NAME" });
    }
    assert.throws(() => store.moveTag(staging, "other"), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
  });

  it("finds nothing that is not there", () => {
    for (const version of ["0", "2", "01", "1x", "live"]) {
      assert.throws(
        () => store.read({ ...staging, version }),
        { code: "ERR_ESC_SERVICE_NOT_FOUND" },
        version,
      );
    }
    assert.throws(() => store.read(prod), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
    store.delete(staging);
    assert.throws(() => store.read(staging), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
    assert.deepEqual(store.list("acme"), []);
  });

  it("keeps organizations, projects and environments apart", async () => {
    for (const id of [prod, { ...staging, project: "api" }, { ...staging, organization: "umbrella" }]) {
      store.create(id);
    }
    await store.update(prod, "values: {a: 1}\n");
    assert.equal(store.read(staging).number, 1);
    assert.deepEqual(
      store.list("acme").map(({ id }) => `${id.project}/${id.name}`),
      ["api/staging", "web/prod", "web/staging"],
    );
  });
});
