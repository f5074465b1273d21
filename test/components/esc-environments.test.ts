import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { EscPermission } from "../../components/esc-access";
import { EscEnvironments, type EscEnvironmentsArgs, renderTwice } from "../../components/esc-environments";
import { RotatedEnvironment } from "../../components/rotated-environment";
import { adapterAddresses, rotated } from "../../esc/environments";
import { isUnknown, mockPulumi, outputValue, settled } from "../support/pulumi";
import { programFailure } from "../support/rejections";

const ENVIRONMENT = "pulumiservice:index:Environment";
const BASE = "values:\n  domain: example.com\n";

/** Creates the component; `failures` are what its environments were rejected with. */
async function create(args: Partial<EscEnvironmentsArgs>, { preview = false } = {}) {
  const recorder = await mockPulumi({
    preview,
    outputs: (): Record<string, unknown> => (preview ? {} : { revision: 1 }),
  });
  const component = new EscEnvironments("environments", {
    organization: "acme",
    project: "app",
    environments: [],
    ...args,
  });
  return { component, recorder };
}

/** A value that a preview cannot know: the output of a resource that does not exist yet. */
function unknownString(): pulumi.Output<string> {
  class Thing extends pulumi.CustomResource {
    declare readonly value: pulumi.Output<string>;
    constructor() {
      super("test:index:Thing", "thing", { value: undefined });
    }
  }
  return new Thing().value;
}

describe("EscEnvironments", () => {
  it("creates each environment under itself, with exactly its YAML", async () => {
    const { recorder, component } = await create({ environments: [{ name: "base", yaml: BASE }] });
    assert.deepEqual(await outputValue(component.ids), { base: "acme/app/base" });
    assert.deepEqual(await outputValue(component.revisions), { base: 1 });
    assert.deepEqual(await outputValue(component.definitions), { "acme/app/base": BASE });
    await settled();
    const { yaml, ...rest } = recorder.find(ENVIRONMENT, "environments-base").inputs;
    assert.deepEqual(rest, { organization: "acme", project: "app", name: "base" });
    assert.equal(await (yaml as pulumi.asset.StringAsset).text, BASE);
    assert.deepEqual(recorder.parentage(), {
      environments: "escapement:index:EscEnvironments",
      "environments-base": `escapement:index:EscEnvironments$${ENVIRONMENT}`,
    });
  });

  it("checks references into imported environments, its own and those it is told of", async () => {
    const { component } = await create({
      imports: { "app/base": BASE },
      environments: [
        { name: "a", yaml: `imports: [app/base]\nvalues:\n  x: \${domain}\n` },
        { name: "b", yaml: `imports: [app/a]\nvalues:\n  y: \${x}\n` },
      ],
    });
    assert.deepEqual(await outputValue(component.revisions), { a: 1, b: 1 });
    await settled();
  });

  const refused: Record<string, { yaml: string; says: string }> = {
    "a broken reference": {
      yaml: "values:\n  a: 1\n  url: https://${domian}\n",
      says: 'app/broken:3:18: unknown property "domian"',
    },
    "an import that it was not told of": {
      yaml: "imports: [app/elsewhere]\nvalues: {a: 1}\n",
      says: 'app/broken:1:11: environment "app/elsewhere" is not among those this check was given',
    },
    "a provider's input of the wrong form": {
      yaml: "values:\n  a:\n    fn::open::external: {url: http://plain.example.com}\n",
      says: "app/broken:3:31: string must match the pattern",
    },
    "a warning, which Pulumi's provider would refuse too": {
      yaml: "valuse: {}\nvalues: {a: 1}\n",
      says: "app/broken:1:1: Field 'valuse' does not exist",
    },
    "a plain-text secret": {
      yaml: "values:\n  a:\n    fn::secret: hunter2\n",
      says: "app/broken:3:5: plain-text secret",
    },
  };
  for (const [what, { yaml, says }] of Object.entries(refused)) {
    it(`refuses ${what} with file, line and column, and registers nothing`, async () => {
      const { recorder } = await create({ environments: [{ name: "broken", yaml }] });
      const { message } = await programFailure();
      assert.ok(message.includes(says), `${message} does not say ${says}`);
      assert.ok(!message.includes("hunter2"));
      assert.deepEqual(recorder.ofType(ENVIRONMENT), []);
    });
  }

  it("fails the first preview of an empty account, where the YAML is not known yet", async () => {
    await mockPulumi({ preview: true });
    const arn = unknownString();
    const definition = renderTwice(
      ({ roleArn }) => `values:\n  role: ${roleArn}\n  url: \${domian}\n`,
      { roleArn: arn },
      { roleArn: "arn:aws:iam::000000000000:role/stand-in" },
    );
    new EscEnvironments("environments", {
      organization: "acme",
      project: "app",
      environments: [{ name: "staging", ...definition }],
    });
    assert.equal(await isUnknown(definition.yaml), true);
    assert.match((await programFailure()).message, /app\/staging:3:10: unknown property "domian"/);
  });

  it("declares each team's permission on each environment, after the environment is there", async () => {
    const { recorder } = await create({
      environments: [{ name: "base", yaml: BASE }],
      access: [
        { team: "ops", permission: EscPermission.Write },
        { team: "developers", permission: EscPermission.Open },
      ],
    });
    await settled();
    const declared = recorder.ofType("pulumiservice:index:TeamEnvironmentPermission");
    assert.deepEqual(
      declared.map(({ name, inputs }) => [name, inputs]),
      (
        [
          ["ops", "write"],
          ["developers", "open"],
        ] as const
      ).map(([team, permission]) => [
        `environments-base-${team}`,
        { organization: "acme", project: "app", environment: "base", team, permission },
      ]),
    );
    await assert.rejects(
      create({
        access: [
          { team: "ops", permission: "own" as EscPermission },
          { team: "ops", permission: EscPermission.Read },
        ],
      }),
      /access\[0\]\.permission: "own" must be one of read, open, write, admin; access\[1\]\.team: "ops" is listed twice/,
    );
    await settled();
  });

  it("and RotatedEnvironment declare permissions alike: who rotates by hand needs write", async () => {
    const recorder = await mockPulumi();
    const place = { organization: "acme", project: "app" };
    new RotatedEnvironment("db", {
      ...place,
      stage: "prod",
      name: "database",
      access: [{ team: "ops", permission: EscPermission.Write }],
    });
    await settled();
    assert.deepEqual(recorder.find("pulumiservice:index:TeamEnvironmentPermission", "db-ops").inputs, {
      ...place,
      environment: "rotated-prod-database",
      team: "ops",
      permission: "write",
    });
  });

  it("lists everything that is wrong with its arguments at once", async () => {
    await assert.rejects(
      create({
        organization: "ac me",
        environments: [
          { name: "x", yaml: pulumi.output(BASE) },
          { name: "x", yaml: BASE },
        ],
      }),
      (error: Error) => {
        for (const part of [
          'organization: "ac me"',
          "environments[0].placeholderYaml",
          'environments[1].name: "x" is listed twice',
        ]) {
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        }
        return true;
      },
    );
    await settled();
  });
});

describe("A stage that imports a rotated environment", () => {
  const ROTATED = rotated({ project: "app", stage: "staging", name: "db" }).render();
  const addresses = adapterAddresses({ stage: "staging", rotateUrl: "https://rotate.example.com/" }).render();
  const state = "        state:\n          current: {fn::secret: {ciphertext: abc}}\n";

  async function importing(found: { readonly yaml: string } | undefined) {
    const recorder = await mockPulumi({
      preview: true,
      outputs: (_type, name): Record<string, unknown> =>
        name.endsWith("rotated-staging-db") ? { ...found } : {},
      calls: {
        "pulumiservice:index:getEnvironment": () => {
          if (found === undefined) throw new Error("404");
          return { environmentId: "id" };
        },
      },
    });
    const component = new EscEnvironments("environments", {
      organization: "acme",
      project: "app",
      environments: [{ name: "staging", yaml: "imports: [app/rotated-staging-db]\n" }],
      imports: { "app/rotated-staging-db": ROTATED, "app/staging-adapter": addresses },
    });
    return { component, recorder };
  }

  it("is taken once that has been rotated, and reads of it what ESC keeps encrypted", async () => {
    const { recorder } = await importing({ yaml: ROTATED + state });
    await settled();
    const read = recorder.find(ENVIRONMENT, "environments-rotated-staging-db");
    assert.ok(read);
    assert.ok(recorder.find(ENVIRONMENT, "environments-staging"));
  });

  for (const [what, found] of Object.entries({
    "has no state yet": { yaml: ROTATED },
    "is not there": undefined,
  })) {
    it(`is refused in the preview while that ${what}, with the command that rotates it`, async () => {
      await importing(found);
      const { message } = await programFailure();
      assert.match(message, /escapement rotate run --first acme\/app\/rotated-staging-db/);
    });
  }
});

describe("renderTwice", () => {
  const render = ({ roleArn, adapterUrl }: { roleArn?: string; adapterUrl?: string }) =>
    `${roleArn} ${adapterUrl}`;
  const standIns = { roleArn: "stand-in", adapterUrl: "https://stand-in.invalid/" };

  it("keeps what is plain or absent, and stands in only for outputs", async () => {
    await mockPulumi();
    const twice = renderTwice(
      render,
      { roleArn: pulumi.output("real"), adapterUrl: "http://given" },
      standIns,
    );
    assert.equal(twice.placeholderYaml, "stand-in http://given");
    assert.equal(await outputValue(twice.yaml), "real http://given");
    assert.equal(
      renderTwice(render, { roleArn: undefined }, standIns).placeholderYaml,
      "undefined undefined",
    );
    await settled();
  });
});
