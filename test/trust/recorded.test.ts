import assert from "node:assert/strict";
import { Archive, Asset, type ResourceState, Secret, UNKNOWN } from "../../sandbox/engine/index";
import { createPulumiServiceCloud, EscService } from "../../sandbox/pulumi";
import { recordedTrust } from "../../sandbox/trust/recorded";
import { lintTrust } from "../../trust/index";
import { ACCOUNT, policy } from "./support";

type Values = ResourceState["inputs"];

function resource(
  type: string,
  name: string,
  inputs: Values,
  outputs: Values = {},
  rest: Partial<ResourceState> = {},
): ResourceState {
  return {
    urn: `urn:pulumi:prod::shop::${type}::${name}`,
    type,
    name,
    parent: undefined,
    custom: true,
    remote: false,
    change: "create",
    inputs,
    outputs: { ...inputs, ...outputs },
    dependencies: [],
    propertyDependencies: {},
    options: {},
    where: "index.ts:7",
    ...rest,
  };
}

const read = (...resources: ResourceState[]) =>
  recordedTrust({ organization: "acme", project: "shop", stack: "prod", resources });
const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const document = (Action: string) => JSON.stringify(policy({ Effect: "Allow", Action, Resource: "*" }));

describe("What recorded resources say", () => {
  it("of a role is its trust, every policy on it, its boundary and its longest session", () => {
    const managed = `arn:aws:iam::${ACCOUNT}:policy/deploy`;
    const [role] = read(
      resource(
        "aws:iam/role:Role",
        "r",
        {
          name: "deploy",
          assumeRolePolicy: JSON.stringify(policy()),
          managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
          inlinePolicies: [{ name: "in", policy: document("s3:GetObject") }],
          permissionsBoundary: managed,
        },
        { arn: arn("deploy") },
      ),
      resource("aws:iam/rolePolicy:RolePolicy", "p", {
        role: "deploy",
        name: "own",
        policy: new Secret(document("s3:PutObject")),
      }),
      resource("aws:iam/rolePolicy:RolePolicy", "q", {
        role: "other",
        name: "others",
        policy: document("*"),
      }),
      resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {
        role: "deploy",
        policyArn: managed,
      }),
      resource(
        "aws:iam/policy:Policy",
        "m",
        { name: "deploy", policy: document("lambda:*") },
        { arn: managed },
      ),
    ).roles;
    assert.deepEqual(
      role?.policies.map(({ name }) => name),
      ["own", "in", "deploy"],
    );
    assert.deepEqual(role?.managedPolicyArns, ["arn:aws:iam::aws:policy/ReadOnlyAccess", managed]);
    assert.equal(role?.boundary?.name, "deploy");
    assert.equal(role?.maxSessionSeconds, 3600);
    assert.deepEqual(role?.place, {
      text: 'shop/prod, aws:iam/role:Role "r"',
      urn: "urn:pulumi:prod::shop::aws:iam/role:Role::r",
      file: "index.ts",
      line: 7,
    });
  });

  it("of a production environment is who may open it, where the program declares that", () => {
    const environment = resource("pulumiservice:index:Environment", "e", {
      organization: "acme",
      project: "shop",
      name: "prod",
      yaml: new Asset({ text: "imports: [shop/base]\nvalues: {}\n" }),
    });
    const inputs = {
      organization: "acme",
      project: "shop",
      environment: "prod",
      team: "ops",
      permission: "open",
    };
    const declared = resource("pulumiservice:index:TeamEnvironmentPermission", "t", inputs);
    const rules = (input: ReturnType<typeof read>) => lintTrust(input).map(({ rule }) => rule);
    assert.deepEqual(rules(read(environment)), ["T24"]);
    assert.deepEqual(rules(read(environment, declared)), []);
    assert.deepEqual(read(environment).environments[0]?.imports, ["shop/base"]);
    // What leaves the stack declares nothing.
    assert.deepEqual(rules(read(environment, { ...declared, change: "delete" })), ["T24"]);
  });

  it("of a function is its adapter's configuration, or its code where it has none", () => {
    const code = (assets: Record<string, Asset>) => new Archive({ assets });
    const lambda = (assets: Record<string, Asset>) =>
      read(
        resource("aws:lambda/function:Function", "f", {
          name: "adapter",
          role: arn("adapter"),
          code: code(assets),
        }),
      ).adapters;
    const configured = lambda({
      "index.js": new Asset({ path: "x.js" }),
      "config.json": new Asset({ text: '{"organization":"acme"}' }),
    });
    assert.deepEqual(configured[0]?.config, { organization: "acme" });
    const handler = "const audience = event.headers.host; jwt.verify(token, key, { audience })";
    const bare = lambda({ "index.js": new Asset({ text: handler }) });
    assert.equal(bare[0]?.code, handler);
    assert.deepEqual(lambda({ "index.js": new Asset({ path: "x.js" }) }), []);
  });

  it("survives what a preview does not know yet", () => {
    const unknown = read(
      resource("aws:iam/role:Role", "r", {
        name: "deploy",
        assumeRolePolicy: UNKNOWN,
        managedPolicyArns: UNKNOWN,
      }),
    );
    assert.equal(unknown.roles.length, 1);
    assert.deepEqual(lintTrust(unknown), []);
  });
});

describe("A team's permission in the sandbox", () => {
  it("is recorded under the provider's own id, and refused when a part is missing", async () => {
    const service = new EscService({ organizations: ["acme"] });
    const type = createPulumiServiceCloud(service).resources["pulumiservice:index:TeamEnvironmentPermission"];
    assert.ok(type?.delete);
    const inputs = { organization: "acme", environment: "prod", team: "ops", permission: "open" };
    const request = { inputs, type: "t", name: "n" } as unknown as Parameters<typeof type.create>[0];
    assert.equal((await type.create(request)).id, "acme/ops/default+prod");
    const prod = { organization: "acme", project: "default", name: "prod" };
    assert.equal(service.grants.of(prod, "team:ops"), "open");
    await type.delete({ ...request, id: "acme/ops/default+prod", outputs: {} });
    assert.equal(service.grants.of(prod, "team:ops"), "none");
    assert.throws(
      () => type.create({ ...request, inputs: { ...inputs, team: UNKNOWN } }),
      /team must be a string/,
    );
    assert.throws(
      () => type.create({ ...request, inputs: { ...inputs, maxOpenDuration: "1h" } }),
      /does not know the input maxOpenDuration/,
    );
  });
});
