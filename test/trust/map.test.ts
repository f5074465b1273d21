import assert from "node:assert/strict";
import { buildTrustMap, joinTrustInputs, renderMermaid, type TrustInput } from "../../trust/index";
import { FORTY, stages } from "./stages";
import { policy } from "./support";

describe("The map of trust", () => {
  const map = buildTrustMap(stages(FORTY));
  const nodes = (kind: string) => map.nodes.filter((node) => node.kind === kind);
  const reached = (input: TrustInput) => new Set(buildTrustMap(input).edges.map(({ to }) => to));

  it("leads from who opens, or which job runs, over a role or rule to each entry, and every edge says why", () => {
    assert.equal(nodes("entry").length, 40);
    assert.equal(nodes("adapter-rule").length, 3);
    for (const { from, to, why } of map.edges) {
      assert.ok(why.length > 0);
      assert.ok(map.nodes.some(({ id }) => id === from) && map.nodes.some(({ id }) => id === to));
    }
    const why = (from: string, to: string) =>
      map.edges.find((edge) => edge.from === from && edge.to === to)?.why;
    assert.equal(
      why("who:every member of acme opens shop/prod", "role:shop-prod-esc-login"),
      "EscLogin, StringEquals sub",
    );
    assert.equal(
      why("role:shop-prod-esc-login", "entry:shop/prod/entry-1"),
      "ReadEntries allows GetSecretValue",
    );
    assert.equal(
      why("adapter-rule:shop-prod-adapter: open for shop/prod", "entry:shop/prod/partner-1"),
      "the rule lists it; ReadEntries allows GetSecretValue",
    );
    assert.equal(
      why("who:GitHub jobs of acme/shop, environment qa", "role:shop-qa-deploy"),
      "StringEquals sub by name",
    );
  });

  it("names who was given permission, and every member of the organization where nobody was", () => {
    const place = { text: "here" };
    const declared = joinTrustInputs([
      stages(FORTY),
      { permissions: [{ place, environment: "shop/prod", who: "team ops", permission: "open" }] },
    ]);
    const who = buildTrustMap(declared)
      .nodes.filter(({ kind, label }) => kind === "who" && !label.startsWith("GitHub"))
      .map(({ label }) => label);
    assert.deepEqual(who, [
      "every member of acme opens shop/qa",
      "every member of acme opens shop/staging",
      "team ops (open) opens shop/prod",
    ]);
  });

  it("shows who gets there by opening what imports the environment", () => {
    const place = { text: "here" };
    const importer = { place, name: "web/app", logins: [], adapterUrls: [], imports: ["shop/prod"] };
    const labels = buildTrustMap(joinTrustInputs([stages(FORTY), { environments: [importer] }])).nodes.map(
      ({ label }) => label,
    );
    assert.ok(labels.includes("every member of acme opens web/app, which imports shop/prod"));
  });

  it("shows which workloads of Northflank get what from an adapter", () => {
    const input = stages(FORTY);
    const request = { name: "shop/prod/partner-1", key: "apiKey" };
    const secrets = [
      { type: "ENV", key: "A", source: "secrets-manager", request },
      { type: "ENV", key: "B", source: "http", request: { upstream: "legacy" } },
    ];
    const rules = [
      { project: "shop", object: "api-*", secrets },
      { project: "*", object: "*", secrets: [] },
    ];
    const adapters = input.adapters
      .filter(({ name }) => name === "shop-prod-adapter")
      .map((adapter) => ({ ...adapter, config: { ...(adapter.config as object), northflank: { rules } } }));
    const { edges, nodes } = buildTrustMap({ ...input, adapters });
    const rule = "adapter-rule:shop-prod-adapter: inject for Northflank's shop/api-*";
    assert.deepEqual(
      edges
        .filter(({ from, to }) => from === rule || to === rule)
        .map(({ from, to, why }) => [from, to, why]),
      [
        [rule, "entry:shop/prod/partner-1", "the rule lists it; ReadEntries allows GetSecretValue"],
        [rule, "entry:http legacy", "the rule lists it"],
        ["who:Northflank starts shop/api-*", rule, "a token signed with the shared secret"],
      ],
    );
    assert.equal(nodes.filter(({ label }) => label.startsWith("Northflank")).length, 1);
  });

  it("has no edge where the evaluator says no", () => {
    const input = stages(FORTY);
    const nobody = { ...input, roles: input.roles.map((role) => ({ ...role, trustPolicy: policy() })) };
    assert.ok(!reached(nobody).has("role:shop-prod-esc-login"));
    const nothing = { ...input, roles: input.roles.map((role) => ({ ...role, policies: [] })) };
    assert.ok(reached(nothing).has("role:shop-prod-esc-login"));
    assert.ok(!reached(nothing).has("entry:shop/prod/entry-1"));
    // Broken policies draw nothing rather than everything.
    const broken = {
      ...input,
      roles: input.roles.map((role) => ({
        ...role,
        trustPolicy: "{",
        policies: [{ name: "p", document: 1 }],
      })),
    };
    assert.ok(![...reached(broken)].some((id) => id.startsWith("role:")));
  });
});

describe("The map as Mermaid", () => {
  const text = renderMermaid(buildTrustMap(stages(FORTY)));
  const lines = text.split("\n");

  it("frames each stage by itself and puts entries that are reached alike into one box", () => {
    assert.equal(lines.filter((line) => line.includes("subgraph")).length, 3);
    assert.equal(lines.filter((line) => line.endsWith(":::entry")).length, 6);
    for (const stage of FORTY) {
      for (let index = 1; index <= stage.stored; index++)
        assert.match(text, new RegExp(`shop/${stage.name}/entry-${index}(?:<br/>|")`));
    }
  });

  it("labels every edge, and keeps labels short enough to be read", () => {
    const edges = lines.filter((line) => /-->|-\.->/.test(line));
    assert.equal(edges.length, 18);
    for (const edge of edges) {
      const label = /\|"(.+)"\|/.exec(edge)?.[1];
      assert.ok(label, edge);
      for (const part of label.split("<br/>")) assert.ok(part.length <= 60, part);
    }
  });

  it("lets no name end a label or become markup", () => {
    const input = stages(FORTY);
    const hostile = 'x"]; click n0 "javascript:1" <img src=x> |';
    const entries = input.entries.map((entry) => ({ ...entry, name: hostile }));
    const drawn = renderMermaid(buildTrustMap({ ...input, entries, adapters: [] }));
    assert.ok(!drawn.includes("<img") && !drawn.includes('"];') && !drawn.includes('"javascript'));
    assert.match(drawn, /#34;#93;; click/);
  });

  it("says so when there is nothing to draw", () => {
    assert.match(renderMermaid({ nodes: [], edges: [] }), /nobody reaches anything/);
  });
});
