import assert from "node:assert/strict";
import { SecretEntries } from "../../components/secret-entries";
import { staging } from "../../esc/environments/index";
import { itemsOf } from "../../esc/inventory";
import { mockPulumi, outputValue } from "../support/pulumi";

describe("Ids of secret entries", () => {
  for (const namePrefix of [undefined, "acme-"]) {
    it(`are those that SecretEntries creates, ${namePrefix ? "prefix included" : "without a prefix"}`, async () => {
      await mockPulumi();
      const entries = [...itemsOf("staging", "aws-secrets"), ...itemsOf("staging", "external")];
      const created = new SecretEntries("entries", {
        project: "shop",
        stage: "staging",
        namePrefix,
        entries,
      });
      const yaml = staging({
        project: "shop",
        namePrefix,
        loginRoleArn: "arn:aws:iam::123456789012:role/login",
        adapterUrl: "https://adapter.example.com/open",
      }).render();
      const asked = [...yaml.matchAll(/secret(?:Id|Name): (\S+)/g)].map(([, id]) => id);
      assert.deepEqual(asked.sort(), Object.values(await outputValue(created.names)).sort());
    });
  }
});
