import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { base, dev, placeholders, prod, type StageOptions, staging } from "../../esc/environments/index";
import { inventory, itemsOf, type Stage } from "../../esc/inventory";
import { checked, cloud, everything, opened, project } from "./known";

const golden = (name: string) => readFileSync(join(__dirname, "golden", `${name}.golden.yaml`), "utf8");

interface Opened {
  readonly environmentVariables: Record<string, unknown>;
  readonly pulumiConfig: Record<string, unknown>;
  readonly [name: string]: unknown;
}

const parse = (json: string | undefined) => JSON.parse(json ?? "null") as Opened;

describe("The environments of this project", () => {
  const written: [name: string, yaml: string][] = [
    ["base", base({ domain: "example.com", region: "eu-west-1" }).render()],
    ["dev", dev({ project }).render()],
    ["staging", staging(everything("staging")).render()],
    ["staging-bare", staging({ project }).render()],
    ["prod", prod({ ...everything("prod"), region: "us-east-1" }).render()],
  ];
  for (const [name, yaml] of written) {
    it(`read as written: ${name}`, () => {
      assert.equal(yaml, golden(name));
    });
  }

  it("check clean with nothing configured, with everything, and with any part of it", async () => {
    for (const stage of ["staging", "prod"] as const) {
      for (const options of partsOf({ ...everything(stage), region: "us-east-1" })) {
        const { diagnostics } = await checked(stage, (stage === "prod" ? prod : staging)(options).render());
        assert.deepEqual(diagnostics, [], `${stage} with ${Object.keys(options)}`);
      }
    }
  });

  it("check clean with placeholders for what a deployment learns", async () => {
    const { diagnostics } = await checked(
      "staging",
      staging({ ...everything("staging"), ...placeholders }).render(),
    );
    assert.deepEqual(diagnostics, []);
  });

  it("render nothing that needs what is not configured", () => {
    for (const options of partsOf(everything("staging"))) {
      const yaml = staging(options).render();
      assert.equal(/pulumi-stacks|ECS_CLUSTER|ecr:|infra/.test(yaml), options.stacks !== undefined);
      assert.equal(
        /aws-secrets|aws-login|DATABASE_URL|JWT_SECRET/.test(yaml),
        options.loginRoleArn !== undefined,
      );
      assert.equal(/external|PARTNER_API_KEY/.test(yaml), options.adapterUrl !== undefined);
      assert.match(yaml, /API_URL: \$\{urls\.api\}/);
    }
  });

  it("open without any cloud: dev", async () => {
    const { diagnostics, revealedJson } = await opened("dev", dev({ project }).render());
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(parse(revealedJson).environmentVariables, {
      API_URL: "http://localhost:8080",
      PORT: 8080,
      DATABASE_URL: "postgresql://localhost:5432/shop",
      JWT_SECRET: "local-development-only",
    });
  });

  it("open whole when every provider answers: staging", async () => {
    const { asked, providers } = cloud();
    const evaluation = await opened("staging", staging(everything("staging")).render(), providers);
    assert.deepEqual(evaluation.diagnostics, []);
    const { environmentVariables, pulumiConfig, urls } = parse(evaluation.revealedJson);
    assert.deepEqual(environmentVariables, {
      ECS_CLUSTER: "app-staging",
      ECS_SERVICE: "api-staging",
      ECR_REPOSITORY_URL: "1.dkr.ecr.eu-west-1.amazonaws.com/app",
      DATABASE_URL: "postgresql://db/app",
      JWT_SECRET: "signing key",
      PARTNER_API_KEY: "partner key",
      API_URL: "https://api-staging.example.com",
    });
    assert.deepEqual(urls, {
      api: "https://api-staging.example.com",
      ecr: "1.dkr.ecr.eu-west-1.amazonaws.com/app",
    });
    assert.deepEqual(pulumiConfig, { "aws:region": "eu-west-1" });
    assert.deepEqual(asked["pulumi-stacks"], [
      { stacks: { infra: { stack: "infra/staging" }, api: { stack: "api/staging" } } },
    ]);
    assert.deepEqual(asked["aws-login"], [
      {
        oidc: {
          roleArn: "arn:aws:iam::123456789012:role/shop-staging-esc",
          sessionName: "esc-someone",
          duration: "1h",
          subjectAttributes: ["currentEnvironment.name"],
        },
      },
    ]);
    assert.deepEqual(asked.external, [
      { url: "https://adapter-staging.example.com/open", request: { secretName: "shop/staging/partner" } },
    ]);
  });

  it("keep every secret secret when they are printed", async () => {
    const { redactedJson = "" } = await opened(
      "staging",
      staging(everything("staging")).render(),
      cloud().providers,
    );
    const { environmentVariables } = parse(redactedJson);
    for (const name of ["DATABASE_URL", "JWT_SECRET", "PARTNER_API_KEY"]) {
      assert.equal(environmentVariables[name], "[secret]");
    }
    assert.equal(environmentVariables.ECS_CLUSTER, "app-staging");
    assert.doesNotMatch(redactedJson, /postgresql:|signing key|partner key/);
  });

  it("read a stage's entries in its own region, where it has one", async () => {
    const { asked, providers } = cloud();
    const evaluation = await opened(
      "prod",
      prod({ ...everything("prod"), region: "us-east-1" }).render(),
      providers,
    );
    assert.deepEqual(evaluation.diagnostics, []);
    assert.deepEqual(parse(evaluation.revealedJson).pulumiConfig, { "aws:region": "us-east-1" });
    const session = {
      accessKeyId: "SESSION-ID",
      secretAccessKey: "SESSION-KEY",
      sessionToken: "SESSION-TOKEN",
    };
    const get = { database: { secretId: "shop/prod/database" }, jwt: { secretId: "shop/prod/jwt" } };
    assert.deepEqual(asked["aws-secrets"], [{ region: "us-east-1", login: session, get }]);
  });

  it("name only their own stage's entries", () => {
    assert.doesNotMatch(staging(everything("staging")).render(), /shop\/prod/);
    assert.doesNotMatch(prod(everything("prod")).render(), /shop\/staging/);
  });

  it("refuse the output of a stack for a variable that the inventory does not expect from there", () => {
    const stacks = { infra: { stack: "infra/staging", outputs: { url: "API_URL" } } };
    assert.throws(() => staging({ project, stacks }), { code: "ERR_DEFINITION_KEY", message: /API_URL/ });
  });
});

describe("The inventory", () => {
  it("declares every variable and key that a stage exports", async () => {
    const yaml: Record<Stage, string> = {
      dev: dev({ project }).render(),
      staging: staging(everything("staging")).render(),
      prod: prod(everything("prod")).render(),
    };
    for (const stage of ["dev", "staging", "prod"] as const) {
      const { redactedJson } = await checked(stage, yaml[stage]);
      const { environmentVariables, pulumiConfig } = parse(redactedJson);
      const declared = itemsOf(stage).flatMap(({ values }) => values);
      assert.deepEqual(
        Object.keys(environmentVariables).sort(),
        declared.flatMap(({ variable }) => variable ?? []).sort(),
      );
      assert.deepEqual(
        Object.keys(pulumiConfig),
        declared.flatMap(({ config }) => config ?? []),
      );
    }
  });

  it("keeps no secret on a laptop", () => {
    for (const { name, kind, stages } of inventory.items) {
      assert.ok(kind === "setting" || !stages.includes("dev"), name);
    }
  });
});

/** The same options with each choice of the optional ones left out. */
function partsOf(options: StageOptions): StageOptions[] {
  const { project, ...optional } = options;
  const entries = Object.entries(optional);
  return Array.from({ length: 2 ** entries.length }, (_, choice) => ({
    project,
    ...Object.fromEntries(entries.filter((_, position) => (choice >> position) % 2 === 1)),
  }));
}
