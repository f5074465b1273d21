import assert from "node:assert/strict";
import { type VerifyOptions, type VerifyResult, verifyAll } from "../../cli/verify";
import { loadSettings } from "../../esc/generated/settings";
import { inventory } from "../../esc/inventory";
import type { ProblemCode } from "../../esc/inventory/verify/line";
import { inventory as oceanid } from "../../examples/oceanid/inventory";
import { nerLabels } from "../../examples/oceanid/labels";
import { oceanidYaml, type StageWorld, startStages } from "./stage";

interface Fault {
  /** Each line that is to be named, as `environment: line: code`. No other may be. */
  readonly lines: readonly string[];
  /** What is verified together. @default staging */
  readonly environments?: readonly string[];
  readonly options?: Partial<VerifyOptions>;
  break(world: StageWorld): unknown;
}

const DAY = 24 * 3600 * 1000;
const token = `ghp_${"k3Y".repeat(12)}`;
const key = "Q7ZT3KDM5WNBX2YPJ4HC6R8VFGS9";
const json = (value: object) => JSON.stringify(value);
const staging = (...lines: `${string}: ${ProblemCode}`[]) => lines.map((line) => `staging: ${line}`);

const edit = (find: string | RegExp, replacement: string) => (world: StageWorld) => {
  const text = world.yaml.replace(find, replacement);
  assert.notEqual(text, world.yaml, `${find} is in the definition`);
  return world.write("staging", text);
};
const put = (entry: string, value: string) => (world: StageWorld) => world.put(entry, value);
const relabel = (labels: string) => (world: StageWorld) =>
  world.write(
    "oceanid",
    oceanidYaml.replace(
      /(NER_LABELS|oceanid-cluster:nerLabels): .*/g,
      (_, name: string) => `${name}: ${json([labels]).slice(1, -1)}`,
    ),
  );
const ofOceanid = { inventory: oceanid, stage: "prod" };
const labels = { lines: ["oceanid: NER_LABELS: malformed"], environments: ["oceanid"], options: ofOceanid };
const everywhere = ["dev", "staging", "prod"];

const faults: Readonly<Record<string, Fault>> = {
  "a variable that is not there": {
    lines: staging("JWT_SECRET: missing"),
    break: edit(/ {4}JWT_SECRET: .*\n/, ""),
  },
  "a key of configuration that is not there": {
    lines: staging("pulumiConfig.aws:region: missing"),
    break: edit(/ {2}pulumiConfig:\n.*\n/, ""),
  },
  "an entry that is not there": {
    lines: staging("JWT_SECRET: provider"),
    break: edit("shop/staging/jwt", "shop/staging/jtw"),
  },
  "an entry without the member": {
    lines: staging("JWT_SECRET: does-not-open"),
    break: put("staging/jwt", json({ key })),
  },
  "an entry that is not JSON": {
    lines: staging("JWT_SECRET: does-not-open"),
    break: put("staging/jwt", key),
  },
  "an empty value": {
    lines: staging("JWT_SECRET: empty"),
    break: put("staging/jwt", json({ secret: "" })),
  },
  "a value of blanks": {
    lines: staging("JWT_SECRET: empty"),
    break: put("staging/jwt", json({ secret: " \n" })),
  },
  "a placeholder": {
    lines: staging("DATABASE_URL: placeholder"),
    break: put("staging/database", json({ url: "postgresql://user:<your password>@host:5432/app" })),
  },
  "a value of another form": {
    lines: staging("DATABASE_URL: malformed"),
    break: put("staging/database", json({ url: `mysql://app:${key}@db.internal:3306/app` })),
  },
  "a line break at the end of a value": {
    lines: staging("JWT_SECRET: malformed"),
    break: put("staging/jwt", json({ secret: `${key}\n` })),
  },
  "a secret that ESC does not treat as one": {
    lines: staging("PARTNER_API_KEY: not-secret"),
    break: edit(/(secretName: shop\/staging\/partner\n)/, "$1        secret: false\n"),
  },
  "62 labels": { ...labels, break: relabel(json(nerLabels.slice(1))) },
  "63 labels with one twice": { ...labels, break: relabel(json([...nerLabels.slice(1), "VESSEL"])) },
  "labels that are no JSON": { ...labels, break: relabel(nerLabels.join(", ")) },
  "labels that ESC does not export, as a list": {
    ...labels,
    break: (world) =>
      world.write("oceanid", oceanidYaml.replace(/NER_LABELS: .*/, `NER_LABELS: ${json([...nerLabels])}`)),
  },
  "another stage's entry": {
    lines: staging("DATABASE_URL: other-stage", "DATABASE_URL: same-in-stages").concat(
      "prod: DATABASE_URL: same-in-stages",
    ),
    environments: everywhere,
    break: edit("shop/staging/database", "shop/prod/database"),
  },
  "another stage's value": {
    lines: ["staging: JWT_SECRET: same-in-stages", "prod: JWT_SECRET: same-in-stages"],
    environments: everywhere,
    break: (world) => world.put("staging/jwt", world.textOf("prod/jwt")),
  },
  "stages that were swapped": {
    lines: staging("API_URL: malformed"),
    break: edit("https://api-staging.", "https://api."),
  },
  "a laptop's stand-in": {
    lines: staging("JWT_SECRET: malformed", "JWT_SECRET: same-in-stages"),
    environments: everywhere,
    break: put("staging/jwt", json({ secret: "local-development-only" })),
  },
  "a secret that is overdue by the date beside it": {
    lines: staging("JWT_SECRET: overdue"),
    break: put("staging/jwt", json({ secret: key, rotatedAt: "2026-01-31" })),
  },
  "a secret that is overdue by AWS's date": {
    lines: staging("DATABASE_URL: overdue"),
    options: {
      agesOf: async () =>
        new Map([["database", { changed: new Date(Date.now() - 91 * DAY), source: "aws" }]]),
    },
    break: () => undefined,
  },
  "a variable that nobody declared": {
    lines: staging("DEBUG: undeclared"),
    break: edit(/( {4}API_URL: )/, '    DEBUG: "1"\n$1'),
  },
  "a key that nobody declared": {
    lines: staging("pulumiConfig.shop:debug: undeclared"),
    break: edit(/( {4}aws:region: )/, "    shop:debug: true\n$1"),
  },
  "a token in plain text": {
    lines: staging("values.notes: plain-text"),
    break: edit(/^values:\n/m, `values:\n  notes: call it with ${token}\n`),
  },
  "a secret's value in plain text": {
    lines: staging("values.spare: plain-text"),
    break: (world) =>
      edit(/^values:\n/m, `values:\n  spare: ${JSON.parse(world.textOf("staging/jwt")).secret}\n`)(world),
  },
  "a secret written out where its entry should be read": {
    lines: staging("JWT_SECRET: not-secret", "values.environmentVariables.JWT_SECRET: plain-text"),
    break: edit(/JWT_SECRET: .*/, `JWT_SECRET: ${key}`),
  },
  "a secret kept in the definition": {
    lines: staging("values.environmentVariables.JWT_SECRET: in-definition"),
    break: edit(/JWT_SECRET: .*/, `JWT_SECRET: { "fn::secret": ${key} }`),
  },
  "what is deployed has drifted": {
    lines: staging("DATABASE_URL: drifted"),
    options: {
      moreLines: [
        async ({ target: { name }, definition }) =>
          name === "staging" && definition?.includes("secrets.database.uri")
            ? [{ name: "DATABASE_URL", problems: [{ code: "drifted", reason: "has drifted" }] }]
            : [],
      ],
    },
    break: async (world) => {
      await world.put(
        "staging/database",
        JSON.stringify({ uri: JSON.parse(world.textOf("staging/database")).url }),
      );
      await edit("secrets.database.url", "secrets.database.uri")(world);
    },
  },
  "an adapter that is not reached": {
    lines: staging("PARTNER_API_KEY: provider"),
    break(world) {
      world.adapter = () => {
        throw new Error("https://adapter.acme.dev/open was not reached");
      };
    },
  },
  "a login that is refused": {
    lines: staging("aws-login: provider"),
    break(world) {
      world.login = () => {
        throw new Error("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
      };
    },
  },
  "a stack that is not there": {
    lines: staging("pulumi-stacks: provider"),
    break: edit("infra/staging", "infra/stagign"),
  },
  "an environment that opens to nothing": {
    lines: staging(
      "environment: nothing",
      ...(["ECS_CLUSTER", "ECR_REPOSITORY_URL", "ECS_SERVICE", "DATABASE_URL", "JWT_SECRET"] as const).map(
        (name) => `${name}: missing` as const,
      ),
      "PARTNER_API_KEY: missing",
      "API_URL: missing",
      "pulumiConfig.aws:region: missing",
    ),
    break: (world) => world.write("staging", "values: {}\n"),
  },
};

describe("escapement verify, against the inventory", () => {
  let world: StageWorld;
  before(async () => {
    world = await startStages();
  });
  after(() => world.stop());

  const verified = async (names: readonly string[] = ["staging"], options: Partial<VerifyOptions> = {}) => {
    const targets = names.map((name) => ({
      organization: "acme",
      project: "shop",
      name,
      version: undefined,
    }));
    return verifyAll(world.client, targets, { promote: false, inventory, ...options });
  };
  const named = (results: readonly VerifyResult[]) =>
    results.flatMap(({ environment, lines }) =>
      lines.flatMap(({ name, problems }) =>
        problems.map(({ code }) => `${environment.replace(/^.*\//, "")}: ${name}: ${code}`),
      ),
    );

  it("passes what is as it should be, and says what it could not tell", async () => {
    const results = [...(await verified(everywhere)), ...(await verified(["oceanid"], ofOceanid))];
    assert.deepEqual(named(results), []);
    assert.ok(results.every(({ ok, stage }) => ok && stage !== undefined));
    assert.deepEqual(
      results[1]?.lines
        .filter(({ unknown }) => unknown !== undefined)
        .map(({ name, unknown }) => `${name} ${unknown}`),
      ["DATABASE_URL", "JWT_SECRET", "PARTNER_API_KEY"].map((name) => `${name} its age cannot be told`),
    );
  });

  for (const [name, fault] of Object.entries(faults)) {
    it(`names the line: ${name}`, async () => {
      await fault.break(world);
      try {
        const results = await verified(fault.environments, fault.options);
        assert.deepEqual(named(results), fault.lines);
        assert.ok(results.some(({ ok }) => !ok));
        const shown = JSON.stringify(results);
        for (const secret of [token, key, ...world.secrets])
          assert.ok(!shown.includes(secret), "no value is shown");
        for (const { lines } of results) {
          for (const { problems } of lines) assert.ok(problems.every(({ reason }) => !/\n/.test(reason)));
        }
      } finally {
        await world.mend();
      }
    });
  }

  it("leaves what the loader of an application takes, stage by stage", async () => {
    const read = async (name: string) => {
      const { environmentVariables } = await world.sandbox.open(`shop/${name}`);
      return Object.fromEntries(
        Object.entries(environmentVariables).map(([key, value]) => [key, String(value)]),
      );
    };
    assert.equal(loadSettings("dev", await read("dev")).PORT, 8080);
    const settings = loadSettings("staging", await read("staging"));
    assert.equal(settings.API_URL, "https://api-staging.acme.dev");
    assert.match(settings.DATABASE_URL.reveal(), /^postgresql:/);
    assert.throws(
      () => loadSettings("prod", {}),
      /7 settings of prod cannot be used:\n {2}ECS_CLUSTER is missing\n/,
    );
  });

  it("was broken in 25 ways and more", () => {
    assert.ok(Object.keys(faults).length >= 25, `${Object.keys(faults).length}`);
  });
});
