import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { parse } from "yaml";

const root = join(__dirname, "..", "..");

describe("The example stacks", () => {
  it("export the outputs that the stages are configured to read", async () => {
    await runtime.setMocks(
      { newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: ({ inputs }) => inputs },
      "infra",
      "staging",
    );
    const infra = await import("../../examples/infra/index.js");
    const api = await import("../../examples/api/index.js");
    const programs: Record<string, object> = { infra, api };
    for (const stage of ["staging", "prod"]) {
      const { config } = parse(readFileSync(join(root, `Pulumi.${stage}.yaml`), "utf8"));
      const sources: { stack: string; outputs: object }[] = Object.values(config["escapement:stacks"]);
      for (const { stack, outputs } of sources) {
        const [program, name] = stack.split("/") as [string, string];
        assert.equal(name, stage);
        const exported = Object.entries(programs[program] ?? {}).map(([output, value]) => [
          output,
          typeof value,
        ]);
        for (const output of Object.keys(outputs)) {
          assert.ok(
            exported.some(([has, type]) => has === output && type === "string"),
            `${stack} exports ${output}`,
          );
        }
      }
    }
    assert.equal(api.service_name, "api-staging");
  });

  for (const name of ["infra", "api"]) {
    it(`are programs of their own: ${name}`, () => {
      const project = parse(readFileSync(join(root, "examples", name, "Pulumi.yaml"), "utf8"));
      assert.deepEqual([project.name, project.runtime, project.main], [name, "nodejs", "index.ts"]);
    });
  }
});
