import assert from "node:assert/strict";
import { type StartedService, startService } from "./support";

/** The status that a call of the SDK was refused with. The error itself holds the token: it is not to be shown. */
async function refusedWith(call: Promise<unknown>): Promise<{ status?: number; data?: unknown }> {
  const error = await call.then(
    () => undefined,
    (thrown: { response?: { status: number; data: unknown } }) => thrown,
  );
  return { status: error?.response?.status, data: error?.response?.data };
}

describe("Pulumi's TypeScript SDK against the ESC service", () => {
  let esc: StartedService;

  before(async () => {
    esc = await startService();
    await esc.client.createEnvironment("acme", "web", "base");
    await esc.client.updateEnvironmentYaml("acme", "web", "base", "values:\n  region: eu-central-1\n");
  });

  after(() => esc.stop());

  it("creates, lists, updates, reads, opens and deletes an environment", async () => {
    const { client } = esc;
    await client.createEnvironment("acme", "web", "whole");
    const listed = await client.listEnvironments("acme");
    assert.deepEqual(
      listed?.environments?.map(({ organization, project, name }) => `${organization}/${project}/${name}`),
      ["acme/web/base", "acme/web/whole"],
    );
    assert.equal(listed?.nextToken, "");
    const empty = await client.openAndReadEnvironment("acme", "web", "whole");
    assert.deepEqual(empty, { environment: {}, values: {} });

    const updated = await client.updateEnvironment("acme", "web", "whole", {
      imports: ["web/base"],
      values: {
        greeting: "hello",
        password: { "fn::secret": "correct horse" },
        list: [1, 2, 3],
        pulumiConfig: { "aws:region": `\${region}` },
        environmentVariables: { GREETING: `\${greeting}` },
      },
    });
    assert.deepEqual(updated, {});
    const read = await client.getEnvironment("acme", "web", "whole");
    assert.deepEqual(read?.definition.imports, ["web/base"]);
    assert.doesNotMatch(read?.yaml ?? "", /correct horse/);
    assert.deepEqual(Object.keys(read?.definition.values?.password["fn::secret"]), ["ciphertext"]);

    const opened = await client.openAndReadEnvironment("acme", "web", "whole");
    assert.deepEqual(opened?.values, {
      environmentVariables: { GREETING: "hello" },
      greeting: "hello",
      list: [1, 2, 3],
      password: "correct horse",
      pulumiConfig: { "aws:region": "eu-central-1" },
      region: "eu-central-1",
    });
    assert.equal(opened?.environment?.properties?.password?.secret, true);
    assert.equal(opened?.environment?.exprs, undefined);
    assert.equal(opened?.environment?.schema, undefined);

    await client.deleteEnvironment("acme", "web", "whole");
    assert.equal((await refusedWith(client.getEnvironment("acme", "web", "whole"))).status, 404);
  });

  it("reads one property of an open session, by the path with two slashes", async () => {
    const { client } = esc;
    await client.createEnvironment("acme", "web", "parts");
    await client.updateEnvironmentYaml(
      "acme",
      "web",
      "parts",
      'values:\n  urls: {api: "https://api.example.com", "a.b": [x, {fn::secret: y}]}\n',
    );
    const session = await client.openEnvironment("acme", "web", "parts");
    const read = (path: string) =>
      client.readOpenEnvironmentProperty("acme", "web", "parts", session?.id ?? "", path);
    assert.equal((await read("urls.api"))?.value, "https://api.example.com");
    assert.deepEqual((await read('urls["a.b"]'))?.value, ["x", "y"]);
    assert.deepEqual((await read('urls["a.b"][1]'))?.property.secret, true);
    assert.equal((await refusedWith(read("urls.web"))).status, 404);
    assert.equal((await refusedWith(read("urls["))).status, 400);
    assert.equal(new Set(esc.log.map(({ status }) => status)).has(500), false);
  });

  it("keeps revisions, and opens and reads them by number and by tag", async () => {
    const { client } = esc;
    await client.createEnvironment("acme", "web", "tagged");
    await client.updateEnvironmentYaml("acme", "web", "tagged", "values: {color: blue}\n");
    await client.updateEnvironmentYaml("acme", "web", "tagged", "values: {color: green}\n");
    await client.createEnvironmentRevisionTag("acme", "web", "tagged", "live", 2);
    const color = async (version: string) =>
      (await client.openAndReadEnvironmentAtVersion("acme", "web", "tagged", version))?.values?.color;
    assert.deepEqual(
      [await color("live"), await color("3"), await color("latest")],
      ["blue", "green", "green"],
    );
    const revisions = await client.listEnvironmentRevisions("acme", "web", "tagged");
    assert.deepEqual(
      revisions?.map(({ number, tags, creatorLogin }) => [number, tags, creatorLogin]),
      [
        [3, ["latest"], "sandbox"],
        [2, ["live"], "sandbox"],
        [1, [], "sandbox"],
      ],
    );
    const older = await client.listEnvironmentRevisions("acme", "web", "tagged", 3, 1);
    assert.deepEqual(
      older?.map(({ number }) => number),
      [2],
    );
    assert.match((await client.getEnvironmentAtVersion("acme", "web", "tagged", "live"))?.yaml ?? "", /blue/);

    await client.updateEnvironmentRevisionTag("acme", "web", "tagged", "live", 3);
    assert.equal((await client.getEnvironmentRevisionTag("acme", "web", "tagged", "live"))?.revision, 3);
    assert.equal(await color("live"), "green");
    await client.deleteEnvironmentRevisionTag("acme", "web", "tagged", "live");
    const { tags } = (await client.listEnvironmentRevisionTags("acme", "web", "tagged")) ?? {};
    assert.deepEqual(
      tags?.map(({ name, revision }) => `${name}:${revision}`),
      ["latest:3"],
    );
    assert.equal((await refusedWith(color("live"))).status, 404);
  });

  it("checks definitions, and gets what is wrong as data", async () => {
    const { client } = esc;
    const good = await client.checkEnvironment("acme", {
      values: { a: "b", s: { "fn::secret": "hunter2" } },
    });
    assert.equal(good?.diagnostics, undefined);
    assert.equal(good?.properties?.a?.value, "b");
    assert.deepEqual([good?.properties?.s?.secret, good?.properties?.s?.value], [true, undefined]);
    const bad = await client.checkEnvironmentYaml("acme", `values:\n  a: \${nothing}\n`);
    assert.equal(bad?.diagnostics?.length, 1);
    assert.equal(bad?.diagnostics?.[0]?.summary, 'unknown property "nothing"');
    assert.deepEqual(bad?.diagnostics?.[0]?.range?.begin, { line: 2, column: 8, byte: 15 });
    const unparsed = await client.checkEnvironmentYaml("acme", "values: [\n");
    assert.equal(unparsed?.diagnostics?.[0]?.range, undefined);
  });

  it("is refused a definition with errors, and nothing is written", async () => {
    const { client } = esc;
    const { status, data } = await refusedWith(
      client.updateEnvironmentYaml("acme", "web", "base", `values:\n  a: \${nothing}\n`),
    );
    assert.equal(status, 400);
    const { diagnostics, ...error } = data as { diagnostics: { severity: string; summary: string }[] };
    assert.deepEqual(error, { code: 400, message: "acme/web/base has an error" });
    assert.deepEqual(
      diagnostics.map(({ severity, summary }) => [severity, summary]),
      [["error", 'unknown property "nothing"']],
    );
    assert.match((await client.getEnvironment("acme", "web", "base"))?.yaml ?? "", /eu-central-1/);
  });

  it("is told of warnings after a definition has been written", async () => {
    const { client } = esc;
    await client.createEnvironment("acme", "web", "warned");
    const updated = await client.updateEnvironmentYaml(
      "acme",
      "web",
      "warned",
      "valus: {}\nvalues: {a: 1}\n",
    );
    assert.equal(updated?.diagnostics?.length, 1);
    assert.equal(updated?.diagnostics?.[0]?.severity, "warning");
    const checked = await client.checkEnvironmentYaml("acme", "valus: {}\nvalues: {a: 1}\n");
    assert.equal(checked?.diagnostics?.length, 1);
    assert.equal(checked?.properties?.a?.value, 1);
    const opened = await client.openEnvironment("acme", "web", "warned");
    assert.ok(opened?.id);
  });

  it("gets the ETag by HEAD", async () => {
    const { headers } = await esc.client.rawApi.getEnvironmentETag("acme", "web", "base");
    assert.equal(
      headers.etag,
      `"${esc.service.store.read({ organization: "acme", project: "web", name: "base" }).etag}"`,
    );
    assert.equal(
      (await refusedWith(esc.client.rawApi.getEnvironmentETag("acme", "web", "none"))).status,
      404,
    );
  });

  it("finds the environments of one organization only in that organization", async () => {
    const { client } = esc;
    await client.createEnvironment("umbrella", "web", "base");
    assert.deepEqual(
      (await client.listEnvironments("umbrella"))?.environments?.map(({ name }) => name),
      ["base"],
    );
    assert.equal((await refusedWith(client.openEnvironment("umbrella", "web", "parts"))).status, 404);
    const { status, data } = await refusedWith(client.listEnvironments("other"));
    assert.deepEqual(
      [status, data],
      [404, { code: 404, message: 'organization "other" does not exist in this sandbox' }],
    );
  });
});
