import assert from "node:assert/strict";
import { createPulumiStacksProvider } from "../../esc/providers/pulumi-stacks";
import { EscService, type EscServiceError } from "../../sandbox/pulumi/index";
import { openAndRead, plainValues, write } from "./support";

const known: Record<string, Record<string, unknown>> = {
  "acme infra/staging": { cluster: "main", ports: [80, 443], password: "correct horse", nothing: null },
  "acme api/staging": { url: "https://api.example.com" },
  "umbrella infra/prod": { cluster: "theirs" },
};

describe("fn::open::pulumi-stacks", () => {
  let service: EscService;

  const opening = (stacks: object) =>
    service.openYaml(
      "acme",
      JSON.stringify({ values: { stacks: { "fn::open::pulumi-stacks": { stacks } } } }),
    );

  async function failure(stacks: object): Promise<string> {
    const error = await opening(stacks).then(
      () => assert.fail("was opened"),
      (thrown: EscServiceError) => thrown,
    );
    return error.diagnostics.map(({ summary }) => summary).join("\n");
  }

  before(() => {
    service = new EscService({
      organizations: ["acme", "umbrella"],
      providers: ({ organization }) => ({
        "pulumi-stacks": createPulumiStacksProvider({
          organization,
          stackOutputs(owner, stack) {
            const outputs = known[`${owner} ${stack}`];
            return outputs && { outputs, secretOutputNames: ["password"] };
          },
        }),
      }),
    });
  });

  it("gives every output of the named stacks, and keeps secret ones secret", async () => {
    await write(
      service,
      "web/staging",
      [
        "values:",
        "  stacks:",
        "    fn::open::pulumi-stacks:",
        "      stacks:",
        "        infra: {stack: infra/staging}",
        "        api: {stack: api/staging}",
        `  url: \${stacks.api.url}`,
        `  dsn: postgres://app:\${stacks.infra.password}@db`,
        "",
      ].join("\n"),
    );
    const json = await openAndRead(service, "web/staging");
    assert.deepEqual(plainValues(json), {
      dsn: "postgres://app:correct horse@db",
      stacks: {
        api: { url: "https://api.example.com" },
        infra: { cluster: "main", nothing: undefined, password: "correct horse", ports: [80, 443] },
      },
      url: "https://api.example.com",
    });
    const { properties } = JSON.parse(json);
    assert.equal(properties.stacks.value.infra.value.password.secret, true);
    assert.equal(properties.stacks.value.infra.value.cluster.secret, undefined);
    assert.equal(properties.dsn.secret, true);
    assert.equal(properties.url.secret, undefined);
  });

  it("fails by name for a stack that is not there", async () => {
    assert.equal(
      await failure({ api: { stack: "api/staging" }, infra: { stack: "infra/production" } }),
      'stacks.infra: no matching item: organization acme has no stack "infra/production"; run "pulumi up" on it first, or correct the name',
    );
  });

  it("reads no other organization's stacks", async () => {
    assert.match(
      await failure({ theirs: { stack: "infra/prod" } }),
      /organization acme has no stack "infra\/prod"/,
    );
  });

  it("takes project/stack: an organization in the name is an error that says what to write", async () => {
    assert.equal(
      await failure({ infra: { stack: "acme/infra/staging" } }),
      'stacks.infra: "acme/infra/staging" names an organization, which ESC takes from the environment: write "infra/staging"',
    );
    for (const stack of ["staging", "a/b/c/d", "/staging", "infra/", ""]) {
      assert.match(await failure({ infra: { stack } }), /is not a stack: write project\/stack/, stack);
    }
  });

  it("is checked without reading any stack", async () => {
    const checked = await service.checkYaml(
      "acme",
      "values: {s: {fn::open::pulumi-stacks: {stacks: {x: {stack: no/such}}}}}\n",
    );
    assert.match(checked.environment, /"unknown":true/);
    await assert.rejects(service.checkYaml("acme", "values: {s: {fn::open::pulumi-stacks: {}}}\n"), {
      code: "ERR_ESC_SERVICE_BAD_DEFINITION",
    });
  });
});
