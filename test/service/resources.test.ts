import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operation, ResourceRequest } from "../../sandbox/engine/cloud";
import { Asset, Secret, UNKNOWN } from "../../sandbox/engine/values";
import { createPulumiServiceCloud, EscService } from "../../sandbox/pulumi/index";
import { write } from "./support";

const environment = "pulumiservice:index:Environment";
const versionTag = "pulumiservice:index:EnvironmentVersionTag";
const staging = { organization: "acme", project: "web", name: "staging" };

function request(
  type: string,
  inputs: Record<string, unknown>,
  options: { operation?: Operation; directory?: string } = {},
): ResourceRequest {
  return {
    operation: options.operation ?? "up",
    organization: "acme",
    project: "web",
    stack: "staging",
    directory: options.directory ?? "/nowhere",
    provider: undefined,
    signal: new AbortController().signal,
    urn: `urn:pulumi:staging::web::${type}::it`,
    type,
    name: "it",
    inputs,
  };
}

describe("The pulumiservice resources", () => {
  let service: EscService;

  const typeOf = (type: string) => {
    const resource = createPulumiServiceCloud(service).resources[type];
    assert.ok(resource);
    return resource;
  };
  const create = async (inputs: Record<string, unknown>, directory?: string) =>
    typeOf(environment).create(request(environment, inputs, { directory }));

  beforeEach(() => {
    service = new EscService({ organizations: ["acme"] });
  });

  it("put an environment into the service, its definition being a secret in the stack's state", async () => {
    const yaml = new Asset({ text: "\nvalues: {password: {fn::secret: correct horse}}\n\n" });
    const { id, outputs = {} } = await create({ ...staging, yaml });
    assert.equal(id, "acme/web/staging");
    assert.deepEqual(
      [outputs.organization, outputs.project, outputs.name, outputs.revision],
      ["acme", "web", "staging", 2],
    );
    assert.ok(outputs.yaml instanceof Secret);
    assert.equal(outputs.yaml.reveal(), "values: {password: {fn::secret: correct horse}}");
    assert.match(
      String(outputs.environmentId),
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.doesNotMatch(JSON.stringify(outputs), /correct horse/);
    assert.doesNotMatch(service.store.read(staging).yaml, /correct horse/);
    assert.match((await service.open(staging)).redactedJson, /\[secret\]/);
  });

  it("read the definition from a file, relative to the program, and from plain text", async () => {
    const directory = mkdtempSync(join(tmpdir(), "escapement-"));
    try {
      writeFileSync(join(directory, "staging.yaml"), "values: {a: 1}\n");
      await create({ ...staging, yaml: new Asset({ path: "staging.yaml" }) }, directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
    assert.match(service.store.read(staging).yaml, /a: 1/);
    const { id } = await create({ organization: "acme", name: "old", yaml: "values: {a: 2}" });
    assert.equal(id, "acme/default/old");
    await assert.rejects(
      create({ ...staging, name: "far", yaml: new Asset({ uri: "https://example.com/x" }) }),
      {
        message: `${environment} it: yaml must be a StringAsset or a FileAsset`,
      },
    );
  });

  it("leave nothing behind when the definition has errors, and say where they are", async () => {
    await assert.rejects(create({ ...staging, yaml: `values:\n  a: \${nothing}\n  b: \${less}\n` }), {
      code: "ERR_ESC_SERVICE_BAD_DEFINITION",
      message:
        'environment acme/web/staging does not check: web/staging:2:8: unknown property "nothing"; web/staging:3:8: unknown property "less"',
    });
    assert.deepEqual(service.store.list("acme"), []);
  });

  it("refuse warnings only after writing, as Pulumi's provider does", async () => {
    await assert.rejects(
      create({ ...staging, yaml: "valus: {}\nvalues: {a: 1}\n" }),
      /^EscServiceError: environment acme\/web\/staging was written, but has warnings.*web\/staging:1:1: Field 'valus'/,
    );
    assert.equal(service.store.read(staging).number, 2);
  });

  it("refuse what exists, an unknown organization, a bad name and an unknown input", async () => {
    await write(service, "web/staging", "values: {a: 1}\n");
    const yaml = "values: {a: 1}\n";
    await assert.rejects(create({ ...staging, yaml }), { code: "ERR_ESC_SERVICE_EXISTS" });
    await assert.rejects(create({ ...staging, organization: "other", yaml }), {
      code: "ERR_ESC_SERVICE_NOT_FOUND",
    });
    await assert.rejects(create({ ...staging, name: "a/b", yaml }), { code: "ERR_ESC_SERVICE_BAD_NAME" });
    await assert.rejects(create({ ...staging, yaml, tags: {} }), /does not know the input tags/);
    await assert.rejects(create({ ...staging, name: 1, yaml }), /name must be a string/);
  });

  it("in a preview write nothing, tell what is known and refuse bad names already", async () => {
    const preview = async (inputs: Record<string, unknown>) =>
      typeOf(environment).preview?.(request(environment, inputs, { operation: "preview" }));
    assert.deepEqual(await preview({ ...staging, yaml: UNKNOWN }), { project: "web" });
    assert.deepEqual(await preview({ organization: "acme", name: UNKNOWN, yaml: UNKNOWN }), {
      project: "default",
    });
    await assert.rejects(preview({ ...staging, name: "a/b", yaml: UNKNOWN }), {
      code: "ERR_ESC_SERVICE_BAD_NAME",
    });
    assert.deepEqual(service.store.list("acme"), []);
  });

  it("read an environment back by its id", async () => {
    await write(service, "web/staging", "values: {a: 1}\n");
    const read = (id: string) => typeOf(environment).read?.({ ...request(environment, {}), id });
    const { yaml, environmentId, ...found } = (await read("acme/web/staging")) ?? {};
    assert.deepEqual(found, { ...staging, revision: 2 });
    assert.ok(yaml instanceof Secret && typeof environmentId === "string");
    assert.equal(await read("acme/web/none"), undefined);
    assert.equal(await read("acme/staging"), undefined);
  });

  it("tag a revision", async () => {
    await write(service, "web/staging", "values: {a: 1}\n");
    const tag = {
      organization: "acme",
      project: "web",
      environment: "staging",
      tagName: "live",
      revision: 2,
    };
    const { id } = await typeOf(versionTag).create(request(versionTag, tag));
    assert.equal(id, "acme/web/staging/live");
    assert.equal(service.store.tag(staging, "live").revision, 2);
    const bad = async (inputs: Record<string, unknown>) =>
      typeOf(versionTag).create(request(versionTag, { ...tag, ...inputs }));
    await assert.rejects(bad({ tagName: "next", revision: 7 }), { code: "ERR_ESC_SERVICE_NOT_FOUND" });
    await assert.rejects(bad({ tagName: "latest" }), { code: "ERR_ESC_SERVICE_BAD_NAME" });
    await assert.rejects(bad({ tagName: "next", revision: "2" }), /revision must be a number/);
  });
});
