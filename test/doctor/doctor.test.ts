import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as z from "zod/mini";
import { examine } from "../../cli/doctor/doctor";
import type { DiagnosisCode } from "../../cli/doctor/row";
import { createEscClient } from "../../cli/esc-client";
import { AdapterError } from "../../lambda/errors";
import { type AdapterOptions, createAdapter, defineSource } from "../../lambda/index";
import { asksAdapter, readsEntry, Ward } from "./support";

const MARK = "hush-";

/** A source that knows one name. */
const echo = defineSource({
  name: "echo",
  request: z.strictObject({ name: z.string() }),
  names: ({ name }) => [name],
  connect:
    async () =>
    async ({ name }) => {
      if (name === "partner") return { value: `${MARK}partner` };
      throw new AdapterError("source_not_found", "there is no such thing");
    },
});

describe("escapement doctor", () => {
  let ward: Ward;
  let roleArn: string;
  let folder: string;
  /** Every code that a test here has brought about. */
  const named = new Set<DiagnosisCode>();

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "escapement-doctor-"));
    ward = await Ward.open();
    await ward.trustPulumi();
    roleArn = await ward.role("shop-esc", "shop/staging");
    await ward.entry("shop/full", `${MARK}value`);
    await ward.entry("shop/empty");
    await ward.entry("other/full", `${MARK}value`);
  });

  after(async () => {
    rmSync(folder, { recursive: true });
    await ward.close();
  });

  /** Examines `acme/shop/staging` with this definition and expects exactly these diagnoses, in this order. */
  async function expect(
    yaml: string | undefined,
    codes: readonly DiagnosisCode[],
    args: readonly string[] = [],
    environment = "shop/staging",
  ) {
    if (yaml !== undefined) {
      const [project = "", name = ""] = environment.split("/");
      const id = { organization: "acme", project, name };
      if (
        !ward.cloud.esc.store
          .list("acme")
          .some((each) => each.id.project === project && each.id.name === name)
      ) {
        ward.cloud.esc.store.create(id);
      }
      await ward.cloud.esc.store.update(id, yaml);
    }
    const report = await ward.examine([`acme/${environment}`, ...args]);
    assert.ok(
      !report.text.includes(MARK) && !report.text.includes(ward.accessToken),
      "nothing secret is shown",
    );
    assert.deepEqual(
      report.diagnoses.map(({ code }) => code),
      codes,
      report.text,
    );
    assert.equal(report.code, codes.length === 0 ? 0 : 1);
    for (const code of codes) named.add(code);
    return report.diagnoses.map(({ fix }) => fix);
  }

  describe("finds nothing wrong", () => {
    it("with what opens, and says what it looked at", async () => {
      await expect(readsEntry(roleArn, "shop/full"), []);
      const { fine } = await ward.examine(["acme/shop/staging"]);
      assert.deepEqual(fine.slice(1), [
        "this machine's clock agrees with the service's",
        "the environment is there",
        "it opens, with 1 variables",
      ]);
    });
  });

  describe("names what is wrong between here and ESC", () => {
    it("a service that does not answer", async () => {
      const report = await ward.examine(["acme/shop/staging"], { PULUMI_BACKEND_URL: "http://127.0.0.1:9" });
      assert.equal(report.code, 1);
      assert.equal(report.diagnoses[0]?.code, "esc-unreachable");
      assert.match(report.diagnoses[0]?.fix ?? "", /docs\/runbook\.md/);
      named.add("esc-unreachable");
    });

    it("a token that is refused, another's organization, an environment that is not there", async () => {
      const refused = await ward.examine(["acme/shop/staging"], { PULUMI_ACCESS_TOKEN: "pul-wrong" });
      assert.deepEqual(
        refused.diagnoses.map(({ code }) => code),
        ["token-refused"],
      );
      named.add("token-refused");
      const elsewhere = await ward.examine(["umbrella/shop/staging"]);
      assert.equal(elsewhere.diagnoses[0]?.code, "organization-unknown");
      assert.match(elsewhere.diagnoses[0]?.what ?? "", /one of acme/);
      named.add("organization-unknown");
      await ward.environment("default/prod", "values: {}\n");
      const [fix] = await expect(undefined, ["wrong-environment"], [], "shop/prod");
      assert.match(fix ?? "", /use one of default\/prod, shop\/staging, or pulumi up -s prod/);
    });

    it("a clock that differs by ten minutes, either way", async () => {
      const connection = { url: ward.url, accessToken: ward.accessToken };
      const client = await createEscClient(connection);
      const environment = { organization: "acme", project: "shop", name: "staging", version: undefined };
      for (const [offset, words] of [
        [600_000, "10 minutes ahead of"],
        [-600_000, "10 minutes behind"],
      ] as const) {
        const now = () => Date.now() + offset;
        const { diagnoses } = await examine({ connection, client, environment, needs: [], roles: [], now });
        assert.equal(diagnoses[0]?.code, "clock");
        assert.ok(diagnoses[0]?.what.includes(words), diagnoses[0]?.what);
      }
      named.add("clock");
    });

    it("what opens and exports nothing, and a variable that is missed", async () => {
      await expect("values: {a: 1}\nenvironmentVariables: {A: b}\n", ["nothing-exported"]);
      await expect("values: {}\n", ["nothing-exported"]);
      await expect("values: {region: eu-west-1}\n", []);
      await ward.cloud.esc.store.update(
        { organization: "acme", project: "shop", name: "staging" },
        "values:\n  environmentVariables: {DATABASE_URL_OLD: x}\n",
      );
      const report = await ward.examine(["acme/shop/staging", "--needs", "DATABASE_URL"]);
      assert.equal(report.diagnoses[0]?.code, "variable-missing");
      assert.equal(report.diagnoses[0]?.why, "did you mean DATABASE_URL_OLD?");
      named.add("variable-missing");
    });
  });

  describe("names what is wrong with entries and logins", () => {
    it("an entry without a value, one that is not there, one that the role may not read: all at once", async () => {
      const definition = readsEntry(roleArn, "shop/full").replace(
        "database: { secretId: shop/full }",
        "database: { secretId: shop/empty }\n        missing: { secretId: shop/none }\n        other: { secretId: other/full }",
      );
      const fixes = await expect(definition, ["entry-without-value", "entry-missing", "entry-denied"]);
      assert.match(fixes[0] ?? "", /^aws secretsmanager put-secret-value --secret-id shop\/empty /);
      assert.match(fixes[1] ?? "", /describe-secret --secret-id shop\/none;/);
      assert.match(fixes[2] ?? "", /let the role of the login read other\/full/);
    });

    it("a session that is longer than the role gives, and the command that mends it", async () => {
      const [fix] = await expect(readsEntry(roleArn, "shop/full", ""), ["session-too-long"]);
      assert.match(fix ?? "", /--role-name shop-esc --max-session-duration 7200/);
    });

    it("trust: the command that explains it and, with the role, the condition that decides", async () => {
      const other = await ward.role("shop-prod-esc", "shop/prod");
      const [fix] = await expect(readsEntry(other, "shop/full"), ["trust"]);
      assert.match(
        fix ?? "",
        /aws iam get-role --role-name shop-prod-esc > role\.json, then escapement trust explain/,
      );
      assert.match(
        fix ?? "",
        /"sub":"pulumi:environments:pulumi\.organization\.login:acme:currentEnvironment\.name:shop\/staging"/,
      );
      const role = path.join(folder, "role.json");
      const { trustPolicy } = ward.cloud.account.roles.get("shop-prod-esc") ?? {};
      const AssumeRolePolicyDocument = JSON.parse(String(trustPolicy));
      writeFileSync(
        role,
        JSON.stringify({ Role: { RoleName: "shop-prod-esc", Arn: other, AssumeRolePolicyDocument } }),
      );
      const { diagnoses } = await ward.examine(["acme/shop/staging", "--role", role]);
      assert.match(diagnoses[0]?.why ?? "", /shop\/prod/);
      assert.doesNotMatch(diagnoses[0]?.fix ?? "", /get-role/);
    });

    it("an organization that the account does not know, and an account that does not know Pulumi", async () => {
      const [audience] = await expect(readsEntry(roleArn, "shop/full"), ["audience"], [], "default/staging");
      assert.match(
        audience ?? "",
        /add-client-id-to-open-id-connect-provider .*::123456789012:oidc-provider\/api\.pulumi\.com\/oidc --client-id acme$/,
      );
      const elsewhere = roleArn.replace("123456789012", "999999999999");
      await expect(readsEntry(elsewhere, "shop/full"), ["provider-missing"]);
    });

    it("a token that AWS cannot check, and one that ESC lets read and not open", async () => {
      const other = await Ward.open({ memberPermission: "read" });
      try {
        await other.trustPulumi();
        const arn = await other.role("shop-esc", "shop/staging");
        await other.environment("shop/staging", readsEntry(arn, "shop/full"));
        other.cloud.routes.set("https://api.pulumi.com/oidc", "http://127.0.0.1:9");
        const { diagnoses } = await other.examine(["acme/shop/staging"]);
        assert.deepEqual(
          diagnoses.map(({ code }) => code),
          ["login-token"],
        );
        named.add("login-token");
        const reader = other.cloud.esc.tokens.issue({
          organization: "acme",
          type: "personal",
          user: "reader",
        });
        const denied = await other.examine(["acme/shop/staging"], { PULUMI_ACCESS_TOKEN: reader });
        assert.deepEqual(
          denied.diagnoses.map(({ code, what }) => [code, what]),
          [["permission-denied", "this token may read acme/shop/staging, but not open it"]],
        );
        named.add("permission-denied");
      } finally {
        await other.close();
      }
    });
  });

  describe("names what is wrong with adapters, rotations, imports and stacks", () => {
    const adapter = async (
      origin: string,
      options: Partial<AdapterOptions> & { audience?: string | null } = {},
    ) => {
      const { audience = `${origin}/open`, ...rest } = options;
      await ward.serve(
        origin,
        await createAdapter({
          config: {
            organization: "acme",
            issuers: [
              {
                issuer: ward.cloud.issuers.pulumi.url,
                jwksUri: ward.cloud.routes.resolve(ward.cloud.issuers.pulumi.jwksUri).href,
              },
            ],
            routes: [
              audience === null
                ? { path: "/open", action: "open", audienceParameter: "/shop/adapter" }
                : { path: "/open", action: "open", audience },
            ],
            access: [
              { environment: "shop/staging", action: "open", source: "echo", names: ["partner", "gone"] },
            ],
            sources: { echo: {} },
            replay: { store: "memory" },
          },
          sources: [echo],
          log: () => {},
          readParameter: async () => undefined,
          ...rest,
        }),
      );
      return `${origin}/open`;
    };

    it("an adapter that is not there, that does not know its address, or is for another address", async () => {
      const [unreachable] = await expect(asksAdapter("https://nowhere.example.com/open"), [
        "adapter-unreachable",
      ]);
      assert.match(unreachable ?? "", /^curl -i -X POST https:\/\/nowhere\.example\.com\/open /);
      const unfinished = await adapter("https://unfinished.example.com", { audience: null });
      await expect(asksAdapter(unfinished), ["adapter-not-configured"]);
      const moved = await adapter("https://moved.example.com", { audience: "https://old.example.com/open" });
      await expect(asksAdapter(moved), ["adapter-audience"]);
    });

    it("an adapter whose clock is wrong, that has no rule, that has no value, or that refuses otherwise", async () => {
      const late = await adapter("https://late.example.com", { now: () => Date.now() + 3 * 3_600_000 });
      const [clock] = await expect(asksAdapter(late), ["adapter-clock"]);
      assert.match(clock ?? "", /timedatectl/);
      const good = await adapter("https://good.example.com");
      await expect(asksAdapter(good), []);
      const [access] = await expect(asksAdapter(good, "another"), ["adapter-access"]);
      assert.match(access ?? "", /find the record [\w-]{8,} in the adapter's log/);
      await expect(asksAdapter(good, "gone"), ["adapter-source"]);
      await expect(asksAdapter(good).replace("source: echo", "source: echo, more: 1"), ["adapter-refused"]);
    });

    it("a first rotation that is missing", async () => {
      const rotated = `values:
  credential:
    fn::rotate::external:
      inputs: { url: "https://good.example.com/rotate", request: {} }
  environmentVariables: { USER: "\${credential.current.user}" }
`;
      const [fix] = await expect(rotated, ["first-rotation-missing"]);
      assert.match(fix ?? "", /^escapement rotate run acme\/shop\/staging --first/);
    });

    it("an import without its project, a stack that is not there, and what it has no name for", async () => {
      const [imported] = await expect("imports: [base]\nvalues: {a: 1}\n", ["import-missing"]);
      assert.match(imported ?? "", /pulumi env ls -o acme, and write the import as project\/name/);
      const stacks =
        "values:\n  infra:\n    fn::open::pulumi-stacks:\n      stacks: {infra: {stack: infra/staging}}\n";
      const [stack] = await expect(stacks, ["stack-missing"]);
      assert.match(stack ?? "", /^pulumi up on infra\/staging first/);
      await expect("values:\n  a: {fn::fromJSON: '{'}\n", ["definition"]);
    });
  });

  // After all others.
  describe("is documented", () => {
    it("with a row for each code, each of which has been brought about here", () => {
      const page = readFileSync(path.join(__dirname, "../../docs/troubleshooting.md"), "utf8");
      const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
      assert.deepEqual([...named].sort(), rows.sort());
    });
  });
});
