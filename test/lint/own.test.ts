import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCheck } from "../../cli/commands/check";
import { readDeclared, readProgramEnvironments } from "../../cli/program-environments";
import {
  adapterAddresses,
  prod,
  rotated,
  rotatedEnvironmentName,
  staging,
} from "../../esc/environments/index";
import { checkEnvironments } from "../../esc/lint/check";
import type { EnvironmentSource } from "../../esc/lint/source";
import { everything, project } from "../environments/known";

const root = join(__dirname, "..", "..");

describe("escapement check and this project's own environments", () => {
  it("finds nothing in what the program would write, nor in its stack files", async () => {
    const { ok, output } = await runCheck({ files: [], program: true, form: "json", directory: root });
    assert.deepEqual(JSON.parse(output), {
      ok: true,
      checked: [
        ...["escapement/base", "escapement/dev", "escapement/staging", "escapement/prod"],
        ...["Pulumi.base.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"],
      ],
      findings: [],
    });
    assert.ok(ok);
  });

  it("finds nothing in the environment of a rotated credential, nor in a production that imports it", async () => {
    const credential = { project, stage: "prod", name: "database" };
    const rotatedName = `${project}/${rotatedEnvironmentName(credential)}`;
    const environments = [
      {
        name: `${project}/prod-adapter`,
        yaml: adapterAddresses({ stage: "prod", rotateUrl: "https://a.example/rotate" }).render(),
      },
      { name: rotatedName, yaml: rotated(credential).render() },
      {
        name: `${project}/prod`,
        yaml: `imports: [${rotatedName}]\nvalues:\n  environmentVariables: { DB_USER: "\${rotated.database.current.username}" }\n`,
      },
    ];
    assert.deepEqual(await checkEnvironments({ environments }), []);
  });

  it("finds nothing in a stack that is configured by a stage", async () => {
    const files = ["staging", "prod"].map((stage) =>
      join(root, "examples", "worker", `Pulumi.${stage}.yaml`),
    );
    const { ok, output } = await runCheck({ files, program: false, form: "text", directory: root });
    assert.ok(ok, output);
  });

  it("finds nothing in a stage with everything, also where the inventory of the program is not known", async () => {
    const golden = (name: string): EnvironmentSource => ({
      name: `${project}/${name}`,
      yaml: readFileSync(join(root, "test", "environments", "golden", `${name}.golden.yaml`), "utf8"),
    });
    const stages: EnvironmentSource[] = [
      { name: `${project}/staging`, yaml: staging(everything("staging")).render() },
      { name: `${project}/prod`, yaml: prod({ ...everything("prod"), region: "us-east-1" }).render() },
    ];
    const found = await checkEnvironments({ environments: [golden("base"), golden("dev"), ...stages] });
    // Only a program can say that it writes base itself, and that dev's key is made up.
    assert.deepEqual(
      found.map(({ rule, on }) => `${rule} ${on}`),
      ["E03 shop/dev", "E06 shop/prod"],
    );
  });

  it("sees a mistake in one of them", async () => {
    const { environments } = await readProgramEnvironments(root);
    const declared = await readDeclared(root, "escapement");
    const broken = environments.map(({ name, yaml }) => ({
      name,
      yaml: yaml.replace("subjectAttributes", "subjectAttribute"),
    }));
    const found = await checkEnvironments({ environments: broken, declared });
    const stages = ["escapement/staging", "escapement/prod"];
    assert.deepEqual(
      found.map(({ rule, on }) => `${rule} ${on}`),
      // The role is a stand-in, which no inventory has.
      stages.flatMap((on) => ["E08", "E10", "E21"].map((rule) => `${rule} ${on}`)),
    );
  });
});
