import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkForm } from "../../esc/inventory/forms";
import { formOf } from "../../esc/inventory/select";
import { inventory } from "../../examples/oceanid/inventory";
import { nerLabels } from "../../examples/oceanid/labels";
import { mockPulumi, settled } from "../support/pulumi";

/** What AWS calls what the program makes. */
const arns: Readonly<Record<string, string>> = {
  "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:",
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
    "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc",
  "aws:iam/role:Role": "arn:aws:iam::123456789012:role/",
};

describe("examples/oceanid, the seed's list", () => {
  it("has the eight, as the seed names them, each where the seed reads it", () => {
    const keys = inventory.items.flatMap(({ values }) => values.map(({ config }) => config));
    const names = ["postgres_url", "github_token", "github_repo", "cloudflareTunnelToken"];
    const more = ["cloudflareNodeTunnelToken", "hf_token", "sentry_dsn", "nerLabels"];
    assert.deepEqual(
      keys,
      [...names, ...more].map((name) => `oceanid-cluster:${name}`),
    );
    const variables = inventory.items.flatMap(({ values }) =>
      values.flatMap(({ variable }) => variable ?? []),
    );
    assert.deepEqual(variables.sort(), ["DATABASE_URL", "HF_TOKEN", "NER_LABELS", "SENTRY_DSN"]);
  });

  it("wants exactly 63 labels", () => {
    const [value] = inventory.items.find(({ name }) => name === "nerLabels")?.values ?? [];
    assert.ok(value);
    const form = formOf(value, "prod");
    assert.equal(nerLabels.length, 63);
    assert.equal(checkForm(form, JSON.stringify(nerLabels)), undefined);
    for (const wrong of [nerLabels.slice(1), [...nerLabels, "MORE"], [...nerLabels.slice(1), "VESSEL"]]) {
      assert.equal(checkForm(form, JSON.stringify(wrong))?.code, "malformed");
    }
  });

  it("is a program: an entry for each secret, a login that reads these, an environment that checks", async () => {
    const recorder = await mockPulumi({
      project: "oceanid-cluster",
      stack: "prod",
      outputs: (type, _, { name }): Record<string, unknown> => ({
        arn: (arns[type] ?? "arn:aws:x:") + (name ?? ""),
      }),
      calls: {
        "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: "123456789012" }),
        "aws:index/getPartition:getPartition": () => ({ partition: "aws" }),
      },
    });
    pulumi.runtime.setAllConfig({ "aws:region": "eu-west-1" });
    await import("../../examples/oceanid/index.js");
    await settled();
    const secrets = inventory.items.filter(({ kind }) => kind === "secret").map(({ name }) => name);
    assert.equal(secrets.length, 6);
    assert.deepEqual(
      recorder.ofType("aws:secretsmanager/secret:Secret").map(({ inputs }) => inputs.name),
      secrets.map((name) => `oceanid-cluster/prod/${name}`),
    );
    const { yaml } = recorder.find("pulumiservice:index:Environment", "environments-prod").inputs;
    const text = await (yaml as pulumi.asset.StringAsset).text;
    assert.deepEqual(
      [...text.matchAll(/secretId: (\S+)/g)].map(([, id]) => id),
      secrets.map((name) => `oceanid-cluster/prod/${name}`),
    );
  });
});
