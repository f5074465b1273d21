import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAwsCloud, openAdministratorSession } from "../../sandbox/aws";
import { putVersion } from "../../sandbox/aws/secret-versions";
import { LaptopCloud } from "../../sandbox/cloud";
import type { CloudState } from "../../sandbox/cloud-state";
import { Archive, Asset, Secret } from "../../sandbox/engine";
import { createGithubCloud } from "../../sandbox/github";
import { createPulumiServiceCloud } from "../../sandbox/pulumi";
import { replacements, withReplacements } from "../../sandbox/replacements";
import { decodeState, encodeState } from "../../sandbox/state-codec";
import { StateFile } from "../../sandbox/state-file";
import { startInline } from "../support/inline";

const up = {
  directory: path.join(__dirname, "..", "..", "examples", "infra"),
  stack: "staging",
  operation: "up",
  startRunner: startInline,
} as const;

describe("A cloud's state in a folder", () => {
  let directory: string;

  beforeEach(async () => {
    directory = path.join(await mkdtemp(path.join(tmpdir(), "day-two-state-")), "state");
  });

  afterEach(() => rm(path.dirname(directory), { recursive: true }));

  /** Goes on with the cloud that is kept in the folder. */
  async function inCloud(job: (cloud: LaptopCloud) => Promise<void>): Promise<void> {
    const file = await StateFile.open(directory);
    const cloud = await LaptopCloud.start({ state: (await file.read()) as CloudState | undefined });
    try {
      await job(cloud);
      file.write(cloud.state());
    } finally {
      await cloud.stop();
      await file.close();
    }
  }

  const staging = { organization: "acme", project: "app", name: "staging" };

  it("goes on where it ended: stacks, account, environments with their secrets and tags", async function () {
    this.timeout(20_000);
    await inCloud(async (cloud) => {
      const { ok } = await cloud.deploy(up);
      assert.ok(ok);
      const secret = withReplacements(createAwsCloud(cloud.account).resources)[
        "aws:secretsmanager/secret:Secret"
      ];
      const { id } = (await secret?.create({
        ...{ operation: "up", organization: "acme", project: "app", stack: "staging", directory },
        ...{
          provider: undefined,
          signal: new AbortController().signal,
          urn: "urn",
          type: "Secret",
          name: "db",
        },
        inputs: { name: "db" },
      })) ?? { id: "" };
      const entry = cloud.account.secrets.get(id);
      assert.ok(entry);
      putVersion(cloud.account, entry, { id: "v".repeat(32), value: { text: "hush-hush" } });
      cloud.esc.store.create(staging);
      await cloud.esc.update(staging, "values: { password: { fn::secret: hush-hush }, a: 1 }");
      cloud.esc.store.createTag(staging, "live");
      openAdministratorSession(cloud.account);
    });
    for (const name of await readdir(directory)) {
      const content = await readFile(path.join(directory, name), "latin1");
      assert.ok(!/hush-hush|app-staging/.test(content), name);
      assert.equal((await stat(path.join(directory, name))).mode & 0o777, 0o600);
    }
    assert.deepEqual((await readdir(directory)).sort(), ["key", "state"]);
    await inCloud(async (cloud) => {
      assert.equal(cloud.outputs("infra/staging")?.ecs_cluster_name, "app-staging");
      const { changes } = await cloud.deploy(up);
      assert.deepEqual(changes, { same: 1 });
      const [entry] = cloud.account.secrets.values();
      const [version] = entry?.versions.values() ?? [];
      assert.deepEqual(
        [version?.value, [...(version?.stages ?? [])]],
        [{ text: "hush-hush" }, ["AWSCURRENT"]],
      );
      assert.ok(version?.createdAt instanceof Date);
      assert.equal(cloud.account.sessions.size, 0);
      assert.equal(cloud.esc.store.tag(staging, "live").revision, 2);
      assert.match((await cloud.esc.open({ ...staging, version: "live" })).redactedJson, /"\[secret\]"/);
    });
  });

  it("is one process's at a time, and free again when that has died", async () => {
    const file = await StateFile.open(directory);
    await assert.rejects(StateFile.open(directory), {
      code: "ERR_STATE_IN_USE",
      message: new RegExp(`in use by process ${process.pid}`),
    });
    await file.close();
    // No process has this number: it is above Linux's limit.
    await writeFile(path.join(directory, "lock"), "4194305");
    await (await StateFile.open(directory)).close();
  });

  it("is the last that was written, whole, however many come at once", async () => {
    const file = await StateFile.open(directory);
    for (let count = 0; count < 50; count += 1) file.write({ count });
    await file.close();
    const again = await StateFile.open(directory);
    assert.deepEqual(await again.read(), { count: 49 });
    await again.close();
    assert.deepEqual((await readdir(directory)).sort(), ["key", "state"]);
  });

  it("is refused when it was damaged or belongs to another key", async () => {
    const file = await StateFile.open(directory);
    file.write({ a: 1 });
    await file.close();
    const sealed = await readFile(path.join(directory, "state"));
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    await writeFile(path.join(directory, "state"), sealed);
    const damaged = await StateFile.open(directory);
    await assert.rejects(damaged.read(), {
      code: "ERR_STATE_UNREADABLE",
      message: /delete the folder to begin anew/,
    });
    await damaged.close();
  });

  it("carries everything that a cloud is made of, and refuses what it cannot carry", () => {
    const state = {
      map: new Map<unknown, unknown>([["a", new Set([1])]]),
      bytes: new Uint8Array([0, 255]),
      date: new Date(1),
      nothing: undefined,
      tagLike: { $: "map", value: [] },
      archive: new Archive({ assets: { a: new Asset({ text: "x" }, "digest of a") } }, "digest"),
    };
    const back = decodeState(
      JSON.parse(JSON.stringify(encodeState({ ...state, secret: new Secret(["s"]) }))),
    ) as typeof state & {
      secret: Secret;
    };
    const { secret, ...rest } = back;
    assert.deepEqual(rest, state);
    assert.deepEqual(secret.reveal(), ["s"]);
    assert.equal(back.archive.digest, "digest");
    assert.throws(() => encodeState({ clock: Date.now }), TypeError);
  });
});

describe("What replaces a resource", () => {
  it("is said for every type in use, each with its source, and for no other", async () => {
    const cloud = await LaptopCloud.start();
    const types = {
      ...createAwsCloud(cloud.account).resources,
      ...createPulumiServiceCloud(cloud.esc).resources,
      ...createGithubCloud(cloud.github).resources,
    };
    await cloud.stop();
    assert.deepEqual(Object.keys(replacements).sort(), Object.keys(types).sort());
    for (const [type, { properties, source }] of Object.entries(replacements)) {
      assert.ok(properties.length > 0 && source !== "", type);
      assert.ok(types[type]?.delete !== undefined, `${type} cannot be deleted`);
    }
  });
});
