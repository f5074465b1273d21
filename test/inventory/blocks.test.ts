import assert from "node:assert/strict";
import { environment, fillBlocks, valueIn } from "../../esc";
import { adapterAddresses, rotated } from "../../esc/environments";
import { check } from "../../esc/evaluator";
import type { Blocks } from "../../esc/inventory/blocks";
import { defineInventory } from "../../esc/inventory/define";
import { providerSchemas, rotatorSchemas } from "../../esc/providers/schemas";

const inventory = defineInventory({
  title: "Secrets",
  stages: ["staging"],
  items: [
    {
      name: "database",
      description: "Login of the database",
      kind: "secret",
      livesIn: "rotated",
      stages: ["staging"],
      values: [
        { jsonKey: "username", form: "text", variable: "DB_USER" },
        { jsonKey: "password", form: "random-key", variable: "DB_PASSWORD", config: "shop:password" },
      ],
      owner: "team",
      obtain: "Rotate it",
      rotateWithinDays: 30,
      consumers: ["API"],
    },
    {
      name: "port",
      description: "Port",
      kind: "setting",
      livesIn: "esc",
      stages: ["staging"],
      values: [{ form: "port", variable: "PORT" }],
      owner: "team",
      consumers: ["API"],
    },
  ],
});

const fill = (settings: { readonly [name: string]: number }): Blocks =>
  fillBlocks(inventory, "staging", { settings, find: () => "x" });

describe("The blocks that an inventory decides", () => {
  it("read what ESC rotates from the environment that holds it", async () => {
    const database = rotated({ project: "shop", stage: "staging", name: "database" });
    const addresses = adapterAddresses({ stage: "staging", rotateUrl: "https://rotate.acme.dev/" });
    const definition = environment()
      .import("shop/rotated-staging-database", database)
      .environmentVariables(
        ({ rotated }) =>
          fillBlocks(inventory, "staging", {
            settings: { port: 8080 },
            find: ({ item, value }) => valueIn(rotated, item, value),
          }).environmentVariables,
      );
    assert.match(
      definition.render(),
      /DB_PASSWORD: \$\{rotated\.database\.current\.password\}\n {4}PORT: 8080/,
    );
    const { diagnostics } = await check({
      name: "shop/staging",
      yaml: definition.render(),
      loadEnvironment: async (name) => ({
        yaml: (name === "shop/staging-adapter" ? addresses : database).render(),
      }),
      providers: providerSchemas,
      rotators: rotatorSchemas,
      context: {},
    });
    assert.deepEqual(diagnostics, []);
  });

  it("have a variable and a key for each value that fills both", () => {
    assert.deepEqual(fill({ port: 8080 }), {
      environmentVariables: { DB_USER: "x", DB_PASSWORD: "x", PORT: 8080 },
      pulumiConfig: { "shop:password": "x" },
    });
  });

  it("refuse a setting that only one of inventory and definition knows", () => {
    assert.throws(() => fill({}), {
      code: "ERR_DEFINITION_KEY",
      message: /declares port for staging: give it a value/,
    });
    assert.throws(() => fill({ port: 1, prot: 2 }), { message: /declares no setting prot for staging/ });
  });

  it("leave out what is not configured", () => {
    const { environmentVariables } = fillBlocks(inventory, "staging", {
      settings: { port: 1 },
      find: () => undefined,
    });
    assert.deepEqual(environmentVariables, { PORT: 1 });
  });
});
