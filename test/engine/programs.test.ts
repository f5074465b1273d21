import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Archive, Asset, renderTree, Secret, UNKNOWN } from "../../sandbox/engine/index";
import { everythingShown, password, type Run, resourceNamed, run, runAll } from "./support";

type Name = "preview" | "up" | "other" | "existing" | "transforms";

describe("a program run by Pulumi's own runner", () => {
  let runs: Record<Name, Run>;
  let temporary: string;

  before(async function () {
    this.timeout(60_000);
    process.env.AWS_SESSION_TOKEN = "inherited";
    temporary = await mkdtemp(path.join(tmpdir(), "engine-test-"));
    runs = await runAll<Name>({
      preview: () => run("basic.ts", { operation: "preview" }),
      up: () => run("basic.ts", { environment: { TMPDIR: temporary } }),
      other: () => run("basic.ts", { stack: "other", organization: "umbrella" }),
      existing: () => run("existing.ts"),
      transforms: () => run("transforms.ts"),
    });
  });

  after(async () => {
    delete process.env.AWS_SESSION_TOKEN;
    await rm(temporary, { recursive: true, force: true });
  });

  const requestFor = (from: Run, name: string) => from.requests.find((request) => request.name === name);

  it("deploys without failure, and says nothing but that imported environments are not read", () => {
    for (const [name, { deployment }] of Object.entries(runs)) {
      assert.equal(deployment.failure, undefined, name);
      assert.equal(deployment.ok, true, name);
      const said = deployment.diagnostics.map(({ severity, message }) => `${severity}: ${message}`);
      assert.deepEqual(
        said,
        name === "other"
          ? [
              "info: Pulumi.other.yaml imports programs/base: give what it needs of them as --config key=value",
            ]
          : [],
      );
    }
  });

  it("inherits no credential", () => {
    assert.deepEqual(runs.existing.deployment.outputs.credentials, []);
  });

  it("draws components and resources under their parents", () => {
    assert.deepEqual(renderTree(runs.up.deployment), [
      " + pulumi:pulumi:Stack     programs-dev",
      " + ├─ test:index:Group     main",
      " + │  ├─ test:index:Thing  main-first",
      " + │  └─ test:index:Thing  child",
      " + └─ test:index:Network   net",
    ]);
  });

  it("knows at preview what inputs and providers tell, and nothing that only creation tells", () => {
    const { id, label, greeting, firstSerial, networkId } = runs.preview.deployment.outputs;
    assert.deepEqual([greeting, firstSerial], ["hello", 7]);
    assert.deepEqual([id, label, networkId], [UNKNOWN, UNKNOWN, UNKNOWN]);
    assert.equal(requestFor(runs.preview, "child")?.inputs.label, UNKNOWN);
    assert.equal(resourceNamed(runs.preview, "child").inputs.label, UNKNOWN);
    assert.equal(resourceNamed(runs.preview, "child").id, undefined);
  });

  it("gives the program ids and outputs at up", () => {
    const { id, label, firstSerial, networkId } = runs.up.deployment.outputs;
    assert.deepEqual([id, label, firstSerial], ["child-id", "main-first-id-child", 7]);
    assert.equal(networkId, "net-of-main-first-id");
    assert.deepEqual(resourceNamed(runs.up, "main").outputs, { serial: 7 });
  });

  it("keeps every secret secret in whatever is shown, and opens it to providers", () => {
    for (const shown of Object.values(runs).map(everythingShown)) {
      assert.ok(!shown.includes(password));
      assert.ok(!shown.includes("token of"));
    }
    const { hidden, serial, token } = runs.up.deployment.outputs;
    assert.equal(hidden instanceof Secret && hidden.reveal(), password, "a secret input");
    assert.equal(serial instanceof Secret && serial.reveal(), 7, "an additional secret output");
    assert.equal(token instanceof Secret && token.reveal(), "token of child", "a secret of the provider's");
    assert.ok(runs.preview.deployment.outputs.hidden instanceof Secret);
    assert.equal(requestFor(runs.up, "child")?.inputs.password, password);
    assert.equal(requestFor(runs.up, "net")?.inputs.key, password);
  });

  it("hands assets and references to providers as such, and reports no absolute path", () => {
    const inputs = requestFor(runs.up, "child")?.inputs ?? {};
    assert.equal(inputs.friend, "main-first-id");
    assert.ok(inputs.files instanceof Archive && "assets" in inputs.files.archive);
    const { "config.json": text, program } = inputs.files.archive.assets;
    assert.deepEqual(text, new Asset({ text: '{"a":1}' }));
    assert.ok(program instanceof Asset && "path" in program.asset && path.isAbsolute(program.asset.path));
    assert.ok(!everythingShown(runs.up).includes(__dirname));
  });

  it("records dependencies and options for later", () => {
    const { dependencies, propertyDependencies, options, provider, where } = resourceNamed(runs.up, "child");
    const first = resourceNamed(runs.up, "main-first").urn;
    assert.deepEqual(dependencies, [first]);
    assert.deepEqual(propertyDependencies.label, [first]);
    const { urn: parent } = resourceNamed(runs.up, "main");
    assert.deepEqual(options, {
      protect: true,
      retainOnDelete: true,
      deleteBeforeReplace: true,
      ignoreChanges: ["label"],
      additionalSecretOutputs: ["serial"],
      aliases: [{ name: "infant", parent }],
    });
    assert.equal(provider, "urn:pulumi:dev::programs::pulumi:providers:test::default");
    assert.match(where ?? "", /^basic\.ts:\d+$/);
  });

  it("passes configuration, stack, organization and dry run, and hears what the program prints", () => {
    assert.deepEqual(runs.preview.printed, ["size 3, depth 64", "dry run: true, in acme"]);
    assert.deepEqual(runs.up.printed, ["size 3, depth 64", "dry run: false, in acme"]);
    assert.deepEqual(runs.other.printed, ["size 4, depth 1", "dry run: false, in umbrella"]);
  });

  it("keeps stacks that run side by side apart", () => {
    assert.equal(runs.other.deployment.outputs.greeting, "hallo");
    assert.equal(runs.up.deployment.outputs.greeting, "hello");
    const urns = runs.other.deployment.resources.map(({ urn }) => urn);
    assert.ok(urns.every((urn) => urn.startsWith("urn:pulumi:other::programs::")));
    const events = runs.other.events.flatMap((event) =>
      event.kind === "resource" ? [event.resource.urn] : [],
    );
    assert.ok(events.every((urn) => urns.includes(urn)));
  });

  it("tells of each resource when it starts and when it is done", () => {
    const phases = runs.up.events.flatMap((event) =>
      event.kind === "resource" && event.resource.name === "main" ? [event.phase] : [],
    );
    assert.deepEqual(phases, ["started", "done"]);
  });

  it("leaves no file in the temporary folder", async () => {
    assert.deepEqual(await readdir(temporary), []);
  });

  it("reads other stacks and existing resources, secrets marked", () => {
    const { url, key, label, password: read } = runs.existing.deployment.outputs;
    assert.equal(url, "https://infra.example");
    assert.equal(key instanceof Secret && key.reveal(), password);
    assert.equal(label, "seventeen");
    assert.equal(read instanceof Secret && read.reveal(), password);
    assert.equal(resourceNamed(runs.existing, "existing").change, "read");
  });

  it("answers invokes through the default or the given provider, and lets the program catch their errors", () => {
    const { region, south, caught } = runs.existing.deployment.outputs;
    assert.equal(region, "eu-central-1", "the default provider takes `test:region` of the configuration");
    assert.equal(south, "eu-south-1");
    assert.equal(caught, "invocation of test:index:getMissing returned an error: there is none");
  });

  it("applies transforms: the resource's own, its parent's, the stack's, and those of invokes", () => {
    const { label, password: kept } = runs.transforms.deployment.outputs;
    assert.equal(label, "start/own/parent/stack");
    assert.ok(kept instanceof Secret);
    assert.equal(resourceNamed(runs.transforms, "thing").options.protect, true);
    assert.equal(runs.existing.deployment.outputs.zone, "A");
  });
});
