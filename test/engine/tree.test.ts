import assert from "node:assert/strict";
import fc from "fast-check";
import { type ResourceState, renderTree, Secret } from "../../sandbox/engine/index";

function resource(fields: Partial<ResourceState> & Pick<ResourceState, "type" | "name">): ResourceState {
  return {
    urn: `urn:${fields.type}::${fields.name}`,
    parent: undefined,
    custom: true,
    remote: false,
    change: "create",
    inputs: {},
    outputs: {},
    dependencies: [],
    propertyDependencies: {},
    options: {},
    ...fields,
  };
}

const stack = resource({ type: "pulumi:pulumi:Stack", name: "app-dev", custom: false });

describe("the tree of resources", () => {
  it("shows types as Pulumi shows them, and what is read or failed by its sign", () => {
    const parent = stack.urn;
    const resources = [
      stack,
      resource({ type: "aws:iam/role:Role", name: "login", parent }),
      resource({
        type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        name: "found",
        parent,
        change: "read",
      }),
      resource({ type: "aws:s3/bucketV2:Bucket", name: "odd", parent, failed: true }),
    ];
    assert.deepEqual(renderTree({ resources }), [
      " + pulumi:pulumi:Stack               app-dev",
      " + ├─ aws:iam:Role                   login",
      " > ├─ aws:iam:OpenIdConnectProvider  found",
      " ! └─ aws:s3/bucketV2:Bucket         odd",
    ]);
  });

  it("leaves default providers out, as Pulumi does, and keeps explicit ones", () => {
    const resources = [
      stack,
      resource({ type: "pulumi:providers:aws", name: "default_7_48_0" }),
      resource({ type: "pulumi:providers:aws", name: "frankfurt", parent: stack.urn }),
    ];
    assert.deepEqual(renderTree({ resources }), [
      " + pulumi:pulumi:Stack      app-dev",
      " + └─ pulumi:providers:aws  frankfurt",
    ]);
  });

  it("fits the width, one line a resource, whatever the names", () => {
    const word = fc.string({ minLength: 1, maxLength: 120, unit: "grapheme-ascii" });
    const nodes = fc.array(fc.record({ type: word, name: word, above: fc.nat() }), { maxLength: 12 });
    fc.assert(
      fc.property(nodes, fc.integer({ min: 40, max: 120 }), (list, width) => {
        const resources = [stack];
        for (const { type, name, above } of list) {
          const parent = resources[above % resources.length]?.urn;
          resources.push(resource({ type: `t:${type}`, name, urn: `urn:${resources.length}`, parent }));
        }
        const lines = renderTree({ resources, width });
        assert.equal(lines.length, resources.length);
        for (const line of lines) assert.ok(line.length <= width, line);
      }),
    );
  });

  it("shows nothing but types and names", () => {
    const inputs = { password: new Secret("hush"), plain: "visible" };
    assert.deepEqual(renderTree({ resources: [{ ...stack, inputs, outputs: inputs }] }), [
      " + pulumi:pulumi:Stack  app-dev",
    ]);
  });

  it("is empty without resources", () => {
    assert.deepEqual(renderTree({ resources: [] }), []);
  });
});
